"""`switchboard token` and `switchboard dispatch`: letting a participant in, and calling the agent to them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from switchboard.cli.arguments import Attributes, duration, json_object, not_empty, pairs
from switchboard.cli.business import read_settings
from switchboard.cli.livekit import ask_server
from switchboard.cli.output import fail, print_json

if TYPE_CHECKING:
    from livekit.api import LiveKitAPI

    from switchboard.livekit_api.dispatching import Dispatched

Room = Annotated[str, typer.Option("--room", help="The room's name.")]
RoomMetadata = Annotated[str | None, typer.Option("--room-metadata", help="Metadata of the room, a JSON object.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def register(app: typer.Typer) -> None:
    app.command()(token)
    app.command()(dispatch)


def token(
    room: Room,
    identity: Annotated[str, typer.Option(help="Who it is: one participant a room has this identity.")],
    name: Annotated[str, typer.Option(help="The name that others see.")] = "",
    metadata: Annotated[str | None, typer.Option(help="Participant metadata, a JSON object.")] = None,
    attribute: Attributes = None,
    agent: Annotated[str | None, typer.Option(help="Dispatch the worker of this name when the room is made.")] = None,
    agent_metadata: Annotated[str | None, typer.Option(help="Job metadata for it, a JSON object.")] = None,
    room_metadata: RoomMetadata = None,
    update_own_metadata: Annotated[
        bool, typer.Option("--update-own-metadata", help="Let the participant change its metadata and attributes.")
    ] = False,
    ttl: Annotated[str, typer.Option(help="How long it may be used to join: 90s, 30m, 6h, 2d.")] = "6h",
    as_json: Json = False,
) -> None:
    """Print an access token for one participant and one room."""
    from livekit.api import AccessToken, VideoGrants
    from livekit.protocol.agent_dispatch import RoomAgentDispatch
    from livekit.protocol.room import RoomConfiguration

    not_empty(room, "--room")
    not_empty(identity, "--identity")
    lasts = duration(ttl, "--ttl")
    told, job = json_object(metadata, "--metadata"), json_object(agent_metadata, "--agent-metadata")
    of_the_room = json_object(room_metadata, "--room-metadata")
    attributes = pairs(attribute or (), "--attribute")
    if agent is None and agent_metadata is not None:
        fail("--agent-metadata needs --agent: the name that the worker registers with")
    settings = read_settings()
    secret = settings.livekit_api_secret.get_secret_value()
    if not settings.livekit_api_key or not secret:
        fail("LIVEKIT_API_KEY and LIVEKIT_API_SECRET sign the token: set both (a file .env will do)")
    grants = VideoGrants(room_join=True, room=room, can_update_own_metadata=update_own_metadata)
    ticket = AccessToken(settings.livekit_api_key, secret).with_identity(identity).with_grants(grants)
    ticket = ticket.with_ttl(lasts).with_name(name).with_attributes(attributes)
    if told:
        ticket = ticket.with_metadata(_text(told))
    if agent is not None or of_the_room:
        calls = []
        if agent is not None:
            calls = [RoomAgentDispatch(agent_name=not_empty(agent, "--agent"), metadata=_text(job))]
        ticket = ticket.with_room_config(RoomConfiguration(agents=calls, metadata=_text(of_the_room)))
    expires = datetime.now(UTC) + lasts
    jwt = ticket.to_jwt()
    if as_json:
        print_json(
            {
                "token": jwt,
                "url": settings.livekit_url,
                "room": room,
                "identity": identity,
                "agent": agent,
                "expires": expires.isoformat(timespec="seconds"),
            }
        )
    else:
        typer.echo(jwt)


def dispatch(
    room: Room,
    agent: Annotated[str | None, typer.Option(help="The worker's name; by default this worker's own.")] = None,
    metadata: Annotated[str | None, typer.Option(help="Job metadata, a JSON object.")] = None,
    room_metadata: RoomMetadata = None,
    as_json: Json = False,
) -> None:
    """Call the agent into a room, unless it has one. Exits 0 either way: the room has an agent."""
    from switchboard.livekit_api.dispatching import ensure_agent
    from switchboard.livekit_api.metadata import make_room
    from switchboard.worker.name import worker_name

    not_empty(room, "--room")
    job = json_object(metadata, "--metadata")
    of_the_room = json_object(room_metadata, "--room-metadata")
    settings = read_settings()
    name = worker_name(settings) if agent is None else not_empty(agent, "--agent")

    async def work(api: LiveKitAPI) -> Dispatched:
        if of_the_room:  # before the agent comes, who reads it at once
            await make_room(api, room, _text(of_the_room))
        return await ensure_agent(api, room, name, job)

    result = ask_server(settings, work)
    if as_json:
        print_json(asdict(result))
    elif result.is_new:
        typer.echo(f'Called "{result.agent}" into {room} ({result.dispatch_id}).')
    else:
        typer.echo(f"Called nobody: {result.reason}{f' ({result.agent})' if result.agent else ''}.")


def _text(metadata: dict[str, Any]) -> str:
    return json.dumps(metadata, ensure_ascii=False) if metadata else ""
