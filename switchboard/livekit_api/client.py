"""The LiveKit server's API, and its failures in one line each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NoReturn
from urllib.parse import urlparse

import aiohttp
from livekit.api import LiveKitAPI
from livekit.api.twirp_client import ServerError

_SCHEMES = ("ws", "wss", "http", "https")
_UNREACHABLE = (aiohttp.ClientError, asyncio.TimeoutError, OSError)


class ServerTrouble(Exception):
    """The server did not do it. The message is one line that says what to look at."""


class WrongAddress(ValueError):
    """LIVEKIT_URL is not an address."""


@asynccontextmanager
async def open_api(url: str, key: str, secret: str, *, request_timeout: float = 10.0) -> AsyncGenerator[LiveKitAPI]:
    """The server's API for as long as the `async with` lasts; `request_timeout` is in seconds.

    Raises WrongAddress, and ServerTrouble for whatever the server or the way to it does.
    """
    address = urlparse(url)
    if address.scheme not in _SCHEMES or not address.hostname:
        raise WrongAddress(
            f"LIVEKIT_URL={url!r} is no address of a server: ws://localhost:7880 or wss://NAME.livekit.cloud"
        )
    api = LiveKitAPI(url, key, secret, timeout=aiohttp.ClientTimeout(total=request_timeout))
    try:
        yield api
    except ServerError as error:
        _explain(error, url)
    except _UNREACHABLE as error:
        reason = str(error) or "no answer in time"
        raise ServerTrouble(
            f"{url} cannot be reached ({reason}): is livekit-server running, and is LIVEKIT_URL right?"
        ) from error
    finally:
        await api.aclose()


def _explain(error: ServerError, url: str) -> NoReturn:
    if error.status in (401, 403) or error.code in ("unauthenticated", "permission_denied"):
        text = f"{url} refuses the key: do LIVEKIT_API_KEY and LIVEKIT_API_SECRET belong to this server?"
    elif "sip not connected" in error.message:
        text = f"{url} has no Redis, and trunks and rules need it: set redis.address in livekit-server's config"
    elif error.status == 404 and error.code in ("bad_route", "unknown"):
        text = f"{url} is not a LiveKit server (HTTP 404): is LIVEKIT_URL right?"
    else:
        text = f"{url} answers {error.code}: {error.message or f'HTTP {error.status}'}"
    raise ServerTrouble(" ".join(text.split())) from error
