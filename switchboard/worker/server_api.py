"""livekit-server's API, as the settings say where it is."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
from livekit.api import LiveKitAPI

from switchboard.worker.settings import Settings

_TIMEOUT_S = 10.0


def api_of(settings: Settings) -> Callable[[], LiveKitAPI]:
    """What makes the API, for an `async with`."""
    secret, timeout = settings.livekit_api_secret.get_secret_value(), aiohttp.ClientTimeout(total=_TIMEOUT_S)
    return lambda: LiveKitAPI(settings.livekit_url, settings.livekit_api_key, secret, timeout=timeout)
