"""The routing file: the one place where its sections are put together.

All of it is checked, and every fault is reported together, before any call comes in. A further section is its model,
and a field of `Sections`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, Field

from switchboard.files.lines import KeyPath
from switchboard.files.sections import Section, read_sections
from switchboard.files.source import Source, TableErrors
from switchboard.routing.decision import DEFAULT
from switchboard.routing.examples import Example
from switchboard.routing.number_files import NumbersSection
from switchboard.routing.reading import Rows, read_routing
from switchboard.routing.routes import Known
from switchboard.routing.rows import DefaultRow, RouteRow, TestRow
from switchboard.routing.table import Action, AgentSpeech, Table
from switchboard.speech.known import doubt
from switchboard.speech.profile import SpeechProfile
from switchboard.speech.provider_reading import ProviderKeys, read_providers
from switchboard.speech.providers import Part, Providers, provider_of, work_of
from switchboard.speech.reading import SpeechKeys, overlaid
from switchboard.talk.options import NOTHING, AgentKeys, AgentOptions, read_agents
from switchboard.worker.options import Overflow, WorkerOptions, read_overflow


class Sections(Section):
    """Who picks up: the first route whose conditions all hold takes the call, and [default] what is left."""

    model_config = ConfigDict(title="switchboard.toml")
    needs: ClassVar[tuple[str, ...]] = (DEFAULT,)
    refused: ClassVar[Mapping[str, str]] = {"hours": "hours is not yet supported: timetables come with a later version"}

    worker: WorkerOptions = WorkerOptions()
    overflow: Overflow = Overflow()
    numbers: NumbersSection = NumbersSection()
    provider: dict[str, ProviderKeys] = Field(
        default={}, description="Who hears, thinks and speaks, beside deepgram and openai or in their place."
    )
    speech: dict[str, SpeechKeys] = Field(
        default={},
        description="Profiles: phone for telephones, wideband for everyone else, and your own.",
    )
    agent: dict[str, AgentKeys] = Field(default={}, description="Options of agents; one needs a prompt and no more.")
    route: list[RouteRow] = Field(
        default=[], description="From the top: the first whose conditions all hold takes the call."
    )
    default: DefaultRow | None = None
    test: list[TestRow] = Field(default=[], description="Calls, each with the route that must take it.")


@dataclass(frozen=True, slots=True)
class RoutingFile:
    """One version of a routing file. `fingerprint` names it: the SHA-256 of the file and its number lists, in hex."""

    worker: WorkerOptions
    providers: Providers
    speech: Mapping[str, SpeechProfile]
    agents: Mapping[str, AgentOptions]
    table: Table
    tests: tuple[Example, ...]
    fingerprint: str
    overflow: Overflow
    doubts: tuple[str, ...] = ()

    def asked(self) -> frozenset[str]:
        """The agents that a route or [default] names."""
        routes = (*self.table.routes, self.table.default)
        return frozenset(route.action.agent for route in routes if route.action.agent)

    def sounds(self) -> dict[str, SpeechProfile]:
        """How each agent that has a wish of its own speaks on a telephone, where the route says nothing."""
        found: dict[str, SpeechProfile] = {}
        for name, options in self.agents.items():
            if options.speech != AgentSpeech():
                action = Action().spoken_by(options.speech)
                with suppress(LookupError):  # this language is not heard: no route with this agent has it
                    found[name] = action.profile(self.speech[action.speech or "phone"], self.worker.language)
        return found

    def warnings(self) -> tuple[str, ...]:
        """What is no fault and yet not what the file seems to say."""
        return self.doubts + tuple(
            f"[agent.{colleague}]: where {name} hands over to it, it speaks as the call began: one realtime model and "
            "single ones do not take turns in a call (warning)"
            for name, options in self.agents.items()
            for colleague in options.hand_over
            if self._is_of_another_kind(options.speech, self.agents.get(colleague, NOTHING).speech)
        )

    def _is_of_another_kind(self, before: AgentSpeech, wish: AgentSpeech) -> bool:
        """Whether `wish` is for a realtime model after single ones, or the other way round, for some kind of caller."""
        pairs = ((self.speech[one.speech or kind] for one in (before, wish)) for kind in ("phone", "wideband"))
        return wish != AgentSpeech() and any(bool(a.realtime) != bool(b.realtime) for a, b in pairs)

    def profiles(self) -> tuple[SpeechProfile, ...]:
        """Every profile that some call could be given: the file's, and those with a model of a route in them."""
        found = list(self.speech.values())
        asked = [route.action for route in (*self.table.routes, self.table.default)]
        asked += [Action().spoken_by(options.speech) for options in self.agents.values()]
        for action in asked:
            if action.stt or action.llm:
                found += [action.with_models(profile) for profile in self.speech.values() if not profile.realtime]
        return tuple(found)

    def variables(self) -> dict[str, str]:
        """The variables that hold the keys of providers and of MCP servers, each with what it is for."""
        found: dict[str, str] = {}
        for profile in self.profiles():
            for part, model in profile.every_model():
                provider = profile.providers[provider_of(model)]
                if provider.key:
                    found.setdefault(provider.key, f'the key of provider "{provider.name}", which {work_of(part)}')
        for name, options in self.agents.items():
            for server in options.mcp:
                if server.key:
                    found.setdefault(server.key, f"the key to {server.host}, whose tools {name} gets")
        return found


def load_file(path: Path, *, agents: Collection[str]) -> RoutingFile:
    """The routing file, its `[[test]]` rows passed. Raises TableErrors with every fault at once.

    `agents` are the names that a route may ask for.
    """
    return _read(path, agents, run_tests=True)


def read_file(path: Path, *, agents: Collection[str]) -> RoutingFile:
    """The routing file without running its `[[test]]` rows. Raises TableErrors with every fault at once."""
    return _read(path, agents, run_tests=False)


def _read(path: Path, agents: Collection[str], *, run_tests: bool) -> RoutingFile:
    source = Source(path)
    file = read_sections(source, Sections)
    providers, worker = read_providers(source, file.provider), file.worker
    speech = overlaid(source, file.speech, providers)
    options = read_agents(source, file.agent, agents, speech)
    sounds = {name: of.speech for name, of in options.items()}
    known = Known(worker.region, worker.language, worker.trusted_attributes, speech, agents, sounds)
    overflow = read_overflow(source, file.overflow, worker.region)
    rows = Rows(file.numbers, file.route, file.default, file.test)
    routing = read_routing(source, rows, known, run_tests=run_tests)
    if source.faults:
        raise TableErrors(source.faults)
    return RoutingFile(
        worker,
        providers,
        speech,
        options,
        routing.table,
        routing.tests,
        _fingerprint(source.bytes, *routing.contents),
        overflow,
        tuple(f"{source.name}:{source.line(*path)}: {told} (warning)" for path, told in _doubts(file, speech)),
    )


def _doubts(file: Sections, speech: Mapping[str, SpeechProfile]) -> Iterator[tuple[KeyPath, str]]:
    """Models and voices that the file names and the installed plug-ins do not know: where, and the words."""
    for path, key, part, model in _named(file, speech):
        profile = next(iter(speech.values()))  # all have the file's providers
        if told := doubt(part, model, profile.providers):
            yield path, f'{key} = "{model}": {told}'


def _named(file: Sections, speech: Mapping[str, SpeechProfile]) -> Iterator[tuple[KeyPath, str, Part, str]]:
    """Where a model stands in the file or comes of a voice that does, its key, its part and its name."""
    for name, keys in file.speech.items():
        profile = speech[name]
        for part, model in profile.every_model():
            if part in keys.model_fields_set:
                yield ("speech", name, part), part, part, model
        for language, voice in (keys.voices or {}).items():
            part = profile.speaks()
            yield ("speech", name, "voices", language), "voices", part, profile.speaking_with(voice).models()[part]
    rows: list[tuple[KeyPath, RouteRow | DefaultRow | AgentKeys]] = [
        *((("route", index), row) for index, row in enumerate(file.route)),
        *((("agent", name), keys) for name, keys in file.agent.items()),
    ]
    rows += [((DEFAULT,), file.default)] if file.default else []
    for path, row in rows:
        if row.llm:
            yield (*path, "llm"), "llm", "llm", row.llm
        if isinstance(row, RouteRow | DefaultRow) and row.stt:
            yield (*path, "stt"), "stt", "stt", row.stt
        if row.voice:
            profile = speech[row.speech or "phone"]
            part = profile.speaks()
            yield (*path, "voice"), "voice", part, profile.speaking_with(row.voice).models()[part]


def _fingerprint(*contents: bytes) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()
