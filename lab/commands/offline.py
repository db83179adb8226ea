"""`switchboard offline`: stand-ins for Deepgram and OpenAI, for demonstrations and tests without keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from switchboard.cli.output import fail

if TYPE_CHECKING:
    from lab.providers.server import OfflineServer

_Delay = Annotated[float, typer.Option(min=0.0, max=60.0, help="Seconds before the first output.")]


def register(app: typer.Typer) -> None:
    app.command()(offline)


def offline(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    stt_delay: _Delay = 0.0,
    llm_delay: _Delay = 0.0,
    tts_delay: _Delay = 0.0,
    phrase: Annotated[list[str] | None, typer.Option(help="What callers say too; may be given often.")] = None,
) -> None:
    """Run stand-ins for Deepgram and OpenAI on this machine: no keys, no network, no real provider."""
    import asyncio
    import os

    from lab.providers.recognition import RecogniserMissing
    from lab.providers.server import Delays, OfflineServer
    from lab.providers.speaking import SpeechFailed

    try:
        delays = Delays(stt_delay, llm_delay, tts_delay)
    except ValueError as error:
        fail(str(error))
    try:
        asyncio.run(_serve(OfflineServer(port, delays, phrase or ())))
    except (RecogniserMissing, SpeechFailed) as missing:
        fail(str(missing))
    except OSError as error:
        fail(f"port {port} cannot be used ({os.strerror(error.errno or 0)}): give another --port, or none")


async def _serve(server: OfflineServer) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    import asyncio
    import signal

    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with server:
        typer.echo("Stand-ins for Deepgram and OpenAI, for demonstrations and tests. Point a worker here with:")
        typer.echo(f"  export DEEPGRAM_API_KEY=offline DEEPGRAM_BASE_URL={server.origin}")
        typer.echo(f"  export OPENAI_API_KEY=offline OPENAI_BASE_URL={server.openai_url}")
        await stopped.wait()
