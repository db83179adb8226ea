"""Conditions: what one row of a `when` asks of a call. Each is true or false of a View and never raises."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, field

from switchboard.call.call import Call
from switchboard.routing.view import ABSENT, Key, View

_PERCENT = Key("percent")
_PARTS = 10_000  # a percentage is kept to two decimals


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The call has one of these tokens for `key`: equality, a list, a prefix, `{ absent = true }`."""

    key: Key
    accepted: frozenset[Hashable]
    text: str = field(compare=False)

    def holds(self, view: View) -> bool:
        return not self.accepted.isdisjoint(view.tokens(self.key))

    def failure(self, view: View) -> str:
        return f"{self.text} ({view.shown(self.key)})"


@dataclass(frozen=True, slots=True)
class Present:
    """The call has the key at all, if only as an empty text: `{ absent = false }`."""

    key: Key
    text: str = field(compare=False)

    def holds(self, view: View) -> bool:
        return view.tokens(self.key) != (ABSENT,)

    def failure(self, view: View) -> str:
        return f"{self.text} ({view.shown(self.key)})"


@dataclass(frozen=True, slots=True)
class Percent:
    """The same share of callers, always the same ones. `salt`, the route's name, makes shares independent."""

    share: int  # in hundredths of a percent
    salt: str
    text: str = field(compare=False)

    @property
    def key(self) -> Key:
        return _PERCENT

    def holds(self, view: View) -> bool:
        return self._place(view.call) < self.share

    def failure(self, view: View) -> str:
        return f"{self.text} (this caller is at {self._place(view.call) / 100:g})"

    def _place(self, call: Call) -> int:
        """0 to 9,999, always the same for one caller and one route."""
        text = f"{self.salt}\0{_caller(call)}".encode("utf-8", "replace")
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) % _PARTS


Condition = AnyOf | Present | Percent


def percent(share: float, salt: str, text: str) -> Percent:
    """`share` in percent, 0 to 100."""
    return Percent(round(share * _PARTS / 100), salt, text)


def _caller(call: Call) -> str:
    """Whoever is at the other end: the number, or the call's own ID where it is hidden or absent."""
    number = call.to_number if call.direction == "outbound" else call.from_number
    if number and not number.is_hidden:
        return number.e164 or number.raw
    return call.sip_call_id or call.identity
