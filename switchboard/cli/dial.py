"""`switchboard dial`: call somebody, and let an agent talk to them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from switchboard.call.metadata import LIMIT
from switchboard.cli.arguments import Attributes, json_object, not_empty, pairs, telephone_number
from switchboard.cli.business import read_settings
from switchboard.cli.livekit import ask_server
from switchboard.cli.output import NO, fail, print_json

if TYPE_CHECKING:
    from livekit.api import LiveKitAPI

    from switchboard.outbound.dialling import Dial, Dialled
    from switchboard.worker.settings import Settings


def register(app: typer.Typer) -> None:
    app.command()(dial)


def dial(
    number: Annotated[str, typer.Argument(help="Who is called: + and the country code, +14155550101.")],
    agent: Annotated[str, typer.Option(help="The agent who talks: one of agents/.")],
    data: Annotated[str | None, typer.Option(help="What the agent should know, a JSON object.")] = None,
    department: Annotated[str | None, typer.Option(help="Sets department in the data.")] = None,
    task: Annotated[str | None, typer.Option(help="Sets task in the data.")] = None,
    language: Annotated[str | None, typer.Option(help="Sets language in the data: en, es, fr, de.")] = None,
    attribute: Attributes = None,
    name: Annotated[str, typer.Option(help="The callee's name in the room; by default their number.")] = "",
    dtmf: Annotated[str, typer.Option(help="Keys to press once it is answered: 0-9 * # A-D; w waits 0.5 s.")] = "",
    from_trunk: Annotated[str | None, typer.Option(help="Outbound trunk, by name or id.")] = None,
    caller_id: Annotated[str | None, typer.Option(help="The number shown; by default one of the trunk's.")] = None,
    on_machine: Annotated[
        Literal["hang_up", "leave_message"] | None, typer.Option(help="What to do when a machine picks up.")
    ] = None,
    message: Annotated[str | None, typer.Option(help="What to say to the machine.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is answered.")] = True,
    # A carrier that is dead is given up by SIP itself after 32 s.
    ring_timeout: Annotated[int, typer.Option(min=1, max=80, help="Seconds to let it ring.")] = 40,
    worker: Annotated[str | None, typer.Option(help="The worker to dispatch; by default this one's name.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Call a number. Exits 0 when it was answered, 1 when not (busy, declined, no answer, …)."""
    to = telephone_number(number, "the number")
    shown = telephone_number(caller_id, "--caller-id") if caller_id is not None else ""
    _known_agent(agent)
    given = {"department": department, "task": task, "language": language}
    named = {key: value for key, value in given.items() if value is not None}
    told = json_object(data, "--data") | named
    job = told | {"agent": agent} | _machine(on_machine, message)
    if len(json.dumps(job, ensure_ascii=False).encode()) > LIMIT:
        fail(f"--data is too long: with the rest it may be {LIMIT} bytes at most")
    from switchboard.outbound.dialling import Dial
    from switchboard.worker.name import worker_name

    settings = read_settings()
    agent_name = worker_name(settings) if worker is None else not_empty(worker, "--worker")
    attributes, keys = _attributes(attribute, named), _keys(dtmf)
    call = Dial(to, agent_name, shown, job, told, attributes, name, keys, ring_timeout, wait)
    result = _make(settings, call, from_trunk)
    if as_json:
        print_json(asdict(result) | {"number": to, "text": str(result)})
    elif result.outcome in ("answered", None):
        typer.echo(f"{to}: {result} (room {result.room})")
    else:
        typer.echo(f"{to}: {result}", err=True)
    raise typer.Exit(0 if result.outcome in ("answered", None) else NO)


def _make(settings: Settings, call: Dial, from_trunk: str | None) -> Dialled:
    from switchboard.outbound.dialling import NoBridge, NoTrunk, NoWorker, choose_trunk
    from switchboard.outbound.dialling import dial as make_call

    async def work(api: LiveKitAPI) -> Dialled:
        trunk = await choose_trunk(api, from_trunk)
        return await make_call(api, call, trunk.sip_trunk_id)

    try:
        return ask_server(settings, work)
    except NoTrunk as error:
        fail(str(error))
    except (NoWorker, NoBridge) as error:
        fail(str(error), NO)


def _known_agent(agent: str) -> None:
    from switchboard.cli.business import read_roster
    from switchboard.files.suggest import suggest

    names = read_roster().names()
    if agent not in names:
        fail(f'--agent "{agent}": there is no such agent {suggest(agent, names)}')


def _attributes(given: Sequence[str] | None, named: Mapping[str, str]) -> dict[str, str]:
    """The callee's attributes: those of `--attribute`, and of the options that set one."""
    found = pairs(given or (), "--attribute")
    for key in found:
        if key in named:
            fail(f'--attribute and --{key} both give "{key}": leave one out')
        if key.startswith("sip."):
            fail(f'--attribute "{key}": what begins with sip. is the bridge\'s to set. Take another name')
    return found | dict(named)


def _keys(dtmf: str) -> str:
    if wrong := re.sub(r"[0-9*#A-Da-dw]", "", dtmf):
        fail(f'--dtmf "{dtmf}": "{wrong[0]}" is no key. Use 0-9, *, #, A-D, and w for half a second')
    return dtmf.lower()  # the bridge knows letters in lower case alone, and presses 0 for others


def _machine(on_machine: str | None, message: str | None) -> dict[str, str]:
    """The two keys that `switchboard.outbound.answering` reads."""
    if on_machine == "leave_message":
        if not message or not message.strip():
            fail("--on-machine leave_message needs --message: what shall be said")
        return {"on_machine": on_machine, "message": message}
    if message is not None:
        fail("--message needs --on-machine leave_message")
    return {"on_machine": on_machine} if on_machine else {}
