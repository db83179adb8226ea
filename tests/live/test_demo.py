"""The demonstration as a new user runs it, and nothing left behind however it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 180  # s
MARK = "SWITCHBOARD_TEST_OF_DEMO"


class Demo:
    """`scripts/demo`, whatever keys this machine has, with its data in `folder`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.mark = str(folder)
        environment = {
            **os.environ,
            MARK: self.mark,
            "DATABASE_URL": f"sqlite:///{folder / 'calls.sqlite3'}",
            "SWITCHBOARD_SPOOL": str(folder / "spool"),
            "UV_PROJECT_ENVIRONMENT": sys.prefix,
            "PYTHONUNBUFFERED": "1",
        }
        self.process = subprocess.Popen(
            [ROOT / "scripts/demo", "--imitate", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def finish(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=WITHIN)
        return self.process.returncode, output

    def read_until(self, text: str) -> str:
        assert self.process.stdout is not None
        seen = ""
        for line in self.process.stdout:
            seen += line
            if text in line:
                return seen
        raise AssertionError(f"{text!r} was not shown:\n{seen}")

    def left_behind(self) -> list[str]:
        """The command lines of processes that the demonstration started and that still run."""
        running: list[str] = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    running.append(" ".join(process.cmdline()))
            except (psutil.Error, OSError):
                continue
        return running


def recording(output: str) -> Path:
    return next(ROOT / line.split("recording: ")[1] for line in output.splitlines() if "recording: " in line)


def test_a_new_user_sees_who_picks_up_why_and_a_whole_conversation(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    code, output = demo.finish()
    assert code == 0, output
    for key in ("DEEPGRAM_API_KEY", "OPENAI_API_KEY"):
        assert f"Without {key}" in output
    assert "takes the call" in output
    assert output.count(" caller  ") >= 2
    assert output.count(" agent  ") > output.count(" caller  ")
    with wave.open(str(recording(output))) as sound:
        assert sound.getnchannels() == 2
        assert sound.getnframes() > sound.getframerate()
    recording(output).unlink()
    assert demo.left_behind() == []


def test_other_callers_get_other_agents(tmp_path: Path) -> None:
    code, output = Demo(tmp_path, "--job", '{"department": "sales"}', "--say", "How much is a city bike?").finish()
    assert code == 0, output
    assert "640" in output
    recording(output).unlink()


def test_a_refusal_that_the_table_asks_for_is_as_it_should_be(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "--from", "+1 202 555 0166")
    code, output = demo.finish()
    assert code == 0, output
    assert "refused while it rang" in output
    assert "As it should be" in output
    assert demo.left_behind() == []


BY_CUSTOMER = """
[[route]]
name = "gold"
when = { customer.tier = "gold" }
agent = "sales"

[default]
agent = "front_desk"
"""


def _business(folder: Path) -> None:
    """Harbor Bikes' agents, and a table of two rows."""
    for name in ("agents", "prompts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "agent.py", folder)
    (folder / "switchboard.toml").write_text(BY_CUSTOMER)


def _in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "DIRECTORY_URL")}
    return subprocess.run(
        [Path(sys.prefix) / "bin/switchboard", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN,
    )


def test_who_picks_up_is_decided_with_the_customer_and_the_business_s_database_gets_no_call(tmp_path: Path) -> None:
    _business(tmp_path)
    hello = ("demo", "--imitate", "--say", "Thanks, goodbye.")
    known = ("customers", "add", "--number", "+14155550123", "--name", "Ann", "--column", "tier=gold")
    assert _in(tmp_path, *known).returncode == 0
    shown = _in(tmp_path, *hello)
    assert shown.returncode == 0, shown.stdout
    assert "name: Ann, tier: gold  (directory switchboard.sqlite3)" in shown.stdout
    assert 'agent = "sales"' in shown.stdout, "the call went where the explanation says"
    assert "no calls yet" in _in(tmp_path, "calls").stdout
    command = next(line for line in shown.stdout.splitlines() if "record:" in line).split()
    database, call = command[3].partition("=")[2], command[-1]
    with_it = subprocess.run(
        [Path(sys.prefix) / "bin/switchboard", "calls", "show", call],
        cwd=tmp_path,
        env=os.environ | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
    )
    assert "tier: gold" in with_it.stdout, with_it.stderr
    told = _in(tmp_path, *hello, "--customer", "tier=silver")
    assert told.returncode == 0, told.stdout
    assert "tier: silver  (as given)" in told.stdout
    assert 'agent = "front_desk"' in told.stdout


def test_a_tool_that_fails_is_shown_and_is_not_as_it_should_be(tmp_path: Path) -> None:
    _business(tmp_path)
    tool = tmp_path / "agents/harbor_bikes.py"
    tool.write_text(tool.read_text().replace("bike = BIKES.get(kind.strip().lower())", "bike = BIKES[kind.upper()]"))
    arguments = ("--customer", "tier=gold", "--say", "How much is a city bike?", "--say", "Thanks, goodbye.")
    shown = _in(tmp_path, "demo", "--imitate", *arguments)
    assert shown.returncode == 1, shown.stdout
    assert 'check_stock(kind="city")' in shown.stdout
    assert "failed: KeyError: 'CITY' (sales.py:" in shown.stdout
    assert "Not as it should be" in shown.stdout


def test_a_customer_without_a_number_is_wrong_use(tmp_path: Path) -> None:
    _business(tmp_path)
    refused = _in(tmp_path, "demo", "--from", "", "--customer", "tier=gold")
    assert (refused.returncode, "give --from as well" in refused.stdout) == (2, True)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("What runs", signal.SIGINT),
        ("livekit-server at", signal.SIGINT),
        ("answered", signal.SIGINT),
        ("Who picks up", signal.SIGTERM),
    ],
)
def test_stopping_it_leaves_nothing_running(tmp_path: Path, moment: str, number: signal.Signals) -> None:
    demo = Demo(tmp_path)
    demo.read_until(moment)
    demo.process.send_signal(number)
    time.sleep(0.1)
    demo.process.send_signal(number)  # people press it twice
    code, output = demo.finish()
    assert code == 128 + number, output
    assert "Traceback" not in output
    assert demo.left_behind() == []


def test_a_table_with_a_mistake_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text("[default]\nagent = 'nobody'\n")
    done = subprocess.run(
        [Path(sys.prefix) / "bin/switchboard", "demo"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert done.returncode == 2
    assert "switchboard.toml:2" in done.stderr
    assert "livekit-server" not in done.stdout
