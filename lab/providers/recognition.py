"""Recognition without a provider: pocketsphinx, held to a grammar of known phrases and pieces of them.

Free dictation of telephone speech is beyond it; choosing among some dozens of phrases is not. Its English model
is in its wheel and was trained on 16 kHz speech. The grammars are JSGF, https://www.w3.org/TR/jsgf/
"""

from __future__ import annotations

import importlib
import math
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any

import numpy as np

from lab.providers.spoken_numbers import readings

RATE = 16_000  # Hz

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ANY_DIGIT = "<digit>"
_NUMBER = 4  # digits: a phrase with so many in a row stands for every such number
_SHORTEST_PIECE = 2  # words
_MOST_WAYS = 27  # to say a phrase with numbers in figures
# Nothing is above 4 kHz on the telephone, and to the model nothing at all is stranger than a little noise.
_NOISE = 30.0
# Log likelihood of a 10 ms frame against the model's best sound for it, on average from the first word to the last.
# Measured on espeak-ng's voices: known phrases mostly have -4.8 or more, other speech mostly less than -5.
_FIT = -4.9


class RecogniserMissing(RuntimeError):
    """pocketsphinx is not installed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class _Token:
    """What stands between two spaces of a phrase: as written, its word ("" where none is heard), its symbol.

    Of several words of a number in figures, the last is written for all.
    """

    written: str
    word: str
    symbol: str  # in the grammar: the word, or any digit


class Recogniser:
    """Not thread-safe; made once and used from one worker thread. Raises RecogniserMissing."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._decoder = _decoder()
        self._phrases = _Grammar("phrases")
        self._pieces = _Grammar("pieces")
        self.add(phrases)

    def add(self, phrases: Iterable[str]) -> tuple[str, ...]:
        """Extend what is understood; gives the words that the English dictionary lacks.

        A phrase with such a word is understood without it, and still written with it.
        """
        lacking: dict[str, None] = {}
        for phrase in phrases:
            for tokens in _ways_to_say(phrase):
                for index, token in enumerate(tokens):
                    if token.word and self._decoder.lookup_word(token.word) is None:
                        lacking[token.word] = None
                        tokens[index] = replace(token, word="", symbol="")
                self._phrases.add(tokens)
                for piece in _pieces(tokens):
                    self._pieces.add(piece)
        for grammar in (self._phrases, self._pieces):
            if grammar:
                self._decoder.add_jsgf_string(grammar.name, grammar.source())
        return tuple(lacking)

    def recognise(self, pcm: bytes) -> str:
        """The phrase, or the piece of one, in s16le mono at 16 kHz; "" for what fits nothing.

        Pieces are tried after no phrase fits: among them, a phrase would be missed more often.
        """
        samples = np.frombuffer(pcm, "<i2", len(pcm) // 2)
        if not len(samples):
            return ""
        # The same noise for the same utterance: a recording is understood the same way each time.
        noisy = samples + np.random.default_rng(1).normal(0.0, _NOISE, len(samples))
        sound = np.clip(noisy, -32768, 32767).astype("<i2").tobytes()
        for grammar in (self._phrases, self._pieces):
            if grammar and (text := grammar.write(self._decode(grammar.name, sound))):
                return text
        return ""

    def _decode(self, grammar: str, sound: bytes) -> list[str]:
        """The words of the likeliest way through the grammar, or none if the sound does not fit them."""
        decoder = self._decoder
        decoder.activate_search(grammar)
        decoder.start_utt()
        decoder.process_raw(sound, False, True)
        decoder.end_utt()
        if decoder.hyp() is None:
            return []
        # The grammar branches in "(NULL)". Speech that fits no word hides in the silence between two.
        segments = [segment for segment in decoder.seg() if segment.word != "(NULL)"]
        is_word = [segment.word[0] not in "<[" for segment in segments]
        if not any(is_word):
            return []
        said = segments[is_word.index(True) : len(segments) - is_word[::-1].index(True)]
        frames = sum(segment.end_frame - segment.start_frame + 1 for segment in said)
        score = sum(math.log(max(segment.ascore, sys.float_info.min)) for segment in said)
        if score / frames < _FIT:
            return []
        # Without the number of the pronunciation, as in "where(2)".
        return [segment.word.partition("(")[0] for segment, word in zip(segments, is_word, strict=True) if word]


class _Grammar:
    """Sequences of words that may be said, each with how it is written. False while there are none."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._said: dict[str, None] = {}
        self._tokens: dict[tuple[str, ...], Sequence[_Token]] = {}

    def __bool__(self) -> bool:
        return bool(self._said)

    def add(self, tokens: Sequence[_Token]) -> None:
        if symbols := [token.symbol for token in tokens if token.symbol]:
            self._said[" ".join(symbols)] = None
            self._tokens.setdefault(_key(token.word for token in tokens if token.word), tokens)

    def source(self) -> str:
        return (
            f"#JSGF V1.0; grammar {self.name}; {_ANY_DIGIT} = {' | '.join(_DIGITS)};"
            f" public <said> = {' | '.join(self._said)};"
        )

    def write(self, words: Sequence[str]) -> str:
        """The text in which these words are added, with the digits that were heard; "" if there is none."""
        digits = (word for word in words if word in _DIGITS)
        texts = (
            _with_digit(token.written, next(digits)) if token.word in _DIGITS else token.written
            for token in self._tokens.get(_key(words), ())
        )
        return " ".join(filter(None, texts))


def _ways_to_say(phrase: str) -> Iterator[list[_Token]]:
    """The phrase's tokens, once for each reading of the numbers that it has in figures."""
    ways = [list(_in_words(token)) for token in _tokens(phrase)]
    for parts in islice(product(*ways), _MOST_WAYS):
        yield [token for part in parts for token in part]


def _in_words(token: _Token) -> Iterator[list[_Token]]:
    """The token itself; where it is a number in figures, the tokens of each reading of it."""
    if not re.fullmatch("[0-9]+", token.word):
        yield [token]
        return
    for *before, last in readings(token.word):
        yield [*(_Token("", word, word) for word in before), _Token(token.written, last, last)]


def _tokens(phrase: str) -> list[_Token]:
    written = phrase.split()
    words = ["".join(re.findall(r"[\w']", text.lower().replace("\u2019", "'"))) for text in written]
    symbols = list(words)
    for start in range(len(words) - _NUMBER + 1):
        if all(word in _DIGITS for word in words[start : start + _NUMBER]):
            symbols[start : start + _NUMBER] = [_ANY_DIGIT] * _NUMBER
    return [_Token(*token) for token in zip(written, words, symbols, strict=True)]


def _pieces(tokens: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    """Beginnings and ends of a phrase: what a caller says before and after a pause."""
    for cut in range(1, len(tokens)):
        if not tokens[cut - 1].written:
            continue  # within a number
        after_a_clause = tokens[cut - 1].written[-1] in ",;:.?!"
        for piece in (tokens[:cut], tokens[cut:]):
            if after_a_clause or sum(bool(token.word) for token in piece) >= _SHORTEST_PIECE:
                yield piece


def _key(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(_ANY_DIGIT if word in _DIGITS else word for word in words)


def _with_digit(written: str, digit: str) -> str:
    """`written`, a digit's name and perhaps punctuation, with another digit's name; figures stay as they are."""
    if not re.search("[a-zA-Z]", written):
        return written
    return re.sub(r"\w+", digit.capitalize() if written[0].isupper() else digit, written, count=1)


def _decoder() -> Any:
    """pocketsphinx's decoder, which has no types; it keeps quiet but for fatal errors."""
    try:
        pocketsphinx = importlib.import_module("pocketsphinx")
    except ImportError:
        raise RecogniserMissing("pocketsphinx is not installed: run `uv sync --extra offline`") from None
    return pocketsphinx.Decoder(samprate=RATE, lm=None, loglevel="FATAL")
