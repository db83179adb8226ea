"""A call that cannot be answered by a fault of our own: its caller is told so, from what is kept, and it ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc
from livekit.agents import JobContext

from switchboard.call.causes import Cause, Ending
from switchboard.database.engine import make_engine
from switchboard.database.migrations import migrate
from switchboard.records.read import latest
from switchboard.speech.kept import KeptSound
from switchboard.talk.fixed_words import text_of
from switchboard.worker.bootstrap import CannotStart
from switchboard.worker.last_words import part_with_words, turn_away, turn_away_where_it_fails
from switchboard.worker.settings import read_settings
from tests.unit.line.fakes import FakeCaller, FakeRoom, Phone

RATE = 8000


class Participant:
    """Ours, as far as it publishes: then a telephone that rings is answered."""

    def __init__(self, room: FakeRoom, caller: FakeCaller) -> None:
        self.tracks = 0
        self._room = room
        self._caller = caller
        self.identity, self.joined_at = "agent", None

    async def publish_track(self, *_: Any) -> None:
        self.tracks += 1
        asyncio.get_running_loop().call_soon(self._room.set_status, self._caller, "active")


def _keep(folder: Path, language: str) -> None:
    """A twentieth of a second as the goodbye in `language`, in some voice."""
    text = text_of("goodbye", language)
    words = folder / KeptSound.of(folder, "", language, text).file.stem
    KeptSound.of(words, "a voice", language, text).write([rtc.AudioFrame(b"\x01\x02" * 400, RATE, 1, 400)])


def _phone() -> tuple[Phone, Participant]:
    phone = Phone()
    participant = Participant(phone.room, phone.caller)
    phone.room.local_participant = participant  # type: ignore[attr-defined]
    return phone, participant


async def _parted(phone: Phone, folder: Path, *languages: str) -> None:
    await part_with_words(phone.leg, cast("rtc.Room", phone.room), folder, languages, Ending(Cause.FAULT, "OSError"))
    await phone.leg.close()


async def test_a_telephone_that_rings_is_answered_with_the_goodbye_and_hung_up(tmp_path: Path) -> None:
    phone, participant = _phone()
    _keep(tmp_path, "es")
    await _parted(phone, tmp_path, "es", "en")
    assert participant.tracks == 1
    assert phone.endings == ["a fault in the worker: OSError"]
    assert not phone.room.is_there


async def test_in_whatever_language_it_is_kept(tmp_path: Path) -> None:
    phone, participant = _phone()
    _keep(tmp_path, "it")
    await _parted(phone, tmp_path, "es", "en")
    assert participant.tracks == 1


async def test_where_no_words_are_kept_a_telephone_that_rings_is_refused(tmp_path: Path) -> None:
    phone, participant = _phone()
    await _parted(phone, tmp_path, "en")
    assert participant.tracks == 0, "publishing would answer it, and nothing be heard"
    assert phone.endings == ["a fault in the worker: OSError"]
    assert not phone.room.is_there


async def test_what_was_being_said_stops_for_it(tmp_path: Path) -> None:
    phone, _ = _phone()
    await phone.answer()
    session = phone.talk(plays=False)
    _keep(tmp_path, "en")
    await _parted(phone, tmp_path, "en")
    assert session.closed
    assert phone.endings == ["a fault in the worker: OSError"], "and not the end of its session"


async def test_nobody_is_spoken_to_who_has_hung_up(tmp_path: Path) -> None:
    phone, participant = _phone()
    _keep(tmp_path, "en")
    phone.room.hang_up(phone.caller)
    await _parted(phone, tmp_path, "en")
    assert participant.tracks == 0
    assert phone.endings == ["the caller hung up: before the call was answered"]


async def test_a_room_that_takes_no_track_is_closed_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    phone = Phone()  # its room has nobody of ours
    _keep(tmp_path, "en")
    await _parted(phone, tmp_path, "en")
    assert "the last words could not be said" in caplog.text
    assert not phone.room.is_there


class Job:
    """A job that nothing has been made for."""

    def __init__(self, caller: bool = True) -> None:
        self.room = FakeRoom()
        self.room.refuses = 1
        self.room.isconnected = lambda: self.connected  # type: ignore[attr-defined]
        self.api = SimpleNamespace(room=SimpleNamespace(delete_room=self._delete))
        self.job = SimpleNamespace(
            id="AJ_1", room=SimpleNamespace(name="room", metadata=""), metadata="", agent_name="switchboard"
        )
        self.room.metadata = ""  # type: ignore[attr-defined]
        self.shut_down: list[str] = []
        self.connected = False
        self._caller = FakeCaller() if caller else None
        for_caller = self._caller or FakeCaller()
        for_caller.permissions = SimpleNamespace(can_publish=True, hidden=False, can_update_metadata=False)  # type: ignore[attr-defined]
        for_caller.metadata = ""  # type: ignore[attr-defined]
        for_caller.attributes["sip.phoneNumber"] = "+14155550123"
        self.participant = Participant(self.room, for_caller)
        self.room.local_participant = self.participant  # type: ignore[attr-defined]

    async def connect(self, **_: Any) -> None:
        self.connected = True
        if self._caller:
            self.room.join(self._caller)
        else:
            raise rtc.ConnectError("gone")

    async def _delete(self, request: Any) -> None:
        assert request.room == "room"
        await self.room.delete()

    def shutdown(self, reason: str) -> None:
        self.shut_down.append(reason)


async def test_a_caller_of_whom_nothing_is_known_is_told_goodbye_and_not_left_ringing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHBOARD_CACHE", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'calls.sqlite3'}")
    engine = make_engine(f"sqlite:///{tmp_path / 'calls.sqlite3'}")
    await migrate(engine)
    _keep(read_settings().fixed_words, "en")
    job = Job()

    async def answer(ctx: JobContext) -> None:
        raise CannotStart("this process could not be made ready")

    await turn_away_where_it_fails(answer, cast("JobContext", job))
    assert job.participant.tracks == 1
    assert job.room.deletions == 2, "and tried again"
    assert not job.room.is_there
    assert job.shut_down == ["the call could not be taken"]
    (row,) = await latest(engine, 2)
    assert (row.cause, row.end_reason, row.from_number) == (
        "fault",
        "a fault in the worker: CannotStart",
        "+14155550123",
    )


async def test_a_room_that_cannot_be_entered_is_closed_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'calls.sqlite3'}")
    monkeypatch.setenv("SWITCHBOARD_SPOOL", str(tmp_path / "spool"))
    job = Job(caller=False)
    await turn_away(cast("JobContext", job), RuntimeError("before the session"))
    assert not job.room.is_there
    assert job.shut_down == ["the call could not be taken"]
    assert "before the session" not in caplog.text
