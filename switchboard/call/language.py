"""Language tags, as callers and metadata write them."""

from __future__ import annotations

import re

from phonenumbers import SUPPORTED_REGIONS

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def base_language(language: str) -> str:
    """`es` of `es-MX`."""
    return language.partition("-")[0].lower()


def read_language(value: object) -> str | None:
    """A language tag as callers and metadata write it (`ES`, `es_mx`) in its usual form (`es`, `es-MX`), or None."""
    if not isinstance(value, str) or len(value) > 35:
        return None
    base, _, rest = value.strip().replace("_", "-").partition("-")
    region = rest.upper() if len(rest) == 2 else rest
    tag = base.lower() + (f"-{region}" if region else "")
    return tag if _LANGUAGE.fullmatch(tag) else None


def written_language(text: str) -> str:
    """A language as a file says it, in its usual form. Raises ValueError, which says what would be right."""
    language = read_language(text)
    if language is None:
        raise ValueError(f'language = "{text}" is no language tag: write "es" or "es-MX"')
    import langcodes  # 50 ms, and a file without languages needs none of it

    base = base_language(language)
    usual = langcodes.standardize_tag(base) if langcodes.tag_is_valid(base) else None
    if usual is None:
        near = _spoken_in(base.upper())
        meant = f'did you mean "{near}"?' if near else 'write "es" or "es-MX"'
        raise ValueError(f'language = "{text}" is no language of ISO 639: {meant}')
    if len(base) > len(usual):  # three letters of a language that has two: providers know it by those
        raise ValueError(f'language = "{text}": did you mean "{usual}"?')
    return language


def _spoken_in(country: str) -> str | None:
    """The language that is spoken most in a country, by its two letters: who writes `cz` means `cs`."""
    import langcodes

    if country not in SUPPORTED_REGIONS:
        return None
    return langcodes.Language.make(territory=country).maximize().language
