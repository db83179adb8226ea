"""`[provider.NAME]`: providers of one's own, beside the built-in ones or in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field

from switchboard.files.sections import Place, Section, place_of
from switchboard.files.source import Source
from switchboard.speech.providers import BUILT_IN, OFFERS, Kind, Part, Provider, Providers, own_key

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,63}")
# Long, with digits and no underscore: nobody calls a variable so.
_LOOKS_LIKE_A_KEY = re.compile(r"(?=.*\d)[A-Z0-9]{20,}")
_SECRET = re.compile(r"(?:^|_)(?:key|token|secret|password|credentials)$", re.IGNORECASE)
_NOT_A_NAME = "is not the name of a variable: write the key into .env or the environment, and its NAME here"


def _variable(name: str) -> str:
    # Its value stays out of the message: it may well be the key itself.
    if not _VARIABLE.fullmatch(name) or _LOOKS_LIKE_A_KEY.fullmatch(name):
        raise ValueError(f"key: what stands there {_NOT_A_NAME}")
    return name


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or re.search(r"\s", url):
        raise ValueError(f'base_url = "{url}" is no URL: write https://HOST/v1')
    return url.rstrip("/")


def _module(name: str) -> str:
    if not re.fullmatch(r"\w+(\.\w+)*", name):
        raise ValueError(f'plugin = "{name}" is no module: write livekit.plugins.NAME')
    return name


class ProviderKeys(Section):
    """Who hears, thinks or speaks under this name: a server that speaks a known protocol, or a plug-in."""

    model_config = ConfigDict(title="[provider.NAME]")

    kind: Kind | None = Field(
        default=None, description="openai: any server with OpenAI's protocol. deepgram: any with Deepgram's."
    )
    plugin: Annotated[str, AfterValidator(_module)] | None = Field(
        default=None,
        description="In place of kind: an installed plug-in of livekit-agents, by its module.",
        examples=["livekit.plugins.cartesia"],
    )
    base_url: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None, description="Where it is, if not at its usual address. OpenAI's ends in /v1."
    )
    key: Annotated[str, AfterValidator(_variable)] | None = Field(
        default=None, description="The variable of the environment that holds the key. Never the key itself."
    )
    arguments: dict[str, Any] = Field(
        default={}, description="Arguments of the plug-in, for every part that takes them."
    )
    stt: dict[str, Any] = Field(default={}, description="Arguments of the plug-in's STT.")
    llm: dict[str, Any] = Field(default={}, description="Arguments of the plug-in's LLM.")
    tts: dict[str, Any] = Field(default={}, description="Arguments of the plug-in's TTS.")


def read_providers(source: Source, sections: Mapping[str, ProviderKeys]) -> Providers:
    """The built-in providers and the file's. What is at fault is in `source`; such a provider offers everything, so
    that it is told once."""
    providers = dict(BUILT_IN)
    for name, keys in sections.items():
        place = place_of(source, ProviderKeys, "provider", name)
        if "/" in name or ":" in name or not name:
            place.fault("", f'"{name}" is no name for a provider: it must do without / and :')
        _tell_secrets(place, keys)
        providers[name] = _plugged(place, name, keys) if "plugin" in place.keys else _spoken_to(place, name, keys)
    return providers


def _spoken_to(place: Place, name: str, keys: ProviderKeys) -> Provider:
    """A server with a known protocol. A key is sent where the file says, or to the address that it is for."""
    built_in = BUILT_IN.get(name)
    kind = keys.kind or (built_in.kind if built_in and "kind" not in place.keys else None)
    if kind is None:
        if "kind" not in place.keys:
            place.fault("", 'says neither kind = "openai" (or "deepgram") nor plugin = "livekit.plugins.…"')
        return replace(Provider(name), offers=("stt", "llm", "tts", "realtime"))
    for key in ("arguments", "stt", "llm", "tts"):
        if key in place.keys:
            place.fault(key, f'{key} are arguments of a plug-in: write plugin = "livekit.plugins.{kind}" for kind')
    key = keys.key or ("" if keys.base_url else own_key(kind))
    return Provider(name, kind=kind, base_url=keys.base_url or "", key=key, offers=OFFERS[kind])


def _plugged(place: Place, name: str, keys: ProviderKeys) -> Provider:
    from switchboard.speech.plugins import PluginFault, argument_faults, plugin_classes, takes

    if "kind" in place.keys:
        place.fault("kind", "has kind and plugin: only one of them can be")
    own: dict[Part, Mapping[str, Any]] = {"stt": keys.stt, "llm": keys.llm, "tts": keys.tts}
    provider = Provider(
        name,
        base_url=keys.base_url or "",
        key=keys.key or "",
        plugin=keys.plugin or "",
        arguments=keys.arguments,
        own={part: arguments for part, arguments in own.items() if arguments},
        offers=("stt", "llm", "tts", "realtime"),
    )
    if not keys.plugin:
        return provider
    try:
        classes = plugin_classes(keys.plugin)
    except PluginFault as fault:
        place.fault("plugin", str(fault))
        return provider
    for part in provider.own:
        if part not in classes:
            place.fault(part, f'plugin "{keys.plugin}" has no {part}, only {", ".join(classes)}')
    for key, wrong in argument_faults(provider, classes):
        place.fault(key, wrong)
    return replace(
        provider, offers=tuple(classes), takes={part: takes(provider, part, cls) for part, cls in classes.items()}
    )


def _tell_secrets(place: Place, keys: ProviderKeys) -> None:
    for table in ("arguments", "stt", "llm", "tts"):
        for name, value in getattr(keys, table).items():
            if isinstance(value, str) and _SECRET.search(name):
                place.fault(table, f'"{name}" has no place in a file: set a variable and name it, key = "NAME"')
