"""The first second of a worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_BEGIN = """
import os
from pathlib import Path

import pytest
from switchboard.worker.launch import begin
try:
    begin(Path(os.environ["BUSINESS"]))
finally:
    print(os.environ["LIVEKIT_LOG_LEVEL"], os.environ["LIVEKIT_URL"])
"""


def _begin(folder: Path, code: str = _BEGIN, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(ROOT), "BUSINESS": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=known | environment, capture_output=True, text=True, check=False
    )


def test_what_stands_in_the_env_file_holds_for_livekit_agents_too_and_the_environment_comes_first(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("LIVEKIT_LOG_LEVEL=DEBUG\nLIVEKIT_URL=ws://of.the.file\n")
    done = _begin(tmp_path, LIVEKIT_URL="ws://of.the.environment")
    assert done.stdout.split() == ["DEBUG", "ws://of.the.environment"]


def test_what_must_be_mended_is_told_with_exit_code_2(tmp_path: Path) -> None:
    done = _begin(tmp_path, LIVEKIT_LOG_LEVEL="INFO", LIVEKIT_URL="")
    assert done.returncode == 2
    assert "switchboard.toml" in done.stderr


def test_a_wrong_database_is_told_also_where_customers_are_looked_up_elsewhere(tmp_path: Path) -> None:
    config, elsewhere = str(ROOT / "switchboard.toml"), "http://127.0.0.1:9/{number}"
    done = _begin(
        tmp_path,
        LIVEKIT_LOG_LEVEL="INFO",
        LIVEKIT_URL="",
        SWITCHBOARD_CONFIG=config,
        DATABASE_URL="mysql://x/y",
        DIRECTORY_URL=elsewhere,
    )
    assert (done.returncode, done.stderr) == (
        2,
        'DATABASE_URL names the database "mysql" (have: sqlite, postgresql)\n',
    )


_LEFT = """
import multiprocessing.forkserver as python
import os
from pathlib import Path

import pytest
from switchboard.worker import launch
start = launch.start_fork_server
def started(preload):
    start(preload)
    print(python._forkserver._forkserver_pid, flush=True)
launch.start_fork_server = started
launch.begin(Path(os.environ["BUSINESS"]))
"""


def test_a_start_that_fails_leaves_nothing_that_goes_on_loading(tmp_path: Path) -> None:
    config = str(ROOT / "switchboard.toml")
    done = _begin(tmp_path, _LEFT, LIVEKIT_URL="", SWITCHBOARD_CONFIG=config)
    assert "LIVEKIT_URL: where livekit-server is" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path(f"/proc/{int(done.stdout)}").exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("required", [True, False])
def test_a_worker_that_is_to_have_its_providers_does_not_start_without(tmp_path: Path, required: bool) -> None:
    config = tmp_path / "switchboard.toml"
    config.write_text(f'[worker]\nrequire_providers = {str(required).lower()}\n[default]\nagent = "front_desk"\n')
    nobody = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "DEEPGRAM_BASE_URL": "http://127.0.0.1:9"}
    keys = dict.fromkeys(("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "OPENAI_API_KEY", "DEEPGRAM_API_KEY"), "k" * 32)
    ports = {"SWITCHBOARD_HTTP_PORT": "0", "SWITCHBOARD_HEALTH_PORT": "0"}
    url, log = "ws://127.0.0.1:9", "INFO"
    done = _begin(
        tmp_path, LIVEKIT_URL=url, LIVEKIT_LOG_LEVEL=log, SWITCHBOARD_CONFIG=str(config), **nobody, **keys, **ports
    )
    assert (done.returncode == 2) is required
    assert ("cannot be reached" in done.stderr) is required
