"""`switchboard call`: a caller without a telephone, for trying out who picks up and how it sounds."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import SecretStr

from switchboard.cli.arguments import Attributes, Headers, json_object, not_empty, pairs
from switchboard.cli.business import read_settings
from switchboard.cli.livekit import ask_server
from switchboard.cli.output import NO, console, fail, leave, print_json

if TYPE_CHECKING:
    from lab.softphone import Caller, Softphone
    from lab.softphone.scripted import Moment, Part
    from switchboard.worker.settings import Settings

_ENDED = {
    "refused": "refused while it rang: nobody picked up",
    "no answer": "nobody answered",
    "hung up": "the caller hung up",
    "room closed by the agent": "the agent ended the call",
    "connection lost": "the connection to LiveKit was lost",
}


def register(app: typer.Typer) -> None:
    app.command()(call)


def call(
    from_number: Annotated[str, typer.Option("--from", help="Who calls; empty hides the number.")] = "+15105550100",
    to_number: Annotated[str, typer.Option("--to", help="The number that was dialled.")] = "+18005550100",
    say: Annotated[list[str] | None, typer.Option(help="What the caller says, one turn each time.")] = None,
    play: Annotated[list[Path] | None, typer.Option(help="Turns from 16-bit WAV files, before those of --say.")] = None,
    dtmf: Annotated[str, typer.Option(help="Keys to press when the greeting is over.")] = "",
    language: Annotated[str, typer.Option(help="The language of --say: en, es, fr, de, …")] = "en",
    trunk: Annotated[str, typer.Option(help="The trunk, sip.trunkID.")] = "ST_softphone",
    rule: Annotated[str, typer.Option(help="The dispatch rule, sip.ruleID.")] = "SDR_softphone",
    header: Headers = None,
    attribute: Attributes = None,
    job: Annotated[str | None, typer.Option(help="Job metadata, a JSON object.")] = None,
    kind: Annotated[Literal["sip", "standard"], typer.Option(help="By telephone, or by browser.")] = "sip",
    room: Annotated[str, typer.Option(help="The room; by default a new one, as a dispatch rule makes it.")] = "",
    agent_name: Annotated[str | None, typer.Option(help="The worker to dispatch; by default this one's name.")] = None,
    answer_timeout: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds to let it ring.")] = 30.0,
    wav: Annotated[Path | None, typer.Option(help="Write the recording here: caller left, agent right.")] = None,
    offline: Annotated[str, typer.Option(help="Address of the providers' stand-in: shows the agent's words.")] = "",
    url: Annotated[str, typer.Option(help="The LiveKit server; by default LIVEKIT_URL.")] = "",
    api_key: Annotated[str, typer.Option(help="By default LIVEKIT_API_KEY.")] = "",
    api_secret: Annotated[str, typer.Option(help="By default LIVEKIT_API_SECRET.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, at the end.")] = False,
) -> None:
    """Place a call and show it as it happens. Exits 1 when nobody answered."""
    from lab.softphone.caller import Caller
    from switchboard.worker.name import worker_name

    given = {"livekit_url": url, "livekit_api_key": api_key, "livekit_api_secret": api_secret and SecretStr(api_secret)}
    settings = read_settings().model_copy(update={name: value for name, value in given.items() if value})
    parts = _script(dtmf, play or (), say or ())
    if wav and not wav.parent.is_dir():
        fail(f"--wav {wav}: there is no folder {wav.parent}, make it first")
    caller = Caller(
        from_number=from_number or Caller().from_number,
        hide_number=not from_number,
        to_number=not_empty(to_number, "--to"),
        trunk_id=trunk,
        rule_id=rule,
        kind=kind,
        headers=pairs(header or (), "--header"),
        attributes=pairs(attribute or (), "--attribute"),
        job_metadata=json.dumps(json_object(job, "--job")) if job else "",
        room=room,
        agent_name=worker_name(settings) if agent_name is None else agent_name,
    )
    _try_server(settings)
    phone, moments = asyncio.run(place(settings, caller, parts, language, offline, answer_timeout, not as_json))
    if wav:
        wav.write_bytes(phone.recording())
    if as_json:
        print_json(_as_json(phone, moments, wav))
    else:
        sum_up(phone, wav)
        for line in _what_to_look_at(phone):
            console.print(f"         {line}", markup=False, highlight=False, soft_wrap=True)
    leave(0 if phone.answered_at is not None else NO)


def _script(dtmf: str, play: Sequence[Path], say: Sequence[str]) -> list[Part]:
    from lab.softphone.bridge import DIGITS
    from lab.softphone.g711 import RATE
    from lab.softphone.scripted import Keys
    from lab.softphone.wav import read_wav

    wrong = [key for key in dtmf if key not in DIGITS]
    if wrong:
        fail(f'--dtmf {dtmf}: "{wrong[0]}" is no key of a telephone; there are {DIGITS}')
    for file in play:
        try:
            read_wav(file, RATE)
        except (OSError, ValueError) as error:
            fail(f"--play {file}: {getattr(error, 'strerror', None) or error}")
    if not all(text.strip() for text in say):
        fail("--say is empty: write what the caller says, or leave it out to hear the greeting alone")
    return [*([Keys(dtmf)] if dtmf else []), *play, *say]


def _try_server(settings: Settings) -> None:
    """The API says in one line what is wrong with address or key; the call itself would try again and again."""
    from switchboard.livekit_api.client import try_out

    ask_server(settings, try_out)


def silence_the_client() -> None:
    """Show the call, and not what LiveKit's client says of its own housekeeping."""
    client = logging.getLogger("livekit")
    client.addHandler(logging.NullHandler())
    client.propagate = False


async def place(
    settings: Settings,
    caller: Caller,
    parts: Sequence[Part],
    language: str,
    offline: str,
    answer_within: float,
    show: bool,
) -> tuple[Softphone, list[Moment]]:
    from lab.providers.speaking import SpeechFailed
    from lab.softphone import Line, Softphone
    from lab.softphone.scripted import converse
    from lab.softphone.words import NoWords, OfflineWords

    silence_the_client()
    secret = settings.livekit_api_secret.get_secret_value()
    moments: list[Moment] = []

    def tell(moment: Moment) -> None:
        moments.append(moment)
        if show:
            print_moment(moment)

    line = Line(ring_timeout=answer_within)
    phone = Softphone(settings.livekit_url, settings.livekit_api_key, secret, caller, line)
    try:
        await converse(phone, parts, OfflineWords(offline) if offline else NoWords(), tell, language=language)
    except (ConnectionError, SpeechFailed) as error:
        fail(str(error), NO)
    return phone, moments


def print_moment(moment: Moment) -> None:
    """One line: when, who, what, and how long it took to come."""
    if moment.who == "line":
        console.print(f"{moment.at:7.2f}  [dim]{moment.text}[/dim]", highlight=False)
        return
    colour = "cyan" if moment.who == "caller" else "green"
    text = moment.text or f"(speaks for {moment.seconds or 0.0:.1f} s)"
    delay = "" if moment.delay is None else f"  [dim]after {moment.delay:.2f} s[/dim]"
    console.print(f"{moment.at:7.2f}  [{colour}]{moment.who:>6}[/{colour}]  ", end="", highlight=False)
    console.print(text, end="", markup=False, highlight=False, soft_wrap=True)
    console.print(delay, highlight=False)


def sum_up(phone: Softphone, wav: Path | None) -> None:
    console.print(f"{phone.elapsed():7.2f}  [dim]{_ENDED[phone.outcome]}[/dim]", highlight=False)
    facts: list[str] = []
    if phone.first_audio_after_join is not None:
        facts.append(f"first words {phone.first_audio_after_join:.2f} s after the call came in")
    if phone.replies:
        facts.append("replies after " + ", ".join(f"{delay:.2f}" for delay in phone.replies) + " s")
    if phone.lost:
        facts.append(f"{phone.lost:.2f} s were said before the answer, which nobody heard")
    for fact in facts:
        console.print(f"         {fact}", highlight=False)
    if wav:
        console.print(f"         recording: {wav}", markup=False, highlight=False, soft_wrap=True)


def _what_to_look_at(phone: Softphone) -> list[str]:
    """Where the reason lies of a call that nobody answered."""
    if phone.outcome == "no answer":
        return [
            f'Is a worker called "{phone.caller.agent_name}" running and free? switchboard health asks the one here,',
            "switchboard start starts one; another name is given with --agent-name.",
        ]
    if phone.outcome == "refused":
        return ["Why: switchboard calls, and the worker's log."]
    return []


def _as_json(phone: Softphone, moments: Sequence[Moment], wav: Path | None) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "outcome": phone.outcome,
        "answered": phone.answered_at is not None,
        "call_id": phone.caller.call_id,
        "room": phone.caller.room_name,
        "answered_after": phone.since_join(phone.answered_at),
        "first_audio_after_join": phone.first_audio_after_join,
        "replies": phone.replies,
        "lost": phone.lost,
        "ended_after": phone.since_join(phone.ended_at),
        "moments": [asdict(moment) for moment in moments],
        "recording": str(wav) if wav else None,
    }
