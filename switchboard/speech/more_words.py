"""What is new in words of which the beginning has been taken already."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORD = re.compile(r"\S+")
_ALIKE = 0.6  # of letters: a recogniser still puts right what it has heard


def beyond(taken: str, text: str) -> str:
    """The words of `text` that follow those which were `taken`; all of `text` where it begins in another way."""
    known = _WORD.findall(taken)
    spans = [match.span() for match in _WORD.finditer(text)]
    end = spans[min(len(known), len(spans)) - 1][1] if known and spans else 0
    alike = SequenceMatcher(None, " ".join(known).lower(), text[:end].lower(), autojunk=False).ratio()
    return text[end:].lstrip(" ,.;:!?") if alike >= _ALIKE else text
