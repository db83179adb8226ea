"""An index of conditions: which rows can match a call, without looking at the others.

Each row is filed under its rarest condition. A row whose filed condition does not hold cannot match, so looking at
the candidates, in order, finds what looking at every row would find.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from switchboard.routing.conditions import AnyOf, Condition
from switchboard.routing.view import Key

_NONE: Mapping[Hashable, list[int]] = {}


class Readable(Protocol):
    """What has tokens for a key: a call's View, or a row seen as a call."""

    def tokens(self, key: Key) -> Iterable[Hashable]: ...


class Index:
    """Positions of rows, by the tokens of one condition each."""

    def __init__(self, rows: Sequence[Sequence[Condition]]) -> None:
        self._filed: dict[Key, dict[Hashable, list[int]]] = {}
        self._always: list[int] = []  # rows without a condition that can be filed
        crowds = Counter[tuple[Key, Hashable]]()
        uses = Counter[Key]()
        for row in rows:
            for condition in _fileable(row):
                uses[condition.key] += 1
                crowds.update((condition.key, token) for token in condition.accepted)

        def cost(condition: AnyOf) -> tuple[int, int]:
            crowd = max((crowds[condition.key, token] for token in condition.accepted), default=0)
            return crowd, -uses[condition.key]  # of equals, the key that others share: fewer keys to read

        for position, row in enumerate(rows):
            rarest = min(_fileable(row), key=cost, default=None)
            if rarest is None:
                self._always.append(position)
                continue
            filed = self._filed.setdefault(rarest.key, {})
            for token in rarest.accepted:
                filed.setdefault(token, []).append(position)

    def candidates(self, view: Readable, keys: Iterable[Key] | None = None) -> Iterator[int]:
        """Positions whose filed condition holds, ascending; one may come twice.

        `keys` are those that `view` can have tokens for, where that is known.
        """
        hits = [self._always] if self._always else []
        for key in self._filed if keys is None else keys:
            filed = self._filed.get(key, _NONE)
            hits.extend(filed[token] for token in view.tokens(key) if token in filed)
        return iter(hits[0]) if len(hits) == 1 else heapq.merge(*hits)


def _fileable(row: Sequence[Condition]) -> list[AnyOf]:
    return [condition for condition in row if isinstance(condition, AnyOf)]
