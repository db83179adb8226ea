"""The name under which this worker registers, and by which others dispatch it."""

from __future__ import annotations

import tomllib
from typing import Any

from switchboard.worker.settings import Settings

DEFAULT = "switchboard"


def worker_name(settings: Settings) -> str:
    """LIVEKIT_AGENT_NAME, else `worker.agent_name` of the routing file, else "switchboard".

    A routing file that is missing or broken is not this function's to report: `switchboard check` does.
    """
    if settings.livekit_agent_name:
        return settings.livekit_agent_name
    try:
        data: dict[str, Any] = tomllib.loads(settings.config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return DEFAULT
    worker = data.get("worker")
    name: object = worker.get("agent_name") if isinstance(worker, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # any TOML
    return name if isinstance(name, str) and name else DEFAULT
