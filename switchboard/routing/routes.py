"""Reading `[[route]]` and `[default]`: who answers, and what is asked of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import product
from typing import cast, get_args

from switchboard.call.language import read_language
from switchboard.files.fields import Fields
from switchboard.files.source import Source
from switchboard.files.suggest import suggest
from switchboard.routing.conditions import AnyOf, Condition
from switchboard.routing.decision import DEFAULT, Refusal
from switchboard.routing.placeholders import GROUPS, PLACEHOLDERS, is_known, placeholders
from switchboard.routing.table import Action, Route
from switchboard.routing.view import Key
from switchboard.routing.when import WhenReader
from switchboard.speech.profile import Part, SpeechProfile, fault
from switchboard.worker.options import WorkerOptions

ACTION_KEYS = ("agent", "language", "speech", "greeting", "voice", "llm", "stt", "data", "reject")
ROUTE_KEYS = ("name", "when", *ACTION_KEYS)
LATER = {"transfer": "transfers", "announce": "announcements"}
_LANGUAGE = Key("data", "language")
_KIND = Key("kind")


class RouteReader:
    """Reads the routes of one file. Faults are in the source; a route whose conditions are unreadable is None."""

    def __init__(
        self,
        source: Source,
        worker: WorkerOptions,
        speech: Mapping[str, SpeechProfile],
        lists: Collection[str],
        agents: Collection[str],
    ) -> None:
        self._source = source
        self._worker = worker
        self._speech = speech
        self._agents = agents
        self._when = WhenReader(source, lists, worker.region)
        self._lines: dict[str, int] = {}
        self.names_clash = False

    def route(self, index: int, table: object) -> Route | None:
        fields = Fields(self._source, ("route", index), f"route {index + 1}", table)
        if fields.table.get("name"):
            fields.owner = f'route "{fields.table["name"]}"'
        fields.allow(ROUTE_KEYS, LATER)
        name = self._name(fields, index)
        when = self._when.read((*fields.path, "when"), fields.table.get("when", {}), name)
        action = self._action(fields, when or ())
        return None if when is None else Route(name, self._source.line(*fields.path), when, action)

    def default(self, table: object) -> Action | None:
        """What `[default]` asks for, None where there is none."""
        if table is None:
            self._source.fault((), 'there is no [default]: it says who answers what no route takes: agent = "…"')
            return None
        fields = Fields(self._source, (DEFAULT,), "[default]", table)
        if "when" in fields.table:
            fields.fault("when", "takes no when: it answers what no route takes")
        fields.allow((*ACTION_KEYS, "when"), LATER)
        return self._action(fields, ())

    def _name(self, fields: Fields, index: int) -> str:
        name = fields.text("name")
        if not name:
            if "name" not in fields.table or name == "":
                fields.fault("name", 'has no name: name = "…" is what tests, traces and records call it')
            self.names_clash = True
            return f"{index + 1}"
        line = self._source.line(*fields.path)
        if name == DEFAULT:
            fields.fault("name", f'"{DEFAULT}" is the name of the [default] table: give the route another')
            self.names_clash = True
        elif name in self._lines:
            fields.fault("name", f"line {self._lines[name]} has a route of this name: give one of them another")
            self.names_clash = True
        self._lines.setdefault(name, line)
        return name

    def _action(self, fields: Fields, when: tuple[Condition, ...]) -> Action:
        action = Action(
            agent=self._one_of(fields, "agent", self._agents),
            language=self._language(fields),
            speech=self._one_of(fields, "speech", self._speech),
            greeting=self._greeting(fields),
            voice=fields.text("voice"),
            llm=self._model(fields, "llm"),
            stt=self._model(fields, "stt"),
            data=dict(fields.mapping("data") or {}),
            reject=cast("Refusal | None", self._one_of(fields, "reject", get_args(Refusal))),
        )
        asked = {"agent", "reject", *LATER} & fields.table.keys()
        if not asked and fields.table.keys() <= {*ROUTE_KEYS}:  # else an unknown key is the fault
            fields.fault("", 'asks for nothing: give it agent = "…", or reject = "busy"')
        elif len(asked) > 1:
            fields.fault("reject", f"asks for {' and '.join(sorted(asked))}: only one of them can be")
        self._check_heard(fields, action, when)
        return action

    def _one_of(self, fields: Fields, key: str, have: Collection[str]) -> str | None:
        value = fields.text(key)
        if value is not None and value not in have:
            what = "speech profile" if key == "speech" else key
            fields.fault(key, f'unknown {what} "{value}" {suggest(value, sorted(have))}')
            return None
        return value

    def _language(self, fields: Fields) -> str | None:
        value = fields.text("language")
        language = read_language(value)
        if value is not None and language is None:
            fields.fault("language", f'language = "{value}" is no language tag: write "es" or "es-MX"')
        return language

    def _model(self, fields: Fields, part: Part) -> str | None:
        model = fields.text(part)
        wrong = fault(part, model) if model is not None else None
        if wrong:
            fields.fault(part, wrong)
        return None if wrong else model

    def _greeting(self, fields: Fields) -> str | None:
        text = fields.text("greeting")
        if text is None:
            return None
        have = (*PLACEHOLDERS, *(f"{group}.KEY" for group in GROUPS))
        try:
            for name in sorted(placeholders(text)):
                if not is_known(name):
                    fields.fault("greeting", f"greeting: unknown placeholder {{{name}}} {suggest(name, have)}")
        except ValueError as error:
            fields.fault("greeting", f"greeting: {error}")
        return text

    def _check_heard(self, fields: Fields, action: Action, when: tuple[Condition, ...]) -> None:
        """Every profile and language that this route could ask for must have a model: no call is to find out."""
        if "speech" in fields.table and action.speech is None:
            return
        kinds = _accepted(when, _KIND) or {"sip", "standard"}
        profiles = {action.speech or ("phone" if kind == "sip" else "wideband") for kind in kinds}
        languages = {action.language} if action.language else {self._worker.language, *_accepted(when, _LANGUAGE)}
        for name, language in product(sorted(profiles), sorted(languages)):
            try:
                action.profile(self._speech[name], language)
            except LookupError as error:
                key = "language" if action.language else "speech"
                fields.fault(key, f'speech profile "{name}": {error.args[0]}: name another stt or language')
                return


def _accepted(when: tuple[Condition, ...], key: Key) -> set[str]:
    return {
        token
        for condition in when
        if isinstance(condition, AnyOf) and condition.key == key
        for token in condition.accepted
        if isinstance(token, str)
    }
