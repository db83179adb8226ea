"""The gate that sound passes: what it lets out after its clock has a gap."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from livekit import rtc

from switchboard.line.gate import Gate
from tests.until import until

FRAME = cast("rtc.AudioFrame", object())


class Source:
    """What has left, and how often what waited in it was thrown away."""

    rate = 24_000

    def __init__(self) -> None:
        self.left: list[Any] = []
        self.cleared = 0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        self.left.append(frame)

    def clear_queue(self) -> None:
        self.cleared += 1


class Line:
    """A gate with a clock that a test sets, and a server that answers when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked = 0
        self.answers: asyncio.Queue[bool | Exception] = asyncio.Queue()
        self.lost = 0
        self.gate = Gate(self._look, self._on_lost, lambda: self.now)
        self.source = Source()
        self.heard: list[Any] = []
        self.way_out = self.gate.stand_before(self.source, self.heard.append)

    async def _look(self) -> bool:
        self.asked += 1
        answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _on_lost(self) -> None:
        self.lost += 1

    def say(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.way_out.capture_frame(FRAME))


async def test_a_pause_in_what_is_said_is_no_gap_while_the_process_runs() -> None:
    line = Line()
    watching = asyncio.create_task(line.gate.watch())
    for _ in range(3):
        line.now += 1.0
        await line.say()
    watching.cancel()
    assert (len(line.source.left), line.source.cleared, line.asked) == (3, 0, 0)


async def test_after_a_gap_nothing_leaves_until_it_is_known_that_nobody_else_has_the_call() -> None:
    line = Line()
    line.now += 2.0
    saying = line.say()
    await until(lambda: line.asked)
    assert (line.source.left, line.source.cleared) == ([], 1)
    line.answers.put_nowait(False)
    await saying
    await line.say()
    assert (len(line.source.left), len(line.heard), line.asked, line.lost) == (2, 2, 1, 0)


async def test_who_was_replaced_meanwhile_says_nothing_more() -> None:
    line = Line()
    line.now += 20.0
    saying = line.say()
    line.answers.put_nowait(True)
    await saying
    await line.say()
    assert (line.source.left, line.heard, line.lost) == ([], [], 1)


async def test_a_gap_is_noticed_while_nothing_is_said_too() -> None:
    line = Line()
    watching = asyncio.create_task(line.gate.watch())
    await asyncio.sleep(0)
    line.now += 20.0
    line.answers.put_nowait(True)
    await until(lambda: line.lost)
    await watching  # it has nothing to watch any more


async def test_a_server_that_does_not_answer_is_asked_again_and_nothing_leaves_meanwhile() -> None:
    line = Line()
    line.now += 2.0
    saying = line.say()
    line.answers.put_nowait(ConnectionError("no answer"))
    await until(lambda: line.asked == 2)
    assert not line.source.left
    line.answers.put_nowait(False)
    await saying
    assert line.source.left


async def test_what_was_seen_before_a_second_gap_is_no_answer() -> None:
    line = Line()
    line.now += 2.0
    saying = line.say()
    await until(lambda: line.asked)
    line.now += 20.0
    line.answers.put_nowait(False)  # it was on its way as the process was stopped again
    await until(lambda: line.asked == 2)
    assert not line.source.left
    line.answers.put_nowait(True)
    await saying
    assert (line.source.left, line.lost) == ([], 1)


async def test_who_sees_another_come_is_silent_at_once() -> None:
    line = Line()
    line.gate.close()
    line.gate.close()
    await line.say()
    assert (line.source.left, line.source.cleared, line.lost) == ([], 1, 1)


async def test_in_all_else_it_is_the_source_and_one_gate_is_enough() -> None:
    line = Line()
    assert line.way_out.rate == 24_000
    assert line.gate.stand_before(line.way_out, line.heard.append) is line.way_out
