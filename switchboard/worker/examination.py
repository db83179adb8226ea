"""Everything that a worker leans on, looked at once: what is well, what is not, and what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from switchboard.worker.preflight import livekit_trouble, unkept, unwritable
from switchboard.worker.routing_file import RoutingFile
from switchboard.worker.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_WITHIN_S = 5.0
_CLOCK_S = 2.0  # what taking calls that ring unanswered bears; a key is refused from some minutes on
_LEAST_FREE = 500 * 2**20  # bytes
_RENEW_DAYS = 14


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. What is not `well` keeps calls from being answered, or soon may."""

    part: str
    well: bool
    text: str


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: the environment, the routing file, the database, the name that calls are dispatched by."""

    settings: Settings
    file: RoutingFile
    engine: AsyncEngine
    agent_name: str


async def examine(patient: Patient) -> list[Finding]:
    """All findings, in an order that does not change; what cannot be looked at is a finding too. Never raises."""
    looks: tuple[tuple[str, Callable[[Patient], AsyncIterator[Finding]]], ...] = (
        ("server", _server),
        ("clock", _clock),
        ("certificate", _certificate),
        ("trunks", _trunks),
        ("keys", _keys),
        ("models", _models),
        ("database", _database),
        ("disk", _disk),
    )
    found = await asyncio.gather(*(_look(part, look(patient)) for part, look in looks))
    return [finding for findings in found for finding in findings]


async def _look(part: str, looking: AsyncIterator[Finding]) -> list[Finding]:
    found: list[Finding] = []
    try:
        async with asyncio.timeout(2 * _WITHIN_S):
            found += [finding async for finding in looking]
    except TimeoutError:
        found.append(Finding(part, False, "gave no answer in time"))
    except Exception as fault:
        found.append(Finding(part, False, f"could not be looked at ({type(fault).__name__}: {fault})"))
    return found


async def _server(patient: Patient) -> AsyncIterator[Finding]:
    trouble = await livekit_trouble(patient.settings)
    yield (
        Finding("server", False, trouble[0])
        if trouble
        else Finding("server", True, f"{patient.settings.livekit_url} answers and takes the key")
    )


async def _clock(patient: Patient) -> AsyncIterator[Finding]:
    import httpx

    async with httpx.AsyncClient(timeout=_WITHIN_S) as client:
        answer = await client.get(_http(patient.settings.livekit_url))
    if "date" not in answer.headers:
        return  # this server does not say what time it is
    ahead_s = time.time() - parsedate_to_datetime(answer.headers["date"]).timestamp()
    if abs(ahead_s) > _CLOCK_S:
        yield Finding(
            "clock", False, f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} the server's: run NTP"
        )
    else:
        yield Finding("clock", True, "agrees with the server's")


async def _certificate(patient: Patient) -> AsyncIterator[Finding]:
    url = urlsplit(_http(patient.settings.livekit_url))
    if url.scheme != "https":
        return
    days = await asyncio.to_thread(_days_left, url.hostname or "", url.port or 443)
    well = days >= _RENEW_DAYS
    yield Finding("certificate", well, f"good for {days:.0f} days" + ("" if well else ": renew it"))


def _days_left(host: str, port: int) -> float:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=_WITHIN_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        certificate: Any = secure.getpeercert()
    return (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86_400


async def _trunks(patient: Patient) -> AsyncIterator[Finding]:
    from livekit.protocol.sip import ListSIPDispatchRuleRequest, ListSIPInboundTrunkRequest

    from switchboard.livekit_api.client import ServerTrouble, open_api

    settings = patient.settings
    secret = settings.livekit_api_secret.get_secret_value()
    try:
        async with open_api(settings.livekit_url, settings.livekit_api_key, secret, request_timeout=_WITHIN_S) as api:
            trunks = (await api.sip.list_inbound_trunk(ListSIPInboundTrunkRequest())).items
            rules = (await api.sip.list_dispatch_rule(ListSIPDispatchRuleRequest())).items
    except ServerTrouble as trouble:
        yield Finding("trunks", False, f"telephone calls cannot come in: {trouble}")
        return
    ours = [rule for rule in rules if any(a.agent_name == patient.agent_name for a in rule.room_config.agents)]
    if not trunks:
        yield Finding("trunks", False, "the server has none: no telephone call comes in (switchboard provision)")
    elif not ours:
        yield Finding(
            "trunks", False, f'no dispatch rule names agent "{patient.agent_name}": calls ring and nobody is sent'
        )
    else:
        yield Finding("trunks", True, f'{len(trunks)} that let calls in, {len(ours)} rules for "{patient.agent_name}"')


async def _keys(patient: Patient) -> AsyncIterator[Finding]:
    missing = list(missing_keys(patient.settings, patient.file))
    for line in missing:
        yield Finding("keys", False, line)
    if not missing:
        yield Finding("keys", True, "all that the routing file asks for are set")


def missing_keys(settings: Settings, file: RoutingFile) -> Iterator[str]:
    """The variables that the routing file's providers need and that are not set, a line each."""
    for name, purpose in file.variables().items():
        if not settings.variable(name):
            yield f"{name} is not set: {purpose}"


async def _models(patient: Patient) -> AsyncIterator[Finding]:
    troubles = await provider_troubles(patient.settings, patient.file)
    for line in troubles:
        yield Finding("models", False, line)
    if not troubles:
        yield Finding("models", True, "their servers answer and take the keys")


async def provider_troubles(settings: Settings, file: RoutingFile) -> list[str]:
    """Plug-ins that cannot be made, and what is wrong with the servers that can be asked: a line each."""
    from switchboard.speech.trial import endpoint_troubles, plugin_troubles

    accesses, profiles = settings.accesses(file.providers), file.profiles()
    keyless = {name for name, one in file.providers.items() if one.key and not settings.variable(one.key)}
    return plugin_troubles(profiles, accesses) + await endpoint_troubles(profiles, accesses, leave_out=keyless)


async def _database(patient: Patient) -> AsyncIterator[Finding]:
    from switchboard.database.engine import place
    from switchboard.database.migrations import HEAD, revision

    where = place(patient.engine)
    try:
        at = await revision(patient.engine)
    except Exception as fault:
        yield Finding("database", False, f"{where} cannot be reached ({type(fault).__name__}): look at DATABASE_URL")
        return
    if at == HEAD:
        yield Finding("database", True, f"{where} is up to date")
    else:
        state = "empty" if at is None else "older"
        yield Finding("database", True, f"{where} is {state}: the worker brings it up to date")


async def _disk(patient: Patient) -> AsyncIterator[Finding]:
    troubles = [*unwritable(patient.settings, patient.engine), *unkept(patient.settings)]
    for line in troubles:
        yield Finding("disk", False, line)
    free = shutil.disk_usage(Path.cwd()).free
    if free < _LEAST_FREE:
        yield Finding("disk", False, f"{free // 2**20} MB free: records and greetings need room")
    elif not troubles:
        yield Finding("disk", True, f"{free / 2**30:.1f} GB free, its folders can be written")


def _http(url: str) -> str:
    """The server's address as a page has it."""
    return url.replace("ws", "http", 1) if url.startswith("ws") else url
