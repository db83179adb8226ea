"""A call that is none: what an agent is given to be built with before there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from switchboard.call.reading import read_call
from switchboard.talk.conversation import Conversation
from switchboard.talk.equipment import Equipment
from switchboard.talk.options import AgentOptions
from switchboard.talk.roster import Roster

_CALLER = {"sip.phoneNumber": "+14155550101", "sip.trunkPhoneNumber": "+18005550100", "sip.ruleID": "SDR_1"}


def trial_conversation(roster: Roster, options: Mapping[str, AgentOptions]) -> Conversation[Any]:
    """A conversation with nobody, of a business that has whatever it is asked for."""
    return Conversation(read_call(attributes=_CALLER), _NoLine(), roster, Anything(), equipment=Equipment(options))


class _NoLine:
    async def hang_up(self, goodbye: str) -> None:
        pass


class Anything:
    """Has every attribute, can be called and walked through: what a constructor may do with a business."""

    def __getattr__(self, name: str) -> Anything:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Anything:
        return self

    def __getitem__(self, _: Any) -> Anything:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __str__(self) -> str:
        return ""
