"""Reading the routing file: all of it is checked, and every fault is reported together, before any call comes in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any, cast

import phonenumbers

from switchboard.call.language import read_language
from switchboard.call.spec import SpecError, read_spec
from switchboard.files.fields import Fields
from switchboard.files.source import Source, TableErrors
from switchboard.files.suggest import suggest
from switchboard.routing.decision import DEFAULT
from switchboard.routing.examples import Example, failures
from switchboard.routing.number_files import ListReader
from switchboard.routing.routes import RouteReader
from switchboard.routing.shadow import shadows
from switchboard.routing.table import Action, Route, Table
from switchboard.speech.profile import SpeechProfile
from switchboard.speech.reading import read_speech
from switchboard.worker.options import WorkerOptions

SECTIONS = ("worker", "numbers", "speech", "route", "default", "test")
LATER = {"hours": "timetables"}


@dataclass(frozen=True, slots=True)
class RoutingFile:
    """A routing file. `fingerprint` is the SHA-256 of the file and its number lists, in hex."""

    worker: WorkerOptions
    speech: Mapping[str, SpeechProfile]
    table: Table
    tests: tuple[Example, ...]
    fingerprint: str

    def providers(self) -> frozenset[str]:
        """The providers that some route could ask for: each needs its key."""
        profiles = [model for profile in self.speech.values() for model in profile.models().values()]
        routes = [model for route in self.table.routes for model in (route.action.stt, route.action.llm) if model]
        return frozenset(model.partition("/")[0] for model in (*profiles, *routes))


def load_file(path: Path, *, agents: Collection[str]) -> RoutingFile:
    """The routing file, its `[[test]]` rows passed. Raises TableErrors with every fault at once.

    `agents` are the names that a route may ask for.
    """
    config, faults = _read(path, agents)
    if config and not faults:
        return config
    raise TableErrors(faults)


def read_file(path: Path, *, agents: Collection[str]) -> RoutingFile:
    """The routing file without running its `[[test]]` rows. Raises TableErrors with every fault at once."""
    config, faults = _read(path, agents, run_tests=False)
    if config and not faults:
        return config
    raise TableErrors(faults)


def _read(path: Path, agents: Collection[str], run_tests: bool = True) -> tuple[RoutingFile | None, tuple[str, ...]]:
    source = Source(path)
    top = Fields(source, (), "the file", source.data)
    top.allow(SECTIONS, LATER)
    worker = _worker(source)
    lists = ListReader(source, worker.region)
    numbers = lists.read()
    speech = read_speech(source)
    reader = RouteReader(source, worker, speech, lists.names, agents)
    routes = [reader.route(index, table) for index, table in enumerate(_rows(top, "route"))]
    readable = [route for route in routes if route]
    default = reader.default(source.data.get(DEFAULT))
    table = Table(
        readable,
        default or Action(),
        default_line=source.line(DEFAULT),
        language=worker.language,
        speech=speech,
        lists=numbers,
    )
    tests = _tests(top, worker, readable, is_complete=len(readable) == len(routes))
    _report_shadows(source, table)
    # Faults that leave the conditions readable do not keep the rows from being run.
    if run_tests and len(readable) == len(routes) and not reader.names_clash:
        for example, message in failures(table, tests):
            source.fault(("test", example.index), message)
    digest = hashlib.sha256(source.bytes)
    for content in lists.contents:
        digest.update(content)
    config = RoutingFile(worker, speech, table, tests, digest.hexdigest()) if default else None
    return config, source.faults


def _rows(top: Fields, name: str) -> list[Any]:
    rows = top.table.get(name, [])
    if isinstance(rows, list):
        return cast("list[Any]", rows)
    top.fault(name, f"write each {name} as a table of its own: [[{name}]]")
    return []


def _worker(source: Source) -> WorkerOptions:
    fields = Fields(source, ("worker",), "[worker]", source.data.get("worker", {}))
    fields.allow([field.name for field in dataclass_fields(WorkerOptions)])
    values: dict[str, Any] = {}
    for field in dataclass_fields(WorkerOptions):
        read: dict[type, Callable[[str], Any]] = {
            str: fields.text,
            int: fields.whole_number,
            float: fields.number,
            tuple: fields.texts,
        }
        value = read[type(cast("object", field.default))](field.name)
        if value is not None:
            values[field.name] = value
    if "region" in values and values["region"].upper() not in phonenumbers.SUPPORTED_REGIONS:
        fields.fault("region", f'region = "{values.pop("region")}" is no country: write two letters, such as "US"')
    elif "region" in values:
        values["region"] = values["region"].upper()
    if "language" in values:
        language = read_language(values.pop("language"))
        if language:
            values["language"] = language
        else:
            fields.fault("language", 'language is no language tag: write "en" or "es-MX"')
    return WorkerOptions(**values)


def _tests(top: Fields, worker: WorkerOptions, routes: list[Route], is_complete: bool) -> tuple[Example, ...]:
    names = [*(route.name for route in routes), DEFAULT]
    tests: list[Example] = []
    for index, row in enumerate(_rows(top, "test")):
        fields = Fields(top.source, ("test", index), f"test {index + 1}", row)
        fields.allow(("call", "expect"))
        expect, spec = fields.text("expect"), fields.mapping("call")
        for key in {"call", "expect"} - fields.table.keys():
            fields.fault("", f"has no {key}")
        if expect is not None and expect not in names and is_complete:
            fields.fault("expect", f'expects the unknown route "{expect}" {suggest(expect, names)}')
            continue
        if expect is None or spec is None:
            continue
        try:
            call = read_spec(spec, worker.region, trusted_attributes=worker.trusted_attributes)
        except SpecError as error:
            for message in error.errors:
                fields.fault("call", f"call: {message}")
            continue
        tests.append(Example(index, top.source.line("test", index), call, expect))
    return tuple(tests)


def _report_shadows(source: Source, table: Table) -> None:
    for hidden, earlier in shadows(table.routes):
        message = (
            f'route "{hidden.name}": no call reaches it: route "{earlier.name}" in line {earlier.line} '
            "takes every call that it could: move it up, or narrow the earlier one"
        )
        source.fault_at(hidden.line, message)
