"""Who hears, thinks and speaks: the providers that models are named by. Names only; no plug-in is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Part = Literal["stt", "llm", "tts", "realtime"]
Kind = Literal["deepgram", "openai"]

OFFERS: Mapping[Kind, tuple[Part, ...]] = {
    "deepgram": ("stt", "tts"),
    "openai": ("stt", "llm", "tts", "realtime"),
}
# The variable that holds the key to each kind's own address, and what the key is for.
_OWN_KEYS: Mapping[Kind, str] = {"deepgram": "DEEPGRAM_API_KEY", "openai": "OPENAI_API_KEY"}
_WORK: Mapping[Part, str] = {"stt": "hears", "llm": "thinks", "tts": "speaks", "realtime": "hears, thinks and speaks"}


@dataclass(frozen=True, slots=True)
class Takes:
    """What a plug-in calls its model, its voice and words to expect, None where it takes none; what else it needs."""

    model: str | None
    voice: str | None
    keyterms: str | None
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """A name that models are written with. `kind` says how it is spoken to, or `plugin` which module does.

    An empty `base_url` is the usual one of its kind, an empty `key` none: the name of a variable, never the key.
    `arguments` are the plug-in's for every part, `own` those for one. `offers` are the parts it can be, `takes` what
    a plug-in is made with.
    """

    name: str
    kind: Kind | None = None
    base_url: str = ""
    key: str = ""
    plugin: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    own: Mapping[Part, Mapping[str, Any]] = field(default_factory=dict[Part, Mapping[str, Any]])
    offers: tuple[Part, ...] = ()
    takes: Mapping[Part, Takes] = field(default_factory=dict[Part, Takes])

    def arguments_for(self, part: Part) -> dict[str, Any]:
        """What the file gives the plug-in's class for `part`, as it is written."""
        return {**self.arguments, **self.own.get(part, {})}

    def place(self) -> str:
        """What makes its sound another one than that of a provider of the same name: empty for a built-in one."""
        return "" if self == BUILT_IN.get(self.name) else f"{self.base_url} {self.plugin} {self.arguments_for('tts')}"


Providers = Mapping[str, Provider]

BUILT_IN: Providers = {
    kind: Provider(kind, kind=kind, key=_OWN_KEYS[kind], offers=offers) for kind, offers in OFFERS.items()
}


@dataclass(frozen=True, slots=True)
class Access:
    """Where a provider is and the key to it. `base_url` is an origin for Deepgram, and ends in `/v1` for OpenAI."""

    key: str = field(repr=False)
    base_url: str


Accesses = Mapping[str, Access]


def own_key(kind: Kind) -> str:
    """The variable that holds the key to the usual address of `kind`."""
    return _OWN_KEYS[kind]


def provider_of(model: str) -> str:
    """The provider's name in `provider/model:voice`."""
    return model.partition("/")[0]


def model_of(part: Part, model: str) -> tuple[str, str]:
    """What its provider calls it, and its voice: of `provider/model:voice`. Who does not speak has no voice."""
    name = model.partition("/")[2]
    if part in ("stt", "llm"):
        return name, ""
    name, _, voice = name.partition(":")
    return name, voice


def work_of(part: Part) -> str:
    """What a model of this part does: for a sentence that begins with its name."""
    return _WORK[part]
