"""Trying providers before a call does: plug-ins are made once, endpoints are asked what they have."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, cast

from switchboard.files.suggest import suggest
from switchboard.speech.profile import SpeechProfile
from switchboard.speech.providers import Access, Accesses, Part, Provider, model_of, provider_of

_LARGEST = 4 * 2**20  # bytes of a list of models
_WITHIN_S = 3.0


def uses(profiles: Iterable[SpeechProfile]) -> dict[tuple[Part, str], SpeechProfile]:
    """Every model that these profiles have, once, with a profile that has it."""
    return {model: profile for profile in profiles for model in profile.every_model()}


def plugin_troubles(profiles: Iterable[SpeechProfile], accesses: Accesses) -> list[str]:
    """What keeps the plug-ins of these profiles from being made, a line each: most miss a key. Imports them."""
    found: list[str] = []
    for (part, model), profile in uses(profiles).items():
        provider = profile.providers[provider_of(model)]
        if provider.plugin:
            from switchboard.speech.models import make_model

            try:
                make_model(part, model, profile, "en", accesses)
            except Exception as error:  # whatever its own code raises
                found.append(f'{part} = "{model}": plugin "{provider.plugin}" cannot be made: {_line(error)}')
    return list(dict.fromkeys(found))


async def endpoint_troubles(
    profiles: Iterable[SpeechProfile],
    accesses: Accesses,
    *,
    within_s: float = _WITHIN_S,
    leave_out: Collection[str] = (),
) -> list[str]:
    """What is wrong with the servers of these profiles, a line each: asked all at once, for at most `within_s`.

    `leave_out` are names of providers that nobody need ask. A plug-in's own server is not asked: only it knows how.
    Never raises.
    """
    wanted: dict[str, tuple[Provider, set[str]]] = {}
    for (part, model), profile in uses(profiles).items():
        provider = profile.providers[provider_of(model)]
        if provider.kind is not None and provider.name not in leave_out:
            wanted.setdefault(provider.name, (provider, set()))[1].add(model_of(part, model)[0])
    asked = [_ask(provider, accesses[name], models, within_s) for name, (provider, models) in wanted.items()]
    return [line for lines in await asyncio.gather(*asked) for line in lines]


async def _ask(provider: Provider, access: Access, models: Collection[str], within_s: float) -> list[str]:
    # Imported here: it takes a tenth of a second, and who does not ask does not wait.
    import httpx

    path = "/models" if provider.kind == "openai" else "/v1/models"
    scheme = "Bearer" if provider.kind == "openai" else "Token"
    where = f'provider "{provider.name}": {access.base_url}'
    try:
        async with asyncio.timeout(within_s), httpx.AsyncClient(timeout=within_s) as client:
            headers = {"Authorization": f"{scheme} {access.key}"}
            async with client.stream("GET", access.base_url + path, headers=headers) as answer:
                status, kind, body = answer.status_code, answer.headers.get("content-type", ""), b""
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > _LARGEST:
                        break
    except TimeoutError:
        return [f"{where} does not answer within {within_s:g} s"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        return [f"{where} cannot be reached: {_line(error)}"]
    return list(_judge(provider, where, models, status, kind, body))


def _judge(
    provider: Provider, where: str, models: Collection[str], status: int, kind: str, body: bytes
) -> Iterator[str]:
    ending = ": an OpenAI base_url ends in /v1" if provider.kind == "openai" else ": Deepgram's base_url has no path"
    named = f"the key in {provider.key}" if provider.key else 'a request without a key: name it, key = "…"'
    if status == 401:
        yield f"{where} refuses {named} (HTTP 401)"
    elif status == 403 and "html" not in kind:
        yield f"{where} refuses {named}, or only to list its models (HTTP 403)"
    elif "html" in kind or body.lstrip()[:1] == b"<":
        yield f"{where} answers with a web page{ending}"
    elif status >= 500:
        yield f"{where} fails (HTTP {status})"
    elif status == 200 and provider.kind == "openai":
        have = _names(body)
        if have is None:
            yield f"{where} answers with something else than a list of models{ending}"
        for model in sorted(models):
            if have and model not in have:
                yield f'{where} has no model "{model}" {suggest(model, sorted(have))}'
    # Many servers with OpenAI's protocol list nothing (404), and Deepgram lists other names than it takes.


def _names(body: bytes) -> set[str] | None:
    """The models in an answer, None where it is no list of them."""
    try:
        data: Any = json.loads(body)
        rows = cast("list[dict[str, Any]]", data["data"])
        return {str(row["id"]) for row in rows}
    except (ValueError, RecursionError, KeyError, TypeError):
        return None


def _line(error: Exception) -> str:
    return " ".join(f"{error}".split())[:300] or type(error).__name__
