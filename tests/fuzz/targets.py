"""What reads what others wrote: given any bytes, each of these raises nothing but what it promises."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from livekit.agents import stt
from livekit.plugins.deepgram.stt import SpeechStream

from agents import orders, weather
from switchboard.call.numbers import parse_number
from switchboard.call.reading import read_call
from switchboard.call.spec import SpecError, read_spec, write_spec
from switchboard.directory.csv_file import BadFile, open_customers
from switchboard.files.source import TableErrors
from switchboard.records.row import call_columns, from_json, to_json
from switchboard.speech.end_of_turn import SentenceTurns
from switchboard.talk.conversation import Conversation
from switchboard.talk.filling import fill_instructions, values_of
from switchboard.trunks.reading import TrunksErrors, read_trunks
from switchboard.worker.routing_file import load_file, read_file
from tests.business import AGENTS, ROOT, ROSTER

_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
_FOLDER = Path(tempfile.mkdtemp(prefix="switchboard-fuzz-"))
_TABLE = load_file(ROOT / "switchboard.toml", agents=AGENTS).table
_E164 = re.compile(r"\+[1-9]\d{1,14}")
BETWEEN = b"\xff"  # the parts of an input that is several things


@dataclass(frozen=True, slots=True)
class Target:
    """`run` raises for an input that shows a fault; `seeds` are good inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def _call(data: bytes) -> None:
    """Metadata and attributes: a call of them, its route, its prompt and its record."""
    metadata, *others = (part.decode("utf-8", "replace") for part in _parts(data))
    pairs = (part.partition("=") for part in others)
    attributes = {name: value for name, _, value in pairs}
    kind = "sip" if len(data) % 3 else "standard"
    source = ("job", "participant", "room")[len(metadata) % 3]
    given: Any = {source: metadata}
    call = read_call(kind=kind, attributes=attributes, at=_AT, customers=[{"name": metadata}], **given)
    decision, _ = _TABLE.decide(call), _TABLE.trace(call)
    briefing = Conversation(call, cast("Any", None), ROSTER, None).briefing()
    assert len(briefing) < 15_000, "a prompt as long as the caller likes"
    lines = briefing.splitlines()
    assert all(line.startswith("- ") for line in lines[2:]), "a line of the prompt that is not quoted"
    filled = fill_instructions("{data.order}{name}{from}", values_of(call, {}, "sales", {}))
    assert len(filled.splitlines()) <= 2, "a line of the prompt that is not quoted"
    row = to_json({"id": "x", **call_columns(call)})
    assert len(row) < 600_000, "a record as large as the caller likes"
    assert "\\u0000" not in row.encode().decode().replace("\\\\u0000", ""), "PostgreSQL takes no NUL"
    read_spec(write_spec(call), "US")
    assert decision is not None


def _number(data: bytes) -> None:
    """A caller's number."""
    text = data.decode("utf-8", "replace")
    number = parse_number(text, ("US", "DE", "GB", "AR")[len(data) % 4])
    assert number.raw == text
    assert number.e164 is None or _E164.fullmatch(number.e164), number.e164


def _spec(data: bytes) -> None:
    """A call as `explain` and tests have it."""
    with contextlib.suppress(ValueError, RecursionError):
        spec: object = json.loads(data)
        if isinstance(spec, dict):
            with contextlib.suppress(SpecError):
                call = read_spec(cast("dict[str, Any]", spec), "US")
                _TABLE.decide(call)


def _routing_file(data: bytes) -> None:
    """The routing file: what is wrong is told by line."""
    path = _FOLDER / "switchboard.toml"
    path.write_bytes(data)
    faults: tuple[str, ...] = ()
    try:
        read_file(path, agents=AGENTS)
    except TableErrors as wrong:
        faults = wrong.errors
    assert all(re.match(r"[^\n]*switchboard\.toml(:\d+)?: ", fault) for fault in faults), faults


def _trunks_file(data: bytes) -> None:
    """Trunks and rules as a file."""
    path = _FOLDER / "trunks.toml"
    path.write_bytes(data)
    with contextlib.suppress(TrunksErrors, TableErrors):
        read_trunks(path, {})


def _customers_file(data: bytes) -> None:
    """Customers as a file."""
    path = _FOLDER / "customers.csv"
    path.write_bytes(data)
    with contextlib.suppress(BadFile), open_customers(path, "US") as customers:
        for row in customers.rows():
            assert row is not None


def _waiting_record(data: bytes) -> None:
    """A record that waits in the spool."""
    with contextlib.suppress(ValueError):
        to_json(from_json(data.decode("utf-8", "replace")))


def _order(data: bytes) -> None:
    """The order system's answer."""
    with contextlib.suppress(orders._Rubbish):  # pyright: ignore[reportPrivateUsage]
        said = orders._status(data)  # pyright: ignore[reportPrivateUsage]
        assert len(said) <= 200
        assert said.isprintable()


def _weather(data: bytes) -> None:
    """The weather's answer."""
    with contextlib.suppress(weather._Rubbish):  # pyright: ignore[reportPrivateUsage]
        said = weather._sentence("Oakland, CA", data, "de", "celsius")  # pyright: ignore[reportPrivateUsage]
        assert len(said) < 300
        assert said.isprintable()


class _Channel(list[stt.SpeechEvent]):
    def send_nowait(self, event: stt.SpeechEvent) -> None:
        self.append(event)


def _recogniser(data: bytes) -> None:
    """The recogniser's messages, through its plug-in, and what of ours listens to them."""
    stream: Any = object.__new__(SpeechStream)
    heard = stream._event_ch = _Channel()
    stream._opts = type("Options", (), {"language": "en", "punctuate": True, "smart_format": False})
    stream._speaking, stream._start_time_offset, stream._on_end_of_speech = False, 0.0, lambda: None
    for message in _parts(data):
        with contextlib.suppress(Exception):  # the plug-in logs it and goes on
            stream._process_stream_event(json.loads(message))

    async def events() -> AsyncIterator[stt.SpeechEvent]:
        for event in heard:
            texts: list[object] = [said.text for said in event.alternatives]
            if all(isinstance(text, str) for text in texts):  # else a spare takes over
                yield event

    async def listen() -> None:
        async for _ in SentenceTurns("en").anticipate(events()):
            pass

    _run(listen())


def _run(work: Any) -> None:
    """A coroutine that waits for nothing, without a loop of its own."""
    with contextlib.suppress(StopIteration):
        while True:
            work.send(None)


def _parts(data: bytes) -> list[bytes]:
    return data.split(BETWEEN)


def _file(name: str) -> bytes:
    return (ROOT / name).read_bytes()


_HEARD = {
    "type": "Results",
    "is_final": False,
    "speech_final": True,
    "channel": {
        "alternatives": [
            {"transcript": "Hello.", "confidence": 0.9, "words": [{"word": "hello", "start": 0.1, "end": 0.4}]}
        ]
    },
    "metadata": {"request_id": "r"},
}
_WORDS = json.dumps(_HEARD).encode()
_MERGED = (
    b'{"language": "es", "department": "support", "order": {"id": 7, "lines": ["a", 1.5, null, true]}}',
    *(b"sip.phoneNumber=+14155550123", b"sip.ruleID=SDR_1", b"sip.h.x-queue=gold", b"plan=pro"),
)
TARGETS = {
    "call": Target(_call, (BETWEEN.join(_MERGED), b"callback", BETWEEN.join((b"", b"sip.twilio.callSid=CA1")))),
    "number": Target(
        _number, (b"+14155550123", b"(415) 555-0123;ext=9", b"sip:bob@example.com", b"anonymous", b"0049 30 1")
    ),
    "spec": Target(
        _spec, (b'{"to": "+18005550100", "kind": "sip", "at": "2026-03-02T10:00:00Z", "customer": {"a": 1}}',)
    ),
    "routing file": Target(_routing_file, (_file("switchboard.toml"), b'[default]\nagent = "sales"\n')),
    "trunks file": Target(_trunks_file, (_file("trunks.example.toml"),)),
    "customers file": Target(
        _customers_file, (b"number,name,tier\n+14155550123,Ada,gold\n", b'Number;Name\n1;"a\nb"\n')
    ),
    "waiting record": Target(_waiting_record, (b'{"id": "6f0d4a3c-0f5b-4c56-9a0e-7a1f4d1f8b52", "revision": 1}',)),
    "order": Target(_order, (b'{"status": "ready to be picked up"}',)),
    "weather": Target(_weather, (b'{"current_condition": [{"temp_C": "7", "weatherDesc": [{"value": "Rain"}]}]}',)),
    "recogniser": Target(_recogniser, (_WORDS, BETWEEN.join((b'{"type": "SpeechStarted"}', _WORDS)))),
}
