"""Who picked up a call that we made, a person or a machine, and what is said to a machine.

livekit-agents' AMD decides: it holds the agent's speech back, listens to the first words after the answer and has
the conversation's own LLM judge them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from livekit.agents import AMD, AgentSession
from livekit.agents.llm import LLM

Who = Literal["human", "machine", "unknown"]
OnMachine = Literal["hang_up", "leave_message"]

DECIDES_WITHIN = 20.0  # s from the answer; a greeting of voice mail lasts about ten
_SILENCE = 4.0  # s without a word: people say hello sooner than that
_GRACE = 2.0  # s more for AMD to report by itself that the time is up


@dataclass(frozen=True, slots=True)
class MachinePolicy:
    """What to do when a machine picks up. A `message` belongs to `leave_message` alone."""

    on_machine: OnMachine = "hang_up"
    message: str = ""


def machine_policy(*sources: Mapping[str, Any]) -> tuple[MachinePolicy | None, str | None]:
    """The policy of the first source that has `on_machine`, and a warning where it cannot be followed.

    Sources are what our own side set: the route's data, then trusted job data. None where nobody asks to tell
    machines from people: the agent then talks to whoever answers. Never raises.
    """
    source = next((one for one in sources if "on_machine" in one), None)
    if source is None:
        return None, None
    wish, message = source["on_machine"], source.get("message")
    if wish == "leave_message" and isinstance(message, str) and message.strip():
        return MachinePolicy("leave_message", message), None
    if wish == "hang_up":
        return MachinePolicy(), None
    if wish == "leave_message":
        return MachinePolicy(), "on_machine is leave_message without a message: it hangs up"
    return MachinePolicy(), "on_machine is neither hang_up nor leave_message: it hangs up"


async def who_answered(
    session: AgentSession[Any],
    *,
    identity: str,
    answered: Awaitable[object] | None = None,
    llm: LLM[Any] | None = None,
    decide_within: float = DECIDES_WITHIN,
) -> Who:
    """Listen to the first words of `identity` once the call is active, and tell who spoke.

    Call it after `session.start` and before anything is said: until it returns, the agent keeps silent. `answered`
    is awaited meanwhile and starts the clock (so that the first word is not missed); leave it out where the call is
    active already. `llm` judges in place of the session's. "unknown" is silence, words that fit neither, a callee
    who has gone, or a model that fails. `decide_within` is seconds from the answer.
    """
    detector = AMD(
        session,
        llm=llm,
        stt=None,
        participant_identity=identity,
        interrupt_on_machine=True,
        ivr_detection=False,
        suppress_compatibility_warning=True,
        detection_options={"timeout": decide_within, "no_speech_threshold": min(_SILENCE, decide_within)},
        wait_until_finished=True,
    )
    # What was heard is who they are, and no turn to be answered: the greeting, or the message, answers it.
    detector.on("amd_prediction", lambda _: _forget_what_was_heard(session))  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType]
    async with detector:
        if answered is not None:
            await answered
        try:
            # A greeting is heard to its end, so that a message is not spoken over it, but not for ever.
            result = await asyncio.wait_for(detector.execute(), decide_within + _GRACE)
        except (TimeoutError, RuntimeError):
            _forget_what_was_heard(session)
            return "unknown"
    if result.is_human:
        return "human"
    return "machine" if result.is_machine else "unknown"


def _forget_what_was_heard(session: AgentSession[Any]) -> None:
    """The words, and the reply to them that waits to be spoken."""
    with contextlib.suppress(RuntimeError):  # they have hung up
        session.clear_user_turn()
        session.interrupt(force=True)
