"""The worker as a process: what it says when it cannot start, an empty room, and SIGTERM under a call."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from lab.stage.livekit_server import LiveKitServer
from lab.stage.ports import free_port
from switchboard.worker.terminal import STOPPING
from tests.live.exchange import Exchange
from tests.live.worker import ROOT, Worker
from tests.until import until

KEYS = {
    "LIVEKIT_URL": "ws://127.0.0.1:9",
    "LIVEKIT_API_KEY": "key",
    "LIVEKIT_API_SECRET": "secret",
    "DEEPGRAM_API_KEY": "x",
    "OPENAI_API_KEY": "x",
}
TABLE = '[default]\nagent = "front_desk"\n'


async def _fails(folder: Path, table: str, environment: dict[str, str]) -> tuple[int, str]:
    """Start a worker that ends by itself: its exit code and all that it said."""
    worker = Worker(folder, table, environment)
    await worker.start()
    code = await worker.exit_code(60)
    return code, worker.read_log()


async def test_a_table_with_five_mistakes_gives_five_messages_and_no_start(tmp_path: Path) -> None:
    table = """
[[route]]
name = "a"
when = { from = "@nobody" }
agent = "front_desk"

[[route]]
name = "b"
when = { too = "+14155550101" }
agent = "front_desk"

[[route]]
name = "c"
when = { to = "+14155550102" }
agent = "frontdesk"

[[route]]
name = "d"
when = { to = "+14155550103" }
speech = "wide"
agent = "sales"

[default]
agent = "nobody"
"""
    code, said = await _fails(tmp_path, table, KEYS)
    lines = [line for line in said.splitlines() if line.startswith("switchboard.toml:")]
    assert code == 2
    assert len(lines) == 5, said
    assert [int(line.split(":")[1]) for line in lines] == [4, 9, 15, 20, 24]
    assert "front_desk" in lines[2]
    assert "Traceback" not in said


async def test_missing_variables_are_all_named_at_once(tmp_path: Path) -> None:
    code, said = await _fails(tmp_path, TABLE, {})
    assert code == 2
    for name in KEYS:
        assert name in said
    assert "scripts/demo" in said


async def test_a_livekit_that_does_not_answer_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    code, said = await _fails(tmp_path, TABLE, {**KEYS, "SWITCHBOARD_CONNECT_TRIES": "2"})
    assert code == 1
    assert "ws://127.0.0.1:9" in said
    assert "retrying in" in said


async def test_a_key_that_livekit_refuses_is_told_at_once_and_no_try_is_made_again(
    livekit: LiveKitServer, tmp_path: Path
) -> None:
    wrong = livekit.environment | {"LIVEKIT_API_SECRET": "another secret, also long enough for a signature"}
    code, said = await _fails(tmp_path, TABLE, KEYS | wrong)
    assert code == 2
    assert f"{livekit.url} refuses the key: do LIVEKIT_API_KEY and LIVEKIT_API_SECRET belong" in said
    assert "retrying" not in said
    assert "Traceback" not in said


async def test_a_livekit_that_is_lost_makes_the_worker_unready_and_its_pages_are_this_machines_own(
    tmp_path: Path,
) -> None:
    async with LiveKitServer() as livekit, Worker(tmp_path, TABLE, {**KEYS, **livekit.environment}) as worker:
        listens = [r["message"] for r in worker.records() if r["message"].startswith("HTTP server listening on ")]
        assert [line.rpartition(":")[0] for line in listens] == ["HTTP server listening on 127.0.0.1"]
        await livekit.stop()
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
            while (answer := await client.get(worker.ready_url)).status_code == 200:
                await asyncio.sleep(0.05)
        assert answer.text == "LiveKit is lost: connecting anew\n"


async def test_on_a_terminal_the_worker_speaks_to_people(livekit: LiveKitServer, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    (tmp_path / "switchboard.toml").write_text(TABLE)
    ports = {"SWITCHBOARD_HTTP_PORT": "0", "SWITCHBOARD_HEALTH_PORT": "0", "NO_COLOR": "1"}
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "agent.py"), "start"),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **KEYS, **livekit.environment, **ports},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        said = ""
        async with asyncio.timeout(60):
            while "ready:" not in said:
                said += (await asyncio.to_thread(os.read, ours, 4096)).decode()
        worker.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(worker.wait(), 30) == 0
        said += os.read(ours, 4096).decode()
    finally:
        if worker.returncode is None:
            worker.kill()
        os.close(ours)
    lines = [line[10:] for line in said.splitlines()]
    assert f'ready: 0 routes, agent "switchboard", {livekit.url}' in lines
    assert lines[-1] == STOPPING
    assert "{" not in said


async def test_the_worker_waits_for_a_livekit_that_comes_later(tmp_path: Path) -> None:
    livekit = LiveKitServer(port=free_port())
    worker = Worker(tmp_path, TABLE, {**KEYS, **livekit.environment})
    await worker.start()
    try:
        await until(lambda: "retrying in" in worker.read_log())
        async with livekit, httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(60):
            while (await client.get(worker.ready_url)).status_code != 200:
                await asyncio.sleep(0.05)
        assert worker.traceback() is None
    finally:
        await worker.stop()


async def test_a_room_with_nobody_but_a_recorder_ends_the_job_and_says_so(tmp_path: Path) -> None:
    async with Exchange(tmp_path, "[worker]\ncaller_timeout_s = 1\n" + TABLE) as exchange:
        async with exchange.phone(kind="egress") as recorder:
            await recorder.dial()
            record = await exchange.worker.logged("call ended")
            await asyncio.wait_for(recorder.ended.wait(), 20)
        assert (record["cause"], record["reason"]) == ("no_caller", "no caller came: no caller came within 1 seconds")
        assert exchange.worker.traceback() is None


@pytest.mark.parametrize("table", [TABLE])
async def test_sigterm_lets_the_running_call_finish_and_takes_no_new_one(tmp_path: Path, table: str) -> None:
    async with Exchange(tmp_path, table) as exchange:
        async with exchange.phone() as phone:
            await phone.dial()
            await phone.heard_speech(20, after=0.0)
            exchange.worker.terminate()
            await phone.heard_silence(0.8, 20)
            await exchange.script("What are your opening hours?")
            await phone.say("What are your opening hours?")
            await phone.heard_speech(20)
            assert not phone.ended.is_set()
            async with httpx.AsyncClient() as client:
                ready = await client.get(exchange.worker.ready_url)
            assert ready.status_code == 503
        assert await exchange.worker.exit_code() == 0
