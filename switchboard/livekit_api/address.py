"""The form of LIVEKIT_URL: told before anything is asked, and without what asking takes to import."""

from __future__ import annotations

from urllib.parse import urlparse

_SCHEMES = ("ws", "wss", "http", "https")


class WrongAddress(ValueError):
    """LIVEKIT_URL is not an address."""


def check_address(url: str) -> None:
    """Raises WrongAddress, which says what would be right."""
    try:
        address = urlparse(url)
        good = address.scheme in _SCHEMES and bool(address.hostname) and (address.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise WrongAddress(
            f"LIVEKIT_URL={url!r} is no address of a server: ws://localhost:7880 or wss://NAME.livekit.cloud"
        )
