"""What tests and demonstrations can ask of the stand-ins: what reached them, what will be said, what shall fail."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast, get_args

from aiohttp import web

from lab.providers.faults import OF_REALTIME, WAYS, Fault, read_fault

Kind = Literal["stt", "llm", "tts", "realtime"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_REMEMBERED = 5_000


class BadRequest(ValueError):
    """What is wrong with a request, in words that say what would be right."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds that each provider takes before its first output; real ones take about 0.15, 0.35, 0.2, and 0.5 for all.

    A recogniser tells at once that there is voice: its delay is that of words.
    """

    stt: float = 0.0
    llm: float = 0.0
    tts: float = 0.0
    realtime: float = 0.0

    def __post_init__(self) -> None:
        for name, seconds in asdict(self).items():
            if not 0 <= seconds <= 60:
                raise ValueError(f"the delay of {name} is {seconds} s: have 0 to 60")


@dataclass(slots=True)
class Script:
    """What one caller is going to say; `language` is None for a caller of any language."""

    language: str | None
    utterances: deque[str]

    def next(self) -> str:
        """The text of the utterance that was just heard; empty when there was one more than was written."""
        return self.utterances.popleft() if self.utterances else ""

    @property
    def coming(self) -> str:
        return self.utterances[0] if self.utterances else ""


@dataclass(slots=True)
class Controls:
    """The state that `/_offline/…` shows and sets."""

    delays: Delays = field(default_factory=Delays)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque[dict[str, Any]](maxlen=_REMEMBERED))
    scripts: list[Script] = field(default_factory=list[Script])
    _faults: dict[Kind, tuple[Fault, int | None]] = field(default_factory=dict[Kind, tuple[Fault, int | None]])

    def note(self, kind: Kind, path: str, query: Mapping[str, Any], body: Any = None, *, key: str = "") -> None:
        """`key` is the header by which it was sent: any key will do here, and who looks may ask which came."""
        noted = {"kind": kind, "path": path, "query": dict(query), "body": body, "time": time.time()}
        self.requests.append({**noted, "key": key.rpartition(" ")[2]})

    def take_script(self, language: str | None) -> Script | None:
        """The oldest script for a caller of `language` ("es-MX" takes one for "es")."""
        base = (language or "").partition("-")[0].lower()
        for script in self.scripts:
            if script.language is None or script.language == base or base in ("", "multi"):
                self.scripts.remove(script)
                return script
        return None

    def take_fault(self, kind: Kind, *, connecting: bool = False) -> Fault:
        """How this request shall fail; a Fault without any failure in most lives.

        A recogniser's connection that is only being made leaves what concerns words to whoever speaks.
        """
        fault, times = self._faults.get(kind, (Fault(), None))
        if connecting and not fault.concerns_connections:
            return Fault()
        if times is not None:
            if times <= 1:
                del self._faults[kind]
            else:
                self._faults[kind] = (fault, times - 1)
        return fault

    def forget_faults(self) -> None:
        self._faults.clear()

    def add_script(self, body: Any) -> None:
        """Queue `{"language": "es" | null, "utterances": [...]}`. Raises BadRequest."""
        given = read_body(body, {"language", "utterances"})
        language = given.get("language")
        if language is not None and not isinstance(language, str):
            raise BadRequest('"language" is a code such as "es", or null')
        utterances = texts(given, "utterances")
        base = language.partition("-")[0].lower() if language else None
        self.scripts.append(Script(base, deque(utterances)))

    def set_delays(self, body: Any) -> None:
        """Take `{"stt": 0.15, "llm": 0.35}` (seconds); what is left out is 0. Raises BadRequest."""
        try:
            self.delays = Delays(**read_body(body, set(KINDS)))
        except (TypeError, ValueError) as wrong:
            raise BadRequest(str(wrong)) from None

    def set_faults(self, body: Any) -> None:
        """Take `{"llm": {"status": 500}, "times": 2}`; without `times` until they are deleted. Raises BadRequest."""
        given = read_body(body, {*KINDS, "times"})
        times = given.get("times")
        if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
            raise BadRequest('"times" is a whole number from 1, or left out for every time')
        faults: dict[Kind, Fault] = {kind: _fault(kind, given[kind]) for kind in KINDS if kind in given}
        if not faults:
            raise BadRequest(f"name what shall fail: one of {', '.join(KINDS)}")
        for kind, fault in faults.items():
            self._faults[kind] = (fault, times)


async def read_order(request: web.Request, keys: set[str]) -> dict[str, Any]:
    """The JSON object in a request to `/_offline/…`, which has none but these keys. Raises BadRequest."""
    try:
        body: Any = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON: send a JSON object") from None
    return read_body(body, keys)


def texts(given: Mapping[str, Any], key: str) -> list[str]:
    """The list of texts at `key`. Raises BadRequest."""
    value = given.get(key)
    if not isinstance(value, list) or not all(
        isinstance(text, str) and text.strip() for text in cast("list[Any]", value)
    ):
        raise BadRequest(f'"{key}" is a list of texts, none of them empty')
    return cast("list[str]", value)


def _fault(kind: Kind, body: Any) -> Fault:
    ways = OF_REALTIME if kind == "realtime" else WAYS
    try:
        return read_fault(read_body(body, {"status", "delay", *ways}), ways)
    except ValueError as wrong:
        raise BadRequest(f'"{kind}": {wrong}') from None


def read_body(body: Any, keys: set[str]) -> dict[str, Any]:
    """The JSON object in a body, which has none but these keys. Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest(f"send a JSON object with {', '.join(sorted(keys))}")
    given = cast("dict[str, Any]", body)
    unknown = sorted(set(given) - keys)
    if unknown:
        raise BadRequest(f"unknown key {', '.join(unknown)} (have: {', '.join(sorted(keys))})")
    return given
