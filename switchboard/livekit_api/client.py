"""The LiveKit server's API, and its failures in one line each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NoReturn

import aiohttp
from livekit.api import LiveKitAPI
from livekit.api.twirp_client import ServerError
from livekit.protocol.room import ListRoomsRequest

from switchboard.livekit_api.address import check_address

_UNREACHABLE = (aiohttp.ClientError, asyncio.TimeoutError, OSError)


class ServerTrouble(Exception):
    """The server did not do it. The message is one line that says what to look at."""


class Unreachable(ServerTrouble):
    """It did not answer, or fails for now: that may pass by itself."""


@asynccontextmanager
async def open_api(url: str, key: str, secret: str, *, request_timeout: float = 10.0) -> AsyncGenerator[LiveKitAPI]:
    """The server's API for as long as the `async with` lasts; `request_timeout` is in seconds.

    Raises WrongAddress, and ServerTrouble for whatever the server or the way to it does.
    """
    check_address(url)
    api = LiveKitAPI(url, key, secret, timeout=aiohttp.ClientTimeout(total=request_timeout))
    try:
        yield api
    except ServerError as error:
        _explain(error, url)
    except aiohttp.ClientSSLError as error:
        raise ServerTrouble(
            f"{url} cannot be reached over TLS ({error}): does the server speak it? If not, LIVEKIT_URL begins with ws://"
        ) from error
    except _UNREACHABLE as error:
        reason = str(error) or "no answer in time"
        raise Unreachable(
            f"{url} cannot be reached ({reason}): is livekit-server running, and is LIVEKIT_URL right?"
        ) from error
    finally:
        await api.aclose()


async def try_out(api: LiveKitAPI) -> None:
    """Ask for what any server can answer: `open_api` raises what is wrong with address or key."""
    await api.room.list_rooms(ListRoomsRequest(names=["none"]))


def _explain(error: ServerError, url: str) -> NoReturn:
    if error.status in (401, 403) or error.code in ("unauthenticated", "permission_denied"):
        text = f"{url} refuses the key: do LIVEKIT_API_KEY and LIVEKIT_API_SECRET belong to this server?"
    elif "sip not connected" in error.message:
        text = f"{url} has no Redis, and trunks and rules need it: set redis.address in livekit-server's config"
    elif error.status == 404 and error.code in ("bad_route", "unknown"):
        text = f"{url} is not a LiveKit server (HTTP 404): is LIVEKIT_URL right?"
    else:
        text = f"{url} answers {error.code}: {error.message or f'HTTP {error.status}'}"
    kind = Unreachable if error.status >= 500 else ServerTrouble
    raise kind(" ".join(text.split())) from error
