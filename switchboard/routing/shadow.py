"""Routes that no call can reach, because an earlier one takes every call that they could."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass

from switchboard.call.numbers import parse_number
from switchboard.routing.conditions import AnyOf, Condition, Percent, Present
from switchboard.routing.index import Index
from switchboard.routing.table import Route
from switchboard.routing.view import ABSENT, Key, language_tokens, prefix_tokens

_ALL = 10_000
_ASPECTS = ("", "prefix", "country")


def shadows(routes: Sequence[Route]) -> Iterator[tuple[Route, Route]]:
    """Each route that is never reached, with the first earlier one whose conditions its own imply.

    Several earlier routes that only together cover a later one are not found.
    """
    index = Index([route.conditions for route in routes])
    for position, route in enumerate(routes):
        ideal = _Ideal(route.conditions)
        for earlier in index.candidates(ideal, ideal.keys()):
            if earlier >= position:
                break
            if _covers(routes[earlier].conditions, route.conditions):
                yield route, routes[earlier]
                break


def _covers(earlier: Sequence[Condition], later: Sequence[Condition]) -> bool:
    return all(any(_implied(condition, by) for by in later) or _always(condition) for condition in earlier)


def _always(condition: Condition) -> bool:
    return isinstance(condition, Percent) and condition.share >= _ALL


def _implied(condition: Condition, by: Condition) -> bool:
    """Whether every call for which `by` holds is one for which `condition` holds."""
    if condition == by:
        return True
    if isinstance(condition, Percent) or not isinstance(by, AnyOf):
        return False
    if isinstance(condition, Present):
        same = (by.key.group, by.key.name) == (condition.key.group, condition.key.name)
        return same and ABSENT not in by.accepted
    return all(not condition.accepted.isdisjoint(_with(by.key, token, condition.key)) for token in by.accepted)


def _with(key: Key, token: Hashable, asked: Key) -> Collection[Hashable]:
    """The tokens for `asked` that a call surely has when it has `token` for `key`."""
    if (key.group, key.name) != (asked.group, asked.name):
        return ()
    if key.name == "language" and isinstance(token, str):
        return language_tokens(token)
    if key.aspect == asked.aspect == "prefix" or (not key.aspect and asked.aspect == "prefix"):
        return prefix_tokens(token) if isinstance(token, str) and token.startswith("+") else ()
    if not key.aspect and asked.aspect == "country":
        country = parse_number(token, "ZZ").country if isinstance(token, str) else None
        return (country,) if country else ()
    return (token,) if key.aspect == asked.aspect else ()


@dataclass(frozen=True, slots=True)
class _Ideal:
    """A call that has the first thing that each condition of a row accepts, and nothing else: for the index."""

    conditions: Sequence[Condition]

    def keys(self) -> set[Key]:
        """Every key that one of the conditions says something about."""
        return {condition.key._replace(aspect=aspect) for condition in self.conditions for aspect in _ASPECTS}

    def tokens(self, key: Key) -> Collection[Hashable]:
        return [
            other
            for condition in self.conditions
            if isinstance(condition, AnyOf)
            for token in list(condition.accepted)[:1]
            for other in _with(condition.key, token, key)
        ]
