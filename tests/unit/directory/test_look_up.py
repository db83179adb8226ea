"""Looking a caller up: whatever the directory does, the call goes on in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from switchboard.directory.directory import MOST, DirectoryError
from switchboard.directory.look_up import look_up

NUMBER = "+14155550101"


class Answering:
    """A directory that knows these rows, and answers after a while."""

    def __init__(self, *rows: Mapping[str, Any], after_s: float = 0.0) -> None:
        self.rows, self.after_s = rows, after_s

    async def find(self, number: str) -> Sequence[Mapping[str, Any]]:
        await asyncio.sleep(self.after_s)
        return self.rows


class Failing:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def find(self, number: str) -> Sequence[Mapping[str, Any]]:
        raise self.error


class Stubborn:
    """A directory that takes its time to give up, and then fails."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def find(self, number: str) -> Sequence[Mapping[str, Any]]:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.3)
            self.ended.set()
            raise ValueError(number) from None
        return ()


async def test_a_hit_gives_the_rows_and_no_warning() -> None:
    found = await look_up(Answering({"name": "Ann"}, {"name": "Bob"}), NUMBER)
    assert found.rows == ({"name": "Ann"}, {"name": "Bob"})
    assert found.warning is None


async def test_a_miss_is_no_fault() -> None:
    found = await look_up(Answering(), NUMBER)
    assert (found.rows, found.warning) == ((), None)


async def test_a_number_with_more_rows_than_a_household_gives_the_best_ones() -> None:
    found = await look_up(Answering(*({"name": str(i)} for i in range(MOST + 5))), NUMBER)
    assert [row["name"] for row in found.rows] == [str(i) for i in range(MOST)]


async def test_a_slow_directory_is_given_up_with_a_warning() -> None:
    found = await look_up(Answering({"name": "Ann"}, after_s=60), NUMBER, budget_s=0.05)
    assert found.rows == ()
    assert found.warning == "customer directory: no answer within 50 ms, went on without"


async def test_a_directory_that_is_slow_to_give_up_is_not_waited_for() -> None:
    directory = Stubborn()
    start = time.monotonic()
    found = await look_up(directory, NUMBER, budget_s=0.05)
    assert not directory.ended.is_set()
    assert found.seconds <= time.monotonic() - start
    await directory.ended.wait()  # what it raises afterwards disturbs nobody: warnings are errors here
    await asyncio.sleep(0)


async def test_an_error_is_a_warning_without_what_it_says_about_the_caller() -> None:
    found = await look_up(Failing(ValueError(f"no row for {NUMBER}")), NUMBER)
    assert found.rows == ()
    assert found.warning == "customer directory: ValueError, went on without"


async def test_a_directory_s_own_words_are_in_the_warning() -> None:
    found = await look_up(Failing(DirectoryError("HTTP 503")), NUMBER)
    assert found.warning == "customer directory: HTTP 503, went on without"


async def test_a_directory_that_cancels_itself_ends_no_call() -> None:
    found = await look_up(Failing(asyncio.CancelledError()), NUMBER)
    assert found.warning == "customer directory: gave up, went on without"


async def test_an_answer_that_is_no_list_of_rows_is_a_warning() -> None:
    class Broken:
        async def find(self, number: str) -> Any:
            return [3]

    found = await look_up(Broken(), NUMBER)
    assert found.warning == "customer directory: TypeError, went on without"


async def test_a_caller_who_hangs_up_takes_the_look_up_along() -> None:
    directory = Stubborn()
    asking = asyncio.create_task(look_up(directory, NUMBER, budget_s=60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait((asking,))
    assert asking.cancelled()
    await asyncio.wait_for(directory.ended.wait(), 5)
    await asyncio.sleep(0)
