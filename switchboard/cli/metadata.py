"""`switchboard metadata`: what a room and those in it carry, shown and set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from switchboard.cli.arguments import Attributes, json_object, not_empty, pairs
from switchboard.cli.business import read_settings
from switchboard.cli.livekit import ask_server
from switchboard.cli.output import NO, fail, print_json

if TYPE_CHECKING:
    from livekit.api import LiveKitAPI

    from switchboard.livekit_api.metadata import RoomState


def register(app: typer.Typer) -> None:
    app.command()(metadata)


def metadata(
    room: Annotated[str, typer.Option("--room", help="The room's name.")],
    identity: Annotated[str | None, typer.Option(help="One participant; without it the room is meant.")] = None,
    to: Annotated[str | None, typer.Option("--set", help="Set its metadata to this JSON object.")] = None,
    attribute: Attributes = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show the metadata and attributes of a room and of those in it; set those of one with --set and --attribute."""
    from switchboard.livekit_api.metadata import NotThere, read_room, set_participant, set_room_metadata

    not_empty(room, "--room")
    told = None if to is None else json.dumps(json_object(to, "--set"), ensure_ascii=False)
    attributes = pairs(attribute or (), "--attribute")
    if attributes and identity is None:
        fail("--attribute needs --identity: a room has metadata alone")

    async def work(api: LiveKitAPI) -> RoomState:
        if identity is not None and (told is not None or attributes):
            await set_participant(api, room, identity, told, attributes)
        elif told is not None:
            await set_room_metadata(api, room, told)
        state = await read_room(api, room)
        if identity is not None:
            state.person(identity)
        return state

    try:
        state = ask_server(read_settings(), work)
    except NotThere as fault:
        fail(str(fault), NO)
    shown = _shown(state, identity)
    if as_json:
        print_json(shown)
    else:
        _print(shown)


def _shown(state: RoomState, identity: str | None) -> dict[str, Any]:
    people = [
        {
            "identity": person.identity,
            "kind": person.kind,
            "metadata": _value(person.metadata),
            "attributes": dict(sorted(person.attributes.items())),
        }
        for person in state.participants
        if identity in (None, person.identity)
    ]
    return {"room": state.room, "metadata": _value(state.metadata), "participants": people}


def _value(text: str) -> Any:
    """Metadata as an object where it is one, else the text; None for none."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text or None
    return value


def _print(shown: dict[str, Any]) -> None:
    typer.echo(f"room {shown['room']}: {_text(shown['metadata'])}")
    for person in shown["participants"]:
        typer.echo(f"{person['identity']} ({person['kind']}): {_text(person['metadata'])}")
        for name, value in person["attributes"].items():
            typer.echo(f"    {name} = {value}")


def _text(value: Any) -> str:
    return "no metadata" if value is None else json.dumps(value, ensure_ascii=False)
