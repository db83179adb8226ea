"""What callers say: human telephone speech and a synthetic voice, each sentence whole and with a pause inside.

The human speech is Allison Smith's prompts for Asterisk (CC BY-SA 3.0), recorded at 8 kHz, from Debian's package
`asterisk-core-sounds-en-wav`; scripts/bench fetches it. Two fifths of the pauses follow words that could be a
whole sentence, because callers stop there too; a recogniser puts a full stop there, and the stand-in's text has it.
That is harder for whoever listens to the words than no full stop would be.
"""

from __future__ import annotations

import os
import wave
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from lab.providers.speaking import speak
from lab.softphone.g711 import RATE, Samples, over_the_line

PAUSES = (0.3, 0.5, 0.8)  # s

_PLACES = (
    Path(os.environ.get("BENCH_SOUNDS", ".cache/sounds")),
    Path("/usr/share/asterisk/sounds/en_US_f_Allison"),
)
_EDGE = 300  # peak of a sample that belongs to the speech
_BACKGROUND = 0.01  # s, the stretch of the recording that a pause is filled with


@dataclass(frozen=True)
class Sentence:
    """A sentence in two parts. `before` and `after` are what a recogniser writes of each; `samples` their sound.

    `cut` is where the first part ends, in samples.
    """

    name: str
    before: str
    after: str
    samples: Samples
    cut: int

    @property
    def text(self) -> str:
        """What a recogniser writes of the whole."""
        return f"{self.before.rstrip('.')} {self.after}"

    @property
    def could_end(self) -> bool:
        """Whether the first part alone reads like a whole sentence."""
        return self.before.endswith(".")

    @cached_property
    def whole(self) -> Samples:
        return over_the_line(self.samples)

    def paused(self, pause: float) -> tuple[Samples, float]:
        """The sentence with `pause` seconds of its own background inside, and when the first part ends (s)."""
        first, second = self.samples[: self.cut], self.samples[self.cut :]
        audible = np.flatnonzero(np.abs(first.astype(np.int32)) > _EDGE)
        ends = int(audible[-1]) + 1
        begins = int(np.flatnonzero(np.abs(second.astype(np.int32)) > _EDGE)[0])
        # The recording's own gap counts as a part of the pause.
        missing = max(int(pause * RATE) - (len(first) - ends) - begins, 0)
        background = np.resize(_quietest(self.samples), missing)
        return over_the_line(np.concatenate([first, background, second])), ends / RATE


# name, what is said before the pause and after it, where the pause is (s from the file's beginning)
_HUMAN = (
    ("agent-pass", "Please enter your password.", "followed by the pound key.", 1.59),
    ("conf-getconfno", "Please enter your conference number.", "followed by the pound key.", 1.78),
    ("privacy-prompt", "Please enter your phone number.", "starting with the area code.", 1.77),
    ("vm-whichbox", "To leave a message,", "please enter a mailbox number.", 1.23),
    ("vm-tempgreetactive", "Your temporary greeting", "is currently active.", 1.63),
    ("speed-dial-empty", "The speed dial entry you've accessed", "is empty.", 2.23),
    ("vm-toforward", "Press eight to forward the message.", "to another user.", 2.01),
    ("vm-rec-name", "After the tone, say your name.", "and then press the pound key.", 2.18),
    ("privacy-unident", "The party you are trying to reach", "does not accept unidentified calls.", 1.89),
    ("feature-not-avail-line", "That feature is not available.", "on this line.", 1.97),
    ("vm-forward-multiple", "Press one to send this message,", "or two to add another recipient.", 2.16),
    ("vm-review-urgent", "Press four to mark", "this message as urgent.", 1.35),
    ("entr-num-rmv-blklist", "Please enter the number to be removed", "from the blacklist.", 1.93),
    ("vm-nobodyavail", "Nobody is available", "to take your call at the moment.", 1.27),
    ("vm-tocallback", "Press two to call", "the person who sent this message.", 1.45),
    ("pls-hold-while-try", "Please hold while we try", "to connect you.", 1.55),
)

_SYNTHETIC = (
    ("I would like to make an appointment", "for next Tuesday morning."),
    ("Can you tell me", "when you are open on Saturday?"),
    ("My order has not arrived.", "and it was due last week."),
    ("I'd like to speak to somebody", "about my last invoice."),
    ("Do you have this model", "in a smaller size?"),
    ("I need to change my address.", "before the next delivery."),
    ("Could you please send me", "a copy of the contract?"),
    ("The machine that I bought", "makes a strange noise."),
)

# To talk over the agent with: long enough to be taken seriously.
INTERRUPTION = "Wait, stop, that is not what I asked for."


def human() -> list[Sentence]:
    """The recorded sentences. Raises LookupError that says how to get them."""
    folder = next((place for place in _PLACES if (place / f"{_HUMAN[0][0]}.wav").is_file()), None)
    if folder is None:
        raise LookupError(
            "the recorded prompts are not here: run scripts/bench on Debian or Ubuntu, or set BENCH_SOUNDS"
        )
    return [_recorded(folder, *row) for row in _HUMAN]


def synthetic() -> list[Sentence]:
    """The sentences of a synthetic voice."""
    return [_spoken(before, after) for before, after in _SYNTHETIC]


def interruption() -> Samples:
    return over_the_line(_voice(INTERRUPTION))


def _recorded(folder: Path, name: str, before: str, after: str, cut: float) -> Sentence:
    with wave.open(str(folder / f"{name}.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    audible = np.flatnonzero(np.abs(samples.astype(np.int32)) > _EDGE)
    first, last = int(audible[0]), int(audible[-1]) + 1
    return Sentence(name, before, after, samples[first:last], int(cut * RATE) - first)


def _spoken(before: str, after: str) -> Sentence:
    """Two utterances put together: the voice then falls before the pause, as hesitating speakers' often does not."""
    parts = [_voice(before), _voice(after)]
    gap = np.zeros(int(0.05 * RATE), np.int16)
    samples = np.concatenate([parts[0], gap, parts[1]])
    return Sentence(before[:20], before, after, samples, len(parts[0]) + len(gap) // 2)


def _voice(text: str) -> Samples:
    samples = np.frombuffer(speak(text, "en", "caller", RATE), np.int16)
    audible = np.flatnonzero(np.abs(samples.astype(np.int32)) > _EDGE)
    return samples[: int(audible[-1]) + 1]


def _quietest(samples: Samples) -> Samples:
    """The quietest `_BACKGROUND` seconds of a recording, which sound like its background."""
    width = int(_BACKGROUND * RATE)
    frames = samples[: len(samples) // width * width].reshape(-1, width)
    return frames[int(np.argmin(np.abs(frames.astype(np.int32)).sum(axis=1)))]
