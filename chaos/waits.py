"""How long a caller waited, and for what: from the sounds that reached them and what each of them was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.softphone.bridge import Outcome
from lab.softphone.ear import Sound

LIMIT_S = 3.0
UNKNOWN = "unknown sound"
FILLER = "filler"
REFUSED = "refused (486)"
SILENCE = "silence"
_PROMISES = (FILLER, UNKNOWN)  # what was waited for is yet to come


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a caller waited from `since`: their last audible sample, or the dispatch while it rang.

    `first_s` to the first audible sample (None: to none), `longest_s` the longest silence until what was waited for
    was heard, which a filler is not, or until the call's end. `heard` are the kinds of sounds in their order.
    """

    since: str
    first_s: float | None
    longest_s: float
    heard: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """A line that is dead without a word is silence, however soon; a refusal while it rings is an answer."""
        return self.longest_s <= LIMIT_S and (REFUSED in self.heard or is_answered(self.heard))


def is_answered(kinds: Sequence[str]) -> bool:
    """Whether what was waited for is among these."""
    return any(kind not in (*_PROMISES, SILENCE) for kind in kinds)


def wait_of(
    name: str, since: float, sounds: Sequence[Sound], kinds: Sequence[str], outcome: Outcome, until: float
) -> Wait:
    """The wait that began at `since` and, where nothing came of it, ended at `until`. `kinds` are those of `sounds`."""
    quiet_from, longest = since, 0.0
    for sound, kind in zip(sounds, kinds, strict=True):
        longest = max(longest, sound.start - quiet_from)
        quiet_from = sound.end
        if is_answered([kind]):
            break
    else:
        longest = max(longest, until - quiet_from)
    heard = [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]
    if outcome == "refused":
        heard.append(REFUSED)
    first = max(sounds[0].start - since, 0.0) if sounds else None
    return Wait(name, first, longest, tuple(heard or [SILENCE]))
