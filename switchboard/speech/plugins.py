"""Any plug-in of livekit-agents, found by the name of its module: what it can be, what it takes, and it itself.

What a file says is checked by the signature of the plug-in's class, before any call.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from livekit.agents import llm, stt, tts
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from switchboard.files.suggest import suggest
from switchboard.speech.providers import Access, Part, Provider, Takes, model_of

logger = logging.getLogger("switchboard")

_CLASSES: Mapping[Part, tuple[str, type]] = {"stt": ("STT", stt.STT), "llm": ("LLM", llm.LLM), "tts": ("TTS", tts.TTS)}
# How plug-ins call what all of them take; the first that a class has.
_MODEL = ("model", "model_id", "model_name")
_VOICE = ("voice", "voice_id", "voice_name", "speaker")
_LANGUAGE = ("language", "language_code", "lang")
_KEYTERMS = ("keyterms", "keyterm", "keyterms_prompt")
_KEY = ("api_key", "api_token", "speech_key", "token")
_PACKAGES = "livekit.plugins."


class PluginFault(Exception):
    """What is wrong with a plug-in or with what it is given, in words that say what to do."""


def plugin_classes(module: str) -> dict[Part, type]:
    """What the plug-in can be, by its classes. Raises PluginFault where it is not installed or is none."""
    package = f"livekit-plugins-{module.removeprefix(_PACKAGES).replace('_', '-')}"
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is None:
        add = f": uv add {package}" if module.startswith(_PACKAGES) else ""
        raise PluginFault(f'plugin "{module}" is not installed{add}')
    try:
        loaded = importlib.import_module(module)
    except Exception as error:  # whatever its own code raises
        raise PluginFault(f'plugin "{module}" cannot be imported: {type(error).__name__}: {error}') from None
    classes: dict[Part, type] = {}
    for part, (name, base) in _CLASSES.items():
        found_class = getattr(loaded, name, None)
        if inspect.isclass(found_class) and issubclass(found_class, base):
            classes[part] = found_class
    if not classes:
        raise PluginFault(f'plugin "{module}" is no plug-in of livekit-agents: it has no STT, LLM or TTS')
    return classes


def argument_faults(provider: Provider, classes: Mapping[Part, type]) -> Iterator[tuple[str, str]]:
    """What is wrong with the provider's arguments: the key in its table, and the words. Never raises."""
    for part, cls in classes.items():
        signature = _Signature(cls)
        for name, value in provider.own.get(part, {}).items():
            if wrong := signature.fault(name, value):
                yield part, f"{part}: {wrong}"
    signatures = [_Signature(cls) for cls in classes.values()]
    for name, value in provider.arguments.items():
        if not any(one.has(name) for one in signatures):
            names = sorted({argument for one in signatures for argument in one.names})
            yield "arguments", f'unknown argument "{name}" of "{provider.plugin}" {suggest(name, names)}'
        else:
            yield from (
                ("arguments", wrong)
                for wrong in dict.fromkeys(one.fault(name, value) for one in signatures if one.has(name))
                if wrong
            )
    for key, given, names in (("key", provider.key, _KEY), ("base_url", provider.base_url, ("base_url",))):
        if given and not any(one.first(names) for one in signatures):
            yield key, f'plugin "{provider.plugin}" takes no {key}: leave it out, and set what the plug-in reads itself'


def takes(provider: Provider, part: Part, cls: type) -> Takes:
    """What its class for `part` is made with, beside what the file gives it."""
    signature = _Signature(cls)
    model, voice = signature.first(_MODEL), signature.first(_VOICE)
    given = {*provider.arguments_for(part), signature.first(_KEY) if provider.key else None, signature.first(_LANGUAGE)}
    needs = tuple(name for name in signature.needed() if name not in given)
    return Takes(model, voice, signature.first(_KEYTERMS) if part == "stt" else None, needs)


def build(
    provider: Provider, part: Part, model: str, language: str, access: Access, keyterms: tuple[str, ...] = ()
) -> Any:
    """The plug-in's object for `part`. Raises what its constructor raises, a key that it misses among it.

    Where it does so for the language alone, it is made without.
    """
    cls = plugin_classes(provider.plugin)[part]
    signature = _Signature(cls)
    name, voice = model_of(part, model)
    given = {
        signature.first(_LANGUAGE): language if part != "llm" else "",
        signature.first(("base_url",)): access.base_url,
        signature.first(_KEYTERMS): list(keyterms) if part == "stt" else (),
        signature.first(_KEY): access.key if provider.key else "",
    }
    told = {
        key: signature.typed(key, value) for key, value in provider.arguments_for(part).items() if signature.has(key)
    }
    named = {signature.first(_MODEL): name, signature.first(_VOICE): voice}
    ours, theirs = ({key: value for key, value in some.items() if key and value} for some in (given, named))
    arguments = ours | told | theirs  # what the profile names counts most
    try:
        return cls(**arguments)
    except Exception:
        # A caller's language may be one that it does not take: better another one than nobody.
        spoken = signature.first(_LANGUAGE)
        if spoken not in arguments or spoken in told:
            raise
        made = cls(**{key: value for key, value in arguments.items() if key != spoken})
        logger.warning("plugin %s cannot be made for the language %s: its own is used", provider.plugin, language)
        return made


@dataclass(slots=True)
class _Signature:
    """What a class is made with."""

    cls: type

    @property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self.cls).parameters

    @property
    def names(self) -> list[str]:
        return [
            name for name, one in self._parameters.items() if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]

    def has(self, name: str) -> bool:
        any_name = any(one.kind is one.VAR_KEYWORD for one in self._parameters.values())
        return any_name or name in self.names

    def first(self, names: tuple[str, ...]) -> str | None:
        return next((name for name in names if name in self.names), None)

    def needed(self) -> list[str]:
        parameters = self._parameters
        return [name for name in self.names if parameters[name].default is inspect.Parameter.empty]

    def fault(self, name: str, value: Any) -> str | None:
        """What is wrong with an argument, without its value: it might be a secret."""
        if not self.has(name):
            return f'unknown argument "{name}" {suggest(name, self.names)}'
        try:
            self.typed(name, value)
        except ValidationError:
            wanted = str(self._parameters[name].annotation)
            optional = re.fullmatch(r"NotGivenOr\[(.*)\]", wanted)
            return f"{name} must be {optional[1] if optional else wanted}"
        return None

    def typed(self, name: str, value: Any) -> Any:
        """The value as the class takes it: a table becomes the dataclass that is asked for. Raises ValidationError."""
        try:
            hint: Any = get_type_hints(self.cls.__init__).get(name, Any)
            adapter = TypeAdapter[Any](hint, config=ConfigDict(arbitrary_types_allowed=True))
        except (NameError, TypeError, AttributeError, PydanticSchemaGenerationError, PydanticUserError):
            return value  # a hint that only type checkers can read
        found = adapter.validate_python(value)
        return found if isinstance(value, dict | list) else value
