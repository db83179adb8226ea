"""The wheel: the product and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_wheel_holds_the_product_alone(tmp_path: Path) -> None:
    uv = shutil.which("uv") or str(ROOT / ".cache/bin/uv")
    done = subprocess.run(
        [uv, "build", "--wheel", "--out-dir", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    files = zipfile.ZipFile(wheel).namelist()
    assert {file.partition("/")[0].partition("-")[0] for file in files} == {"switchboard"}
    assert "switchboard/database/migrations/versions/0001_customers_and_calls.py" in files
    assert "switchboard/cli/new_business/switchboard.toml.txt" in files
