"""`switchboard provision`: trunks.toml beside the server, applied to it, or written from it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from switchboard.cli.business import read_settings
from switchboard.cli.livekit import ask_server
from switchboard.cli.output import NO, fail, print_json

if TYPE_CHECKING:
    from livekit.api import LiveKitAPI

    from switchboard.trunks.plan import Change, Plan
    from switchboard.trunks.reading import Trunks

_SIGNS = {"create": "+", "update": "~", "delete": "-"}
_TO_DO = {"create": "create", "update": "update", "delete": "delete"}
_DONE = {"create": "created", "update": "updated", "delete": "deleted"}


def register(app: typer.Typer) -> None:
    app.command()(provision)


def provision(
    file: Annotated[Path, typer.Option("--file", "-f", help="The file of trunks and rules.")] = Path("trunks.toml"),
    apply: Annotated[bool, typer.Option("--apply", help="Make the server so.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Also delete what the file does not name.")] = False,
    export: Annotated[bool, typer.Option("--export", help="Write the file from what the server has.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show how the server's trunks and dispatch rules differ from trunks.toml; --apply makes them so."""
    if export and (apply or prune):
        fail("--export only writes a file: leave out --apply and --prune")
    if export:
        _export(file, as_json)
    else:
        _provision(file, apply=apply, prune=prune, as_json=as_json)


def _provision(file: Path, *, apply: bool, prune: bool, as_json: bool) -> None:
    from switchboard.trunks.apply import ApplyError, fetch
    from switchboard.trunks.apply import apply as apply_plan
    from switchboard.trunks.plan import find_obstacles, make_plan
    from switchboard.worker.name import worker_name

    settings = read_settings()
    trunks = _read(file)
    worker = worker_name(settings)

    async def work(api: LiveKitAPI) -> Plan:
        stock = await fetch(api)
        obstacles = find_obstacles(trunks, stock, worker, prune=prune)
        if obstacles:
            fail("\n".join(f"{file.name}: {text}" for text in obstacles))
        plan = make_plan(trunks, stock, worker, prune=prune)
        if apply:
            await apply_plan(api, plan, stock)
        return plan

    for warning in trunks.warnings:
        typer.echo(f"{warning} (warning)", err=True)
    try:
        plan = ask_server(settings, work)
    except ApplyError as error:
        done = f" ({len(error.done)} changes were made before; run it again after the repair)" if error.done else ""
        fail(f"{error}{done}", NO)
    if as_json:
        print_json(_as_json(plan, trunks, apply=apply, prune=prune))
    else:
        _show(plan, apply=apply, prune=prune)


def _read(file: Path) -> Trunks:
    from switchboard.files.source import TableErrors
    from switchboard.trunks.reading import TrunksErrors, read_trunks

    try:
        return read_trunks(file, _environment())
    except (TableErrors, TrunksErrors) as error:
        fail(str(error))


def _environment() -> dict[str, str]:
    """The variables that the file may name: the environment, and `.env` below it."""
    from dotenv import dotenv_values

    below = {key: value for key, value in dotenv_values(".env").items() if value is not None}
    return below | dict(os.environ)


def _show(plan: Plan, *, apply: bool, prune: bool) -> None:
    for change in plan.changes:
        head = f"{_SIGNS[change.action]} {_label(change)}"
        typer.echo(f"{head}: {_DONE[change.action]}" if apply else head)
        for key, before, after in change.differences():
            old = f"{_text(before)} -> " if change.old else ""
            typer.echo(f"    {key}: {old}{_text(after)}")
    if not prune:
        for present in plan.beyond:
            typer.echo(f"  {present.label}: only on the server (--prune deletes it)")
    if not plan.changes:
        typer.echo("The server is as the file says.")
    elif not apply:
        typer.echo(f"To do: {_counted(plan.changes, _TO_DO)}. Nothing is changed yet: --apply does it.")
    else:
        typer.echo(f"{_counted(plan.changes, _DONE).capitalize()}.")


def _label(change: Change) -> str:
    return change.old.label if change.old else f'{change.kind} "{change.name}"'


def _counted(changes: Sequence[Change], words: Mapping[str, str]) -> str:
    counts = {action: sum(change.action == action for change in changes) for action in words}
    return ", ".join(f"{words[action]} {count}" for action, count in counts.items() if count)


def _text(value: Any) -> str:
    import json

    return "(nothing)" if value in (None, "", [], {}) else json.dumps(value, ensure_ascii=False, default=str)


def _as_json(plan: Plan, trunks: Trunks, *, apply: bool, prune: bool) -> dict[str, Any]:
    return {
        "applied": apply,
        "changes": [
            {
                "action": change.action,
                "kind": change.kind,
                "name": change.name,
                "id": change.old.id if change.old else None,
                "fields": [{"name": key, "before": old, "after": new} for key, old, new in change.differences()],
            }
            for change in plan.changes
        ],
        "only_on_server": [] if prune else [{"kind": p.kind, "name": p.name, "id": p.id} for p in plan.beyond],
        "warnings": list(trunks.warnings),
    }


def _export(file: Path, as_json: bool) -> None:
    from switchboard.trunks.apply import fetch
    from switchboard.trunks.export import export
    from switchboard.worker.name import worker_name

    settings = read_settings()
    if file.exists():
        fail(f"{file} is there already: name a new file with --file, nothing is overwritten")
    if not file.parent.is_dir():
        fail(f"{file}: there is no folder {file.parent}: make it first")
    stock = ask_server(settings, fetch)
    result = export(stock, worker_name(settings))
    try:
        file.write_text(result.text, encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")
    if as_json:
        print_json({"file": str(file), "exported": len(stock), "variables": result.variables})
        return
    typer.echo(f"{file}: {len(stock)} trunks and rules.")
    if result.variables:
        typer.echo(f"Its secrets stay out of it; set these variables: {', '.join(result.variables)}")
