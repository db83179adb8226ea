"""`[agent.NAME]`: whom an agent hands over to, how it sounds, and the MCP servers whose tools it gets. All optional."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field

from switchboard.files.sections import Place, Section, place_of
from switchboard.files.source import Source
from switchboard.files.suggest import suggest
from switchboard.files.values import Must, Texts
from switchboard.routing.table import AgentSpeech
from switchboard.speech.profile import SpeechProfile, fault
from switchboard.speech.reading import Llm

_WHEN = Must('a colleague with what they are for: { sales = "prices, stock" }')
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,63}")
_KEY = Must('a host with the variable that holds the key to it: { "tools.example.com" = "TOOLS_KEY" }')


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError("no variable")
    return name


def _voice(name: str) -> str:
    if not name or re.search(r"[\s:]", name):
        raise ValueError(f'voice = "{name}" is no voice: write its name alone, as its provider does')
    return name


class AgentKeys(Section):
    """An agent: its prompt is prompts/NAME.md, its class, where it has tools of its own, agents/NAME.py."""

    model_config = ConfigDict(title="[agent.NAME]")

    hand_over: Annotated[dict[str, str], _WHEN] = Field(
        default={},
        description='Colleagues whom it may hand the caller over to, and when: { sales = "prices, stock" }.',
    )
    speech: str | None = Field(default=None, description="A profile of [speech], where the route names none.")
    voice: Annotated[str, AfterValidator(_voice)] | None = Field(
        default=None, description="One voice in place of the profile's, where the route names none."
    )
    llm: Llm | None = Field(
        default=None,
        description='A language model in place of the profile\'s, where the route names none: "provider/model".',
    )
    mcp: Texts = Field(
        default=(), description="MCP servers whose tools it gets.", examples=[["https://tools.example.com/mcp"]]
    )
    mcp_keys: Annotated[dict[str, Annotated[str, AfterValidator(_variable)]], _KEY] = Field(
        default={}, description="By the server's host: the variable of the environment that holds the key to it."
    )


@dataclass(frozen=True, slots=True)
class McpServer:
    """Where tools come from. `url` may hold a secret and is shown to nobody; `key` is a variable's name, or empty."""

    url: str = field(repr=False)
    key: str = ""

    @property
    def host(self) -> str:
        """How it is called in messages: its host, and the port where that is no usual one."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What the table says of one agent. `hand_over` has what each colleague is for."""

    hand_over: Mapping[str, str] = field(default_factory=dict[str, str])
    speech: AgentSpeech = field(default_factory=AgentSpeech)
    mcp: tuple[McpServer, ...] = ()


NOTHING = AgentOptions()


def read_agents(
    source: Source, sections: Mapping[str, AgentKeys], agents: Collection[str], profiles: Mapping[str, SpeechProfile]
) -> dict[str, AgentOptions]:
    """The options of every agent that the file has a table for. What is at fault is in `source`."""
    found: dict[str, AgentOptions] = {}
    for name, keys in sections.items():
        place = place_of(source, AgentKeys, "agent", name)
        if name not in agents:
            place.fault("", f'there is no agent "{name}" {suggest(name, sorted(agents))}: it needs prompts/{name}.md')
        _check_hand_over(place, name, keys, agents)
        _check_speech(place, keys, profiles)
        servers = tuple(_servers(place, keys))
        speech = AgentSpeech(keys.speech, keys.voice, keys.llm)
        found[name] = AgentOptions(dict(keys.hand_over), speech, servers)
    return found


def _check_hand_over(place: Place, name: str, keys: AgentKeys, agents: Collection[str]) -> None:
    others = sorted(set(agents) - {name})

    def tell(colleague: str, message: str) -> None:
        place.source.fault((*place.path, "hand_over", colleague), f"{place.owner}: hand_over: {message}")

    for colleague, when in keys.hand_over.items():
        if colleague == name:
            tell(colleague, f"{name} cannot hand over to itself (have: {', '.join(others)})")
        elif colleague not in agents:
            tell(colleague, f'there is no agent "{colleague}" {suggest(colleague, others)}')
        if not when.strip():
            tell(colleague, f'say when to hand over to {colleague}: {colleague} = "prices, stock"')


def _check_speech(place: Place, keys: AgentKeys, profiles: Mapping[str, SpeechProfile]) -> None:
    if keys.speech is not None and keys.speech not in profiles:
        place.fault("speech", f'unknown speech profile "{keys.speech}" {suggest(keys.speech, sorted(profiles))}')
    if not keys.llm:
        return
    named = profiles.get(keys.speech or "")
    meant = [named] if named else [profiles["phone"], profiles["wideband"]]
    if all(profile.realtime for profile in meant):
        place.fault("llm", f'speech profile "{meant[0].name}" is one realtime model: leave llm out')
    elif wrong := fault("llm", keys.llm, meant[0].providers):
        place.fault("llm", wrong)


def _servers(place: Place, keys: AgentKeys) -> list[McpServer]:
    found: dict[str, McpServer] = {}
    hosts: set[str] = set()
    for number, url in enumerate(keys.mcp, start=1):
        if (host := _host(url)) is None:
            # A URL may hold a secret: what stands there is not repeated.
            place.fault("mcp", f"mcp: number {number} is no URL of a server: write https://HOST/mcp")
        elif url in found:
            place.fault("mcp", f"mcp: number {number} is there twice")
        else:
            hosts.add(host)
            found[url] = McpServer(url, keys.mcp_keys.get(host, ""))
    for host in keys.mcp_keys:
        if host not in hosts:
            place.fault("mcp_keys", f'mcp_keys: no server of mcp is at "{host}" {suggest(host, sorted(hosts))}')
    return list(found.values())


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and (parts.port or 1) > 0 and not re.search(r"\s", url)
    except ValueError:
        return None
    return parts.hostname if good else None
