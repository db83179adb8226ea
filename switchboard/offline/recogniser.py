"""Recognition without a provider: pocketsphinx, held to a grammar of known phrases and pieces of them.

Free dictation of telephone speech is beyond it; choosing among some dozens of phrases is not. Its English model
is in its wheel and was trained on 16 kHz speech.
"""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from switchboard.offline.sound import Samples, resample

_RATE = 16_000
# Nothing is above 4 kHz on the telephone, and to the model nothing at all is stranger than a little noise.
_NOISE = 30.0
_PIECE = 1e-10  # how much less likely a caller is to begin or stop inside a phrase
_PADDING = np.zeros(_RATE // 10, np.int16)
_GRAMMAR = "phrases"


@dataclass(frozen=True, slots=True)
class Transcript:
    text: str = ""
    confidence: float = 0.0
    is_complete: bool = False  # a whole phrase, not a piece of one


class RecogniserMissing(RuntimeError):
    """pocketsphinx is not installed; the message says what to do."""


class Recogniser:
    """One decoder for all calls: a phrase takes it about 30 ms, in a thread of its own."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases: dict[str, None] = {}
        self._decoder: Any = None
        self._grammar_is_old = True
        self._thread = ThreadPoolExecutor(1, "recogniser")
        self.add(phrases)

    def add(self, phrases: Iterable[str]) -> None:
        """Extend what can be understood. Words that are not in the English dictionary are passed over."""
        self._phrases.update(dict.fromkeys(text.strip() for text in phrases if spoken_words(text)))
        self._grammar_is_old = True

    async def transcribe(self, samples: Samples, rate: int) -> Transcript:
        """The phrase, or the piece of one, in an utterance of mono samples at `rate` Hz."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._decode, samples, rate)

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _decode(self, samples: Samples, rate: int) -> Transcript:
        decoder = self._ready_decoder()
        padded = np.concatenate((_PADDING, resample(samples, rate, _RATE), _PADDING)).astype(np.float32)
        # The same noise for the same utterance: a recording is understood the same way each time.
        padded += np.random.default_rng(1).normal(0.0, _NOISE, len(padded)).astype(np.float32)
        decoder.start_utt()
        decoder.process_raw(np.clip(padded, -32768, 32767).astype(np.int16).tobytes(), False, True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        return written(hypothesis.hypstr, list(self._phrases)) if hypothesis else Transcript()

    def _ready_decoder(self) -> Any:
        if self._decoder is None:
            try:
                pocketsphinx = importlib.import_module("pocketsphinx")
            except ImportError:
                raise RecogniserMissing("pocketsphinx is not installed: run `uv sync --extra offline`") from None
            self._decoder = pocketsphinx.Decoder(samprate=_RATE, lm=None, loglevel="FATAL")
        if self._grammar_is_old:
            self._grammar_is_old = False
            self._decoder.add_fsg(_GRAMMAR, self._build_grammar(self._decoder))
            self._decoder.activate_search(_GRAMMAR)
        return self._decoder

    def _build_grammar(self, decoder: Any) -> Any:
        """One chain of states a phrase, between a start and an end; at a price a caller may enter or leave inside."""
        sentences = [[word for word in spoken_words(text) if decoder.lookup_word(word)] for text in self._phrases]
        fsg_model = importlib.import_module("pocketsphinx").FsgModel
        log = decoder.logmath.log
        whole, piece = log(1.0), log(_PIECE)
        grammar = fsg_model(_GRAMMAR, decoder.logmath, 1.0, 2 + sum(map(len, sentences)))
        start, end, free = 0, 1, 2
        grammar.set_start_state(start)
        grammar.set_final_state(end)
        for words in filter(None, sentences):
            last = len(words) - 1
            for index, word in enumerate(words):
                number = grammar.word_add(word)
                here = start if index == 0 else free + index - 1
                there = end if index == last else free + index
                grammar.trans_add(here, there, whole, number)
                if index > 0:
                    grammar.trans_add(start, there, piece, number)
                if index < last:
                    grammar.trans_add(here, end, piece, number)
            free += last
        return grammar


def spoken_words(text: str) -> list[str]:
    """The words of `text` as the English dictionary spells them."""
    return re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower().replace("\u2019", "'"))


def written(heard: str, phrases: Sequence[str]) -> Transcript:
    """What was heard, with the capitals and punctuation of the phrase that it is, or is a piece of."""
    words = heard.split()
    if not words:
        return Transcript()
    best = Transcript(" ".join(words), 0.5)
    for phrase in phrases:
        known = spoken_words(phrase)
        if known == words:
            return Transcript(phrase, 0.97, is_complete=True)
        tokens = phrase.split()
        if len(tokens) != len(known) or best.confidence > 0.5:
            continue
        for begin in range(len(known) - len(words) + 1):
            if known[begin : begin + len(words)] == words:
                best = Transcript(" ".join(tokens[begin : begin + len(words)]), 0.8)
                break
    return best
