"""The demonstration as a new user runs it, and nothing left behind however it ends."""

from __future__ import annotations

import os
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
