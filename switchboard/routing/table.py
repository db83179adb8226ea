"""The table: a Call goes in, a Decision comes out. Pure: no I/O, no clock, and it never raises for any call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from switchboard.call.call import Call
from switchboard.call.language import read_language
from switchboard.routing.conditions import Condition
from switchboard.routing.decision import DEFAULT, Answer, Decision, Refusal, Refuse, Step
from switchboard.routing.index import Index
from switchboard.routing.number_lists import NumberLists
from switchboard.routing.view import Key, View, late_names
from switchboard.speech.profile import SpeechProfile


@dataclass(frozen=True, slots=True)
class AgentSpeech:
    """How an agent is to sound where the route says nothing of it; None where the agent has no wish either."""

    speech: str | None = None
    voice: str | None = None
    llm: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What a route asks for: an agent or a refusal, and how the agent is to sound."""

    agent: str | None = None
    language: str | None = None
    speech: str | None = None
    greeting: str | None = None
    opening: str | None = None
    voice: str | None = None
    llm: str | None = None
    stt: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    reject: Refusal | None = None

    def profile(self, profile: SpeechProfile, language: str) -> SpeechProfile:
        """`profile` with this route's models, heard and spoken in `language`. Raises LookupError if it cannot be."""
        profile = self.with_models(profile).spoken_in(language)
        return profile.speaking_with(self.voice) if self.voice else profile

    def spoken_by(self, agent: AgentSpeech | None) -> Action:
        """This with what `agent` asks for, wherever the route says nothing."""
        if agent is None:
            return self
        return replace(
            self, speech=self.speech or agent.speech, voice=self.voice or agent.voice, llm=self.llm or agent.llm
        )

    def with_models(self, profile: SpeechProfile) -> SpeechProfile:
        """`profile` with this route's models; one realtime model stays what it is."""
        if profile.realtime:
            return profile
        return replace(profile, stt=self.stt or profile.stt, llm=self.llm or profile.llm)


@dataclass(frozen=True, slots=True)
class Route:
    """One row: a name, conditions that must all hold, and what to do."""

    name: str
    line: int
    conditions: tuple[Condition, ...]
    action: Action

    def step(self, view: View) -> Step:
        """This row looked at: what held, and the first that did not."""
        matched: list[str] = []
        for condition in self.conditions:
            if not condition.holds(view):
                return Step(self.name, self.line, tuple(matched), condition.failure(view))
            matched.append(condition.text)
        return Step(self.name, self.line, tuple(matched), None)


class Table:
    """The routes in order, and the default behind them. Build it with `switchboard.routing.reading`."""

    def __init__(
        self,
        routes: Sequence[Route],
        default: Action,
        *,
        default_line: int = 1,
        language: str = "en",
        speech: Mapping[str, SpeechProfile],
        lists: NumberLists,
        agents: Mapping[str, AgentSpeech] | None = None,
    ) -> None:
        self.routes = tuple(routes)
        self.default = Route(DEFAULT, default_line, (), default)
        self.language = language
        self.speech = speech
        self.agents = agents or {}
        self._lists = lists
        self._index = Index([route.conditions for route in self.routes])
        self.needs: frozenset[str] = frozenset().union(*(_waits(route) for route in self.routes))
        self.needs_customer = any(_reads_directory(c.key) for route in self.routes for c in route.conditions)
        # Routes that may wait, found by those of their conditions that are settled when the caller joins.
        self._waiting = [position for position, route in enumerate(self.routes) if _waits(route)]
        self._settled = Index(
            [
                [condition for condition in self.routes[position].conditions if not late_names(condition.key)]
                for position in self._waiting
            ]
        )

    def decide(self, call: Call) -> Decision:
        """The first route whose conditions all hold, or the default, and what it asks for."""
        return self._decision(self.match(call), call)

    def match(self, call: Call) -> Route:
        """The route that takes the call."""
        view = self.view(call)
        return self.routes[position] if (position := self._match(view)) is not None else self.default

    def view(self, call: Call) -> View:
        return View(call, self._lists)

    def trace(self, call: Call) -> tuple[Step, ...]:
        """Every row that a reader of the file would look at, the one that takes the call last."""
        return tuple(self._steps(self.view(call)))

    def could_change(self, call: Call, missing: Collection[str] | None = None) -> frozenset[str]:
        """Attributes that may still arrive and would change which route is taken: empty means decide now.

        `missing` are the attribute names not there yet; None means all of `needs` that the call lacks. Only a
        caller of kind SIP gets attributes late.
        """
        if call.kind != "sip" or call.is_complete or not self.needs:
            return frozenset()
        open_names = self.needs.difference(call.attributes) if missing is None else self.needs & frozenset(missing)
        if not open_names:
            return open_names
        view = self.view(call)
        taken = self._match(view)
        found = set[str]()
        if taken is not None:
            found |= _open(self.routes[taken], call, open_names)
        for index in self._settled.candidates(view):
            position = self._waiting[index]
            if found >= open_names or (taken is not None and position >= taken):
                break
            found |= self._could_take(self.routes[position], view, open_names)
        return frozenset(found)

    def _match(self, view: View) -> int | None:
        for position in self._index.candidates(view):
            if all(condition.holds(view) for condition in self.routes[position].conditions):
                return position
        return None

    def _steps(self, view: View) -> Iterator[Step]:
        for route in (*self.routes, self.default):
            step = route.step(view)
            yield step
            if step.failed is None:
                return

    def _could_take(self, route: Route, view: View, open_names: frozenset[str]) -> frozenset[str]:
        """What a route that does not hold now waits for, empty where one of its conditions is settled and false."""
        found = frozenset[str]()
        for condition in route.conditions:
            if not condition.holds(view):
                names = late_names(condition.key, view.call) & open_names
                if not names:
                    return frozenset()
                found |= names
        return found

    def _decision(self, route: Route, call: Call) -> Decision:
        action, agent = route.action, route.action.agent
        if agent is None:
            return Refuse(route=route.name, line=route.line, reason=action.reject or "busy")
        action = action.spoken_by(self.agents.get(agent))
        warnings = list[str]()
        profile = self._profile(action, call)
        language, speech = self._heard(action, profile, call, warnings)
        return Answer(
            route=route.name,
            line=route.line,
            warnings=tuple(warnings),
            agent=agent,
            language=language,
            speech=speech,
            greeting=action.greeting,
            opening=action.opening,
            data=action.data,
        )

    def speech_of(self, agent: str, decision: Answer, call: Call) -> SpeechProfile:
        """How `agent` speaks once it has this call. What its route asks for holds for everybody who gets it.

        The recogniser stays as it is. One realtime model and single ones do not take turns: then all of it stays.
        """
        route = next(route for route in (*self.routes, self.default) if route.name == decision.route)
        action = route.action.spoken_by(self.agents.get(agent))
        profile = self._profile(action, call)
        if bool(profile.realtime) != bool(decision.speech.realtime):
            return decision.speech
        speech = replace(action, stt=decision.speech.stt or None).profile(profile, decision.language)
        return replace(speech, stt=decision.speech.stt, keyterms=decision.speech.keyterms)

    def _profile(self, action: Action, call: Call) -> SpeechProfile:
        return self.speech[action.speech or ("phone" if call.kind == "sip" else "wideband")]

    def _heard(
        self, action: Action, profile: SpeechProfile, call: Call, warnings: list[str]
    ) -> tuple[str, SpeechProfile]:
        """The route's language, else the call's if it can be heard in this profile, else the worker's."""
        wanted = None if action.language else call.value("language")
        if wanted is not None:
            language = read_language(wanted)
            if language is None:
                warnings.append(f"the call's language is no language tag: {self.language} is spoken")
            else:
                try:
                    return language, action.profile(profile, language)
                except LookupError as error:
                    warnings.append(f"{error.args[0]}: {self.language} is spoken")
        language = action.language or self.language
        return language, action.profile(profile, language)


def _reads_directory(key: Key) -> bool:
    """The caller's row is also the last source of the merged data."""
    return key.group in ("customer", "data", "trusted")


def _waits(route: Route) -> frozenset[str]:
    return frozenset[str]().union(*(late_names(condition.key) for condition in route.conditions))


def _open(route: Route, call: Call, open_names: frozenset[str]) -> frozenset[str]:
    """What may still undo a route that holds."""
    return frozenset[str]().union(*(late_names(c.key, call) & open_names for c in route.conditions))
