"""How a worker finds the stand-ins."""

from __future__ import annotations

from collections.abc import Collection

PROVIDERS = ("deepgram", "openai")


def environment(origin: str, imitated: Collection[str] = PROVIDERS) -> dict[str, str]:
    """The variables that lead the plug-ins of `imitated` to the server at `origin`; any key will do there."""
    urls = {"deepgram": origin, "openai": f"{origin}/v1"}
    variables = {f"{name.upper()}_BASE_URL": urls[name] for name in imitated}
    return variables | {f"{name.upper()}_API_KEY": "imitated" for name in imitated}
