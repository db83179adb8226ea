"""`scripts/test` where something is missing that it does not install."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "scripts" / "test"


@pytest.mark.parametrize("named", [{}, {"LIVEKIT_SIP": "/nowhere/livekit-sip"}], ids=["none", "one that is not there"])
def test_without_a_bridge_sip_says_in_one_line_what_it_needs(tmp_path: Path, named: dict[str, str]) -> None:
    for program in ("bash", "dirname"):
        (tmp_path / program).symlink_to(
            f"/bin/{program}" if Path(f"/bin/{program}").exists() else f"/usr/bin/{program}"
        )
    environment = {"PATH": str(tmp_path), "HOME": os.environ["HOME"], **named}
    ended = subprocess.run(
        [str(tmp_path / "bash"), str(SCRIPT), "--sip"], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert "LIVEKIT_SIP" in line
    assert "docs/go-live.md" in line
    assert ended.stdout == ""


def test_the_page_takes_the_bridge_out_of_its_image_to_where_the_script_looks(tmp_path: Path) -> None:
    page = (ROOT / "docs/go-live.md").read_text()
    [commands] = re.findall(r"^```sh\n(mkdir -p \.cache/bin\n.*?)^```$", page, re.MULTILINE | re.DOTALL)
    programs = tmp_path / "programs"
    (tmp_path / "scripts").mkdir()
    programs.mkdir()
    copies = 'if [ "$1" = cp ]; then printf "#!/bin/sh\\n" >"$3" && chmod +x "$3"; fi'
    for file, script in ((programs / "docker", copies), (programs / "sudo", ""), (tmp_path / "scripts/test", "")):
        file.write_text(f'#!/bin/sh\necho "${{0##*/}} $*" >>"{tmp_path}/called"\n{script}\n')
        file.chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    subprocess.run(["bash", "-euc", commands], cwd=tmp_path, env={"PATH": path}, check=True, capture_output=True)
    called = (tmp_path / "called").read_text().splitlines()
    assert os.access(tmp_path / ".cache/bin/livekit-sip", os.X_OK)
    assert called[-1] == "test --sip"
    [image] = re.findall(r"image: (livekit/sip:\S+)", (ROOT / "deploy/compose.yaml").read_text())
    assert called[0] == f"docker create --name livekit-sip {image}", "the one that production runs"
