"""Where each provider is and the key to it: what plug-ins are made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Provider:
    """`base_url` is an origin for Deepgram, and ends in `/v1` for OpenAI. The key is never shown."""

    key: str = field(repr=False)
    base_url: str


Providers = Mapping[str, Provider]
