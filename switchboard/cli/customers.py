"""`switchboard customers import | export | list | find | add | remove`: who calls from which number."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from switchboard.cli.arguments import number_in, pairs, region_of
from switchboard.cli.database import with_database
from switchboard.cli.output import NO, console, errors, fail, print_json

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from switchboard.directory.csv_file import CustomerFile
    from switchboard.directory.load import Loaded

_IMPORT_PATIENCE_S = 120.0  # another import may be at it

Region = Annotated[
    str | None, typer.Option(help="How numbers without + are read, such as GB. Default: the routing file's.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The directory of customers, looked up when they call.")
    group.command("import")(load)
    group.command("export")(export)
    group.command("list")(show)
    group.command()(find)
    group.command()(add)
    group.command()(remove)
    app.add_typer(group, name="customers")


def load(
    file: Annotated[Path, typer.Argument(help='CSV with a header row; one column is "number".')],
    region: Region = None,
    replace: Annotated[bool, typer.Option("--replace", help="Remove customers who are not in the file.")] = False,
    json: AsJson = False,
) -> None:
    """Import customers from a CSV file: all of it, or nothing where a row is wrong.

    Columns name, language, tier, company and notes are known; any other routes as customer."column". A customer
    who is there already (same number and name) is brought up to date.
    """
    from switchboard.directory.csv_file import BadFile, open_customers

    try:
        with open_customers(file, region_of(region)) as customers:
            loaded = _load(customers, file.stat().st_size, replace)
    except BadFile as error:
        fail(f"{error}\nNothing was imported.")
    if json:
        print_json({name: getattr(loaded, name) for name in ("added", "updated", "removed", "repeated")})
        return
    console.print(f"{loaded.added:,} added, {loaded.updated:,} updated, {loaded.removed:,} removed", highlight=False)
    if loaded.repeated:
        console.print(f"{loaded.repeated:,} rows named a customer again: the last one counts", highlight=False)


def _load(customers: CustomerFile, size: int, replace: bool) -> Loaded:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from switchboard.directory.load import load

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("reading", total=size)

        def show(rows: int) -> None:
            position = customers.position()
            what = "writing" if position >= size else "reading"
            bar.update(task, completed=position, description=f"{what} {rows:,} rows")

        async def work(engine: AsyncEngine) -> Loaded:
            return await load(engine, customers, replace=replace, progress=show)

        return with_database(work, makes=True, patience_s=_IMPORT_PATIENCE_S)


def find(number: str, region: Region = None, json: AsJson = False) -> None:
    """Show who calls from a number, as a call asks: DIRECTORY_URL where it is set. Exit 1 for an unknown number."""
    from switchboard.cli.business import read_settings
    from switchboard.cli.directory import find_customers, written

    e164 = number_in(number, region_of(region))
    settings = read_settings()
    if settings.directory_url:
        found = find_customers(settings, e164)
        if not found.source:
            fail(found.warning.removesuffix(", went on without"), NO)
        if found.warning:
            typer.echo(found.warning, err=True)
        rows = found.rows
    else:
        rows = with_database(lambda engine: _find(engine, e164))
    if json:
        print_json(rows)
    for row in rows if not json else ():
        console.print(written(row) or "(no columns)", markup=False, highlight=False, soft_wrap=True)
    if not rows:
        fail(f"nobody is known under {e164}", NO)


async def _find(engine: AsyncEngine, number: str) -> Sequence[Mapping[str, Any]]:
    from switchboard.directory.sql import SqlDirectory

    return await SqlDirectory(engine).find(number)


def add(
    number: Annotated[str, typer.Option(help="The telephone number.")],
    name: Annotated[str, typer.Option(help="The customer's name.")] = "",
    column: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, any number of times.")] = None,
    region: Region = None,
) -> None:
    """Add a customer, or bring the one of the same number and name up to date. An empty value clears a column."""
    from switchboard.directory.customer import LONGEST_NAME
    from switchboard.directory.sql import SqlDirectory

    columns = pairs(column or [], "--column")
    for reserved, option in (("number", "--number"), ("name", "--name")):
        if reserved in columns:
            fail(f"--column {reserved}=… is given by {option}")
    if len(name) > LONGEST_NAME:
        fail(f"--name is longer than {LONGEST_NAME} characters")
    e164 = number_in(number, region_of(region))
    with_database(lambda engine: SqlDirectory(engine).add(e164, {"name": name.strip(), **columns}), makes=True)
    console.print(f"{e164}: saved", highlight=False)


def remove(
    number: Annotated[str, typer.Argument(help="The telephone number.")],
    name: Annotated[str | None, typer.Option(help="Only the customer of this name.")] = None,
    region: Region = None,
) -> None:
    """Remove the customers of a number. Exit 1 where there are none."""
    from switchboard.directory.sql import SqlDirectory

    e164 = number_in(number, region_of(region))
    removed = with_database(lambda engine: SqlDirectory(engine).remove(e164, name))
    if not removed:
        fail(f"nobody is known under {e164}" if name is None else f'no "{name}" is known under {e164}', NO)
    console.print(f"{e164}: {removed} removed", highlight=False)


def show(
    last: Annotated[int, typer.Option(help="How many at most, the oldest first.", min=1)] = 50,
    json: AsJson = False,
) -> None:
    """List the customers in our own database, in the order in which they were added."""
    from switchboard.cli.directory import written

    async def work(engine: AsyncEngine) -> list[dict[str, Any]]:
        return [row async for row in _first(engine, last + 1)]

    found = with_database(work)
    if json:
        print_json(found[:last])
        return
    for row in found[:last]:
        console.print(f"{row.pop('number')}  {written(row)}", markup=False, highlight=False, soft_wrap=True)
    if not found:
        console.print("no customers yet")
    elif len(found) > last:
        typer.echo(f"and more: --last {last * 10}, or switchboard customers export FILE", err=True)


async def _first(engine: AsyncEngine, count: int) -> AsyncIterator[dict[str, Any]]:
    from switchboard.directory.sql import SqlDirectory

    async with aclosing(SqlDirectory(engine).everyone()) as everyone:
        async for number, columns in everyone:
            yield {"number": number, **columns}
            count -= 1
            if not count:
                return


def export(
    file: Annotated[Path, typer.Argument(help="The CSV file to write; - is stdout.")],
) -> None:
    """Write all customers as a CSV file that import reads."""
    import os
    import sys

    if str(file) == "-":
        with_database(lambda engine: _export(engine, sys.stdout))
        return
    try:
        # Nobody else's, and nothing is overwritten.
        target = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(f"{file} is there already: name a new file, nothing is overwritten")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")
    try:
        with os.fdopen(target, "w", encoding="utf-8", newline="") as out:
            count = with_database(lambda engine: _export(engine, out))
    except BaseException:
        file.unlink()
        raise
    console.print(f"{file}: {count:,} customers", highlight=False)


async def _export(engine: AsyncEngine, out: TextIO) -> int:
    import csv

    from switchboard.directory.customer import KNOWN
    from switchboard.directory.sql import SqlDirectory

    columns = dict.fromkeys(("number", *KNOWN))
    async for _, row in SqlDirectory(engine).everyone():
        columns |= dict.fromkeys(row)
    writer, count = csv.DictWriter(out, list(columns), lineterminator="\n"), 0
    writer.writeheader()
    async for number, row in SqlDirectory(engine).everyone():
        writer.writerow({"number": number, **row})
        count += 1
    return count
