"""`switchboard check` and `switchboard explain`: the routing file, tried without a call."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast

import typer

from switchboard.cli.output import NO, WRONG_USE, console, fail, print_json

if TYPE_CHECKING:
    from switchboard.routing.config import Config

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The routing file (else SWITCHBOARD_CONFIG, switchboard.toml).")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    app.command()(check)
    app.command()(explain)


def check(config: ConfigOption = None, as_json: JsonFlag = False) -> None:
    """Check the routing file and run its test rows. Exit 2 for faults in the file, 1 for a failing row."""
    from switchboard.routing.examples import failures, unreached

    path = _path(config)
    read = _read(path, as_json)
    failed = [f"{path.name}:{test.line}: {message}" for test, message in failures(read.table, read.tests)]
    without = unreached(read.table, read.tests)
    routes, tests = len(read.table.routes), len(read.tests)
    if as_json:
        print_json(
            {
                "ok": not failed,
                "routes": routes,
                "tests": tests,
                "errors": [],
                "failed": failed,
                "unreached": without,
                "fingerprint": read.fingerprint,
            }
        )
    else:
        for message in failed:
            typer.echo(message, err=True)
        for name in without:
            typer.echo(f'{path.name}: no test row reaches "{name}" (warning): add a [[test]] for it', err=True)
        result = "all pass" if not failed else f"{len(failed)} failed"
        typer.echo(f"{path.name}: {_count(routes, 'route')} and a default, {_count(tests, 'test')}, {result}.")
    if failed:
        raise typer.Exit(NO)


def explain(
    to: Annotated[str | None, typer.Option("--to", help="The number dialled.")] = None,
    caller: Annotated[str | None, typer.Option("--from", help="The number calling; without it, it is hidden.")] = None,
    trunk: Annotated[str | None, typer.Option(help="The trunk's ID, ST_….")] = None,
    rule: Annotated[str | None, typer.Option(help="The dispatch rule's ID, SDR_….")] = None,
    kind: Annotated[str | None, typer.Option(help="sip (as without it), standard, ….")] = None,
    direction: Annotated[str | None, typer.Option(help="inbound (as without it) or outbound.")] = None,
    at: Annotated[str | None, typer.Option(help="When, ISO 8601; without it, now.")] = None,
    attribute: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="An attribute; repeat.")] = None,
    header: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="A SIP header; repeat.")] = None,
    job: Annotated[str | None, typer.Option(metavar="JSON", help="Job metadata.")] = None,
    participant: Annotated[str | None, typer.Option(metavar="JSON", help="Participant metadata.")] = None,
    room: Annotated[str | None, typer.Option(metavar="JSON", help="Room metadata.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="JSON", help="The caller's row, or a list of them.")] = None,
    call: Annotated[str | None, typer.Option(metavar="JSON|@FILE|-", help="The whole call instead.")] = None,
    expect: Annotated[str | None, typer.Option(metavar="NAME", help="Exit 1 when another route wins.")] = None,
    config: ConfigOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say which route takes a call, and why: every row looked at, what matched, and the first that did not."""
    from switchboard.call_spec import SpecError, read_spec
    from switchboard.cli.explanation import show
    from switchboard.routing.explain import explain as explain_call

    attributes = _pairs("--attribute", attribute) | {
        f"sip.h.{name.lower()}": value for name, value in _pairs("--header", header).items()
    }
    given = {
        "to": to,
        "from": caller,
        "trunk": trunk,
        "rule": rule,
        "kind": kind,
        "direction": direction,
        "at": at,
        "attributes": attributes or None,
        "job": job,
        "participant": participant,
        "room": room,
        "customer": None if customer is None else _json("--customer", customer),
    }
    spec = {key: value for key, value in given.items() if value is not None}
    if call is not None:
        if spec:
            fail(f"--call is the whole call: leave out {', '.join(f'--{key}' for key in spec)}")
        spec = _object("--call", call)
    path = _path(config)
    read = _read(path, as_json=False)
    worker = read.worker
    try:
        described = read_spec(spec, worker.region, trusted_attributes=worker.trusted_attributes)
    except SpecError as error:
        fail(str(error))
    names = [*(route.name for route in read.table.routes), read.table.default.name]
    if expect is not None and expect not in names:
        from switchboard.routing.suggest import suggest

        fail(f'--expect: there is no route "{expect}" {suggest(expect, names)}')
    explanation = explain_call(read.table, described)
    if as_json:
        print_json(explanation.as_json())
    else:
        show(console, path.name, described, explanation)
    if expect is not None and explanation.decision.route != expect:
        fail(f'expected "{expect}", got "{explanation.decision.route}"', NO)


def _path(config: Path | None) -> Path:
    if config is not None:
        return config
    from switchboard.settings import Settings

    return Settings().config


def _read(path: Path, as_json: bool) -> Config:
    import agents
    from agents.prompts import missing_prompts
    from switchboard.routing.load import read
    from switchboard.routing.source import TableErrors

    config: Config | None = None
    faults = missing_prompts(agents.names())
    try:
        config = read(path, agents=agents.names())
    except TableErrors as error:
        faults = [*error.errors, *faults]
    if config is not None and not faults:
        return config
    if as_json:
        print_json({"ok": False, "errors": faults})
        raise typer.Exit(WRONG_USE)
    return fail("\n".join(faults))


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            fail(f'{option} "{text}": write it as NAME=VALUE')
        pairs[name] = value
    return pairs


def _object(option: str, given: str) -> dict[str, Any]:
    """A JSON object, given itself, as @FILE, or by `-` on stdin."""
    text = given
    if given == "-" or given.startswith("@"):
        source: Callable[[], str] = sys.stdin.read if given == "-" else Path(given[1:]).read_text
        try:
            text = source()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            fail(f"{option}: {given} cannot be read: {reason}")
    value = _json(option, text)
    if not isinstance(value, dict):
        _not_json(option, "this is no JSON object")
    return cast("dict[str, Any]", value)


def _json(option: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        _not_json(option, f"this is not JSON: {error}")


def _not_json(option: str, what: str) -> NoReturn:
    fail(f"""{option}: {what}: write it as '{{"to": "+18005550100"}}'""")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
