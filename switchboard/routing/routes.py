"""Reading the routes: what pydantic cannot know of them, because it lies in other tables or in other rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from switchboard.files.sections import Place, place_of
from switchboard.files.source import Source
from switchboard.files.suggest import suggest
from switchboard.routing.conditions import AnyOf, Condition
from switchboard.routing.decision import DEFAULT
from switchboard.routing.placeholders import placeholder_faults
from switchboard.routing.rows import LATER, NO_NAME, DefaultRow, RouteRow
from switchboard.routing.table import Action, AgentSpeech, Route
from switchboard.routing.view import Key
from switchboard.routing.when import WhenReader
from switchboard.speech.profile import SpeechProfile, fault
from switchboard.speech.providers import Part

_LANGUAGE = Key("data", "language")
_KIND = Key("kind")
_ACTIONS = frozenset({"agent", "reject", *LATER})
# What says how an agent speaks, and what it is told.
_SPOKEN = frozenset({"language", "speech", "greeting", "opening", "voice", "llm", "stt", "data"})
_KEYS = frozenset(RouteRow.key_names())


@dataclass(frozen=True, slots=True)
class Known:
    """What routes may refer to, and what holds where they say nothing. It is not routing's: it comes by argument.

    `region` reads numbers without `+`; `language` is the worker's; `agents` are the names that a route may ask for,
    and `agent_speech` how some of them are to sound.
    """

    region: str
    language: str
    trusted_attributes: tuple[str, ...]
    profiles: Mapping[str, SpeechProfile]
    agents: Collection[str]
    agent_speech: Mapping[str, AgentSpeech] = field(default_factory=dict[str, AgentSpeech])


class RouteReader:
    """Reads the routes of one file. Faults are in the source; a route whose conditions are unreadable is None."""

    def __init__(self, source: Source, known: Known, lists: Collection[str]) -> None:
        self._source = source
        self._known = known
        self._when = WhenReader(source, lists, known.region)
        self._lines: dict[str, int] = {}
        self.names_clash = False

    def route(self, index: int, row: RouteRow) -> Route | None:
        place = place_of(self._source, RouteRow, "route", index)
        line = self._source.line(*place.path)
        name = self._name(place, row, line) or f"{index + 1}"
        when = self._when.read((*place.path, "when"), row.when, name)
        action = self._action(place, row, when or ())
        return None if when is None else Route(name, line, when, action)

    def default(self, row: DefaultRow | None) -> Action | None:
        """What `[default]` asks for, None where there is none."""
        if row is None:
            self._source.fault((), 'there is no [default]: it says who answers what no route takes: agent = "…"')
            return None
        return self._action(place_of(self._source, DefaultRow, DEFAULT), row, ())

    def _name(self, place: Place, row: RouteRow, line: int) -> str:
        if not row.name:
            self.names_clash = True
            if "name" not in place.keys:
                place.fault("name", NO_NAME)
        elif row.name == DEFAULT:
            self.names_clash = True
            place.fault("name", f'"{DEFAULT}" is the name of the [default] table: give the route another')
        elif row.name in self._lines:
            self.names_clash = True
            place.fault("name", f"line {self._lines[row.name]} has a route of this name: give one of them another")
        else:
            self._lines[row.name] = line
        return row.name

    def _action(self, place: Place, row: RouteRow | DefaultRow, when: tuple[Condition, ...]) -> Action:
        _check_known(place, "agent", "agent", row.agent, self._known.agents, f": it needs prompts/{row.agent}.md")
        _check_known(place, "speech", "speech profile", row.speech, self._known.profiles)
        _check_words(place, "greeting", row.greeting)
        _check_words(place, "opening", row.opening)
        asked = _ACTIONS & place.keys
        if not asked and place.keys <= _KEYS:  # else an unknown key is the fault
            place.fault("", 'asks for nothing: give it agent = "…", or reject = "busy"')
        elif len(asked) > 1:
            place.fault("reject", f"asks for {' and '.join(sorted(asked))}: only one of them can be")
        elif "reject" in asked:
            for key in sorted(_SPOKEN & place.keys):
                place.fault(key, f"{key} is for an agent: who is refused hears nobody, so leave it out")
        action = row.action()
        self._check_heard(place, action, when)
        return action

    def _check_heard(self, place: Place, action: Action, when: tuple[Condition, ...]) -> None:
        """Every profile and language that this route could ask for must have a model: no call is to find out."""
        if "speech" in place.keys and action.speech not in self._known.profiles:
            return
        own, action = action, action.spoken_by(self._known.agent_speech.get(action.agent or ""))
        if action.speech not in (None, *self._known.profiles):
            return  # told where it stands
        kinds = _accepted(when, _KIND) or {"sip", "standard"}
        profiles = {action.speech or ("phone" if kind == "sip" else "wideband") for kind in kinds}
        if self._misused(place, own, [self._known.profiles[name] for name in sorted(profiles)]):
            return
        languages = {action.language} if action.language else {self._known.language, *_accepted(when, _LANGUAGE)}
        for name, language in product(sorted(profiles), sorted(languages)):
            try:
                action.profile(self._known.profiles[name], language)
            except LookupError as error:
                key = "language" if action.language else "speech"
                place.fault(key, f'speech profile "{name}": {error.args[0]}: name another stt or language')
                return

    def _misused(self, place: Place, action: Action, profiles: Sequence[SpeechProfile]) -> bool:
        """Whether a model of this row cannot be had in one of the profiles, which is told."""
        models: dict[Part, str | None] = {"stt": action.stt, "llm": action.llm}
        for profile, (part, model) in product(profiles, models.items()):
            if model and profile.realtime:
                place.fault(part, f'speech profile "{profile.name}" is one realtime model: leave {part} out')
                return True
            if model and (wrong := fault(part, model, profile.providers, profile.keyterms)):
                place.fault(part, wrong)
                return True
        return False


def _check_known(place: Place, key: str, what: str, value: str | None, have: Collection[str], needs: str = "") -> None:
    if value is not None and value not in have:
        place.fault(key, f'unknown {what} "{value}" {suggest(value, sorted(have))}{needs}')


def _check_words(place: Place, key: str, text: str | None) -> None:
    for wrong in placeholder_faults(text or ""):
        place.fault(key, f"{key}: {wrong}")


def _accepted(when: tuple[Condition, ...], key: Key) -> set[str]:
    return {
        token
        for condition in when
        if isinstance(condition, AnyOf) and condition.key == key
        for token in condition.accepted
        if isinstance(token, str)
    }
