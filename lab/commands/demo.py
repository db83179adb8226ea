"""`switchboard demo`: a call, from the ring to the record, on this machine and without keys."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from switchboard.cli.arguments import Attributes, Customer, Headers, customer_rows, json_object, not_empty, pairs
from switchboard.cli.business import read_roster, read_routing_file, read_settings
from switchboard.cli.output import NO, console, fail, leave
from switchboard.speech.providers import BUILT_IN

if TYPE_CHECKING:
    from lab.demo.plan import Plan
    from lab.softphone import Softphone
    from lab.softphone.scripted import Moment
    from switchboard.records.record import CallRecord
    from switchboard.worker.routing_file import RoutingFile
    from switchboard.worker.settings import Settings

_RECORDINGS = Path("recordings")
_FOLDER = Path(".cache/demo")
_ANSWERED_WITHIN = 30.0  # s
_WORK = {"deepgram": "the agent hears", "openai": "the agent thinks and speaks"}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    from_number: Annotated[str, typer.Option("--from", help="Who calls; empty hides the number.")] = "+14155550123",
    to_number: Annotated[str, typer.Option("--to", help="The number that was dialled.")] = "+18005550100",
    say: Annotated[list[str] | None, typer.Option(help="What the caller says, one turn each time.")] = None,
    language: Annotated[str, typer.Option(help="The language of --say; by default the route's.")] = "",
    kind: Annotated[Literal["sip", "standard"], typer.Option(help="By telephone, or by browser.")] = "sip",
    trunk: Annotated[str, typer.Option(help="The trunk, sip.trunkID.")] = "ST_softphone",
    header: Headers = None,
    attribute: Attributes = None,
    customer: Customer = None,
    job: Annotated[str | None, typer.Option(help='Job metadata, \'{"department": "support"}\'.')] = None,
    imitate: Annotated[bool, typer.Option("--imitate", help="Imitate providers although their keys are set.")] = False,
) -> None:
    """Start everything on this machine, let one call come in, and show who picks up, why, what is said and done.

    The caller is looked up in the directory that the environment names, unless --customer says who it is; records go
    to a database of the demonstrations'. Exit 0 when the call was answered, every turn got its reply and no tool
    failed, or it was refused where the table asks for that.
    """
    from lab.demo.plan import Plan, as_the_worker_sees_it
    from lab.demo.script import script
    from lab.softphone import Caller
    from switchboard.routing.decision import Answer
    from switchboard.worker.name import worker_name

    if not all(text.strip() for text in say or ()):
        fail("--say is empty: write what the caller says, or leave it out for the ready conversation")
    settings = read_settings()
    caller = Caller(
        from_number=from_number or Caller().from_number,
        hide_number=not from_number,
        to_number=not_empty(to_number, "--to"),
        trunk_id=trunk,
        kind=kind,
        headers=pairs(header or (), "--header"),
        attributes=pairs(attribute or (), "--attribute"),
        job_metadata=json_object(job, "--job"),
        agent_name=worker_name(settings),
    )
    file = read_routing_file(settings.config, run_tests=True)
    call, customers = as_the_worker_sees_it(settings, file, caller, customer_rows(customer))
    decision = file.table.decide(call)
    spoken = language or (decision.language if isinstance(decision, Answer) else file.worker.language)
    plan = Plan(
        settings,
        file,
        caller,
        call,
        customers,
        directory_is_given=customer is not None,
        says=tuple(say or ()) or script(spoken, read_roster().names()),
        language=spoken,
        imitated=_imitated(settings, file, imitate=imitate),
    )
    leave(_until_told_to_stop(_demonstrate(plan)))


def _imitated(settings: Settings, file: RoutingFile, *, imitate: bool) -> list[str]:
    """The built-in providers that are named in the file and whose keys are missing; with `imitate` all of them."""
    from switchboard.speech.providers import provider_of

    named = {provider_of(model) for profile in file.profiles() for _, model in profile.every_model()}
    ours = [name for name in sorted(named) if file.providers[name] == BUILT_IN.get(name)]
    return [name for name in ours if imitate or not settings.variable(BUILT_IN[name].key)]


async def _demonstrate(plan: Plan) -> int:
    """The whole demonstration, one heading after the other. Returns the exit code."""
    from lab.commands.call import place, silence_the_client, sum_up
    from lab.demo.database import database_in, record_of, variables, write_customers
    from lab.demo.setting import set_up
    from lab.stage.worker_process import tail
    from switchboard.cli.explanation import show
    from switchboard.directory.opening import is_there
    from switchboard.routing.decision import Refuse
    from switchboard.routing.explain import explain

    silence_the_client()
    name = time.strftime("%Y%m%d-%H%M%S")
    log = _FOLDER / f"worker-{name}-{os.getpid()}.log"
    _headline("What runs on this machine")
    _say_what_is_imitated(plan.imitated)
    async with AsyncExitStack() as stack:
        # Our own database is not there before a worker has run: nobody is known then.
        settings = plan.settings
        is_known = settings.directory_url or is_there(settings.customers)
        directory = settings.customers if is_known else database_in(_FOLDER)
        if plan.number and plan.directory_is_given:
            folder = stack.enter_context(TemporaryDirectory(prefix="switchboard-demo-"))
            directory = await write_customers(Path(folder), plan.number, plan.customers.rows)
        stage = set_up(
            settings,
            plan.says,
            plan.language,
            imitated=plan.imitated,
            variables=variables(_FOLDER, directory),
            log=log,
            tell=console.print,
        )
        here, offline = await stack.enter_async_context(stage)
        _headline("Who picks up, and why")
        explanation = explain(plan.file.table, plan.call)
        show(console, settings.config.name, plan.call, explanation, plan.customers)
        _headline("The call")
        phone, moments = await place(here, plan.caller, plan.says, plan.language, offline, _ANSWERED_WITHIN, True)
        sum_up(phone, _record(phone, name))
        record = await record_of(_FOLDER, plan.caller.room_name)
        _show_what_happened(record)
        refused = isinstance(explanation.decision, Refuse)
        is_good = phone.outcome == "refused" if refused else _went_well(phone, moments, record)
        if not is_good:
            typer.echo(
                f"\nNot as it should be. The end of the worker's log:\n{tail(log)}",
                err=True,
            )
    if not is_good:
        typer.echo(f"All of it: {log}", err=True)
        return NO
    if refused:
        console.print(f'\nAs it should be: the route "{explanation.decision.route}" refuses such calls.')
    log.unlink(missing_ok=True)
    _say_what_next(plan.file, explanation.decision.route, record)
    return 0


def _say_what_is_imitated(providers: Sequence[str]) -> None:
    for provider in providers:
        console.print(f"Without {BUILT_IN[provider].key}, {_WORK[provider]} by simple means.", highlight=False)
    console.print("The telephone line is imitated as well, as LiveKit's SIP bridge would present it.")


def _record(phone: Softphone, name: str) -> Path | None:
    if phone.answered_at is None:
        return None
    _RECORDINGS.mkdir(exist_ok=True)
    file = _RECORDINGS / f"demo-{name}.wav"
    file.write_bytes(phone.recording())
    return file


def _show_what_happened(record: CallRecord | None) -> None:
    """What one does not hear: tools, hand-overs, warnings."""
    from switchboard.cli.record import grid, happened

    if record is None:
        typer.echo("The call left no record.", err=True)
    elif (table := grid(happened(record))).row_count:
        _headline("What happened meanwhile")
        console.print(table)


def _went_well(phone: Softphone, moments: Sequence[Moment], record: CallRecord | None) -> bool:
    """Answered, not cut off, each of the caller's turns was followed by the agent's, and no tool broke."""
    if record is None or any(tool["fault"] for tool in record.tools):
        return False
    talk = [moment.who for moment in moments if moment.who != "line"]
    unanswered = any(who == "caller" and then != "agent" for who, then in pairwise([*talk, "nobody"]))
    return bool(talk) and talk[0] == "agent" and not unanswered and phone.outcome != "connection lost"


def _say_what_next(file: RoutingFile, route: str, record: CallRecord | None) -> None:
    from lab.demo.database import database_in
    from lab.demo.script import other_callers

    others = [*other_callers(file, route), 'scripts/demo --say "Are you open on Sunday?" --say "Thanks, goodbye."']
    heads = ["\nOther callers:   ", *[" " * 17] * (len(others) - 1)]
    lines = [head + other for head, other in zip(heads, others, strict=True)]
    if record is not None:
        show = f"uv run switchboard calls show {str(record.id)[:8]}"
        lines.append(f"The call's record:   DATABASE_URL={database_in(_FOLDER)} {show}")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _headline(text: str) -> None:
    console.print()
    console.rule(f"[bold]{text}[/bold]", align="left", style="dim")


def _until_told_to_stop(work: Coroutine[Any, Any, int]) -> int:
    """Run `work`. Ctrl-C, SIGTERM or a closed terminal ends all that it has started; a second one changes nothing."""

    async def run() -> int:
        task = asyncio.ensure_future(work)
        stopped_by: list[signal.Signals] = []

        def stop(number: signal.Signals) -> None:
            if not stopped_by:
                stopped_by.append(number)
                task.cancel()

        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
        try:
            return await task
        except asyncio.CancelledError:
            if not stopped_by:
                raise
            for number in _SIGNALS:  # the loop's end would give them back to Python, which dies of them
                asyncio.get_running_loop().remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)
            typer.echo("\nStopped; nothing is left running.", err=True)
            return 128 + stopped_by[0]

    try:
        return asyncio.run(run())
    except (LookupError, RuntimeError) as error:
        fail(str(error), NO)
