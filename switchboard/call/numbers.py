"""Telephone numbers: as they were received, and in E.164 where they are numbers at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

_NAME = re.compile(r"[^\w+]*[^\W\d_]")
_LONGEST = 250  # phonenumbers refuses longer text; nothing that long is a number
_DIGITS = 15  # E.164
_HIDDEN = frozenset({"anonymous", "unknown", "restricted", "private", "unavailable", "withheld", "blocked"})
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
# A carrier that must send digits spells such a word on the keypad: +266696687 is ANONYMOUS, +8656696 UNKNOWN.
_SPELLED = frozenset(word.translate(_KEYPAD) for word in _HIDDEN)


@dataclass(frozen=True, slots=True)
class Number:
    """One end of a call.

    `raw` is what the carrier sent. `e164` is `+` and digits, or None for what is no public number: a short
    code, an extension, "anonymous", a `sip:` identity. `country` is the ISO 3166 region ("US"), None where
    the number belongs to none (a freephone +800) or is no number.
    """

    raw: str
    e164: str | None = None
    country: str | None = None
    extension: str | None = None

    @property
    def is_hidden(self) -> bool:
        """The caller withheld the number, and the carrier said so by a word in its place, or by its digits."""
        return self.raw.strip().casefold() in _HIDDEN or _is_spelled(self.raw)

    def __str__(self) -> str:
        return self.e164 or self.raw


def parse_number(raw: str, region: str) -> Number:
    """Read `raw` as dialled in `region` (ISO 3166, "US"). Never raises: what is no number keeps its text."""
    parsed = _parse(raw, region)
    if parsed is None:
        return Number(raw)
    return Number(raw, _e164(parsed), _country(parsed), parsed.extension or None)


def read_e164(raw: str, region: str) -> str | None:
    """The E.164 form alone, None for no public number: a third of the work, for files of millions."""
    parsed = _parse(raw, region)
    return _e164(parsed) if parsed else None


def _parse(raw: str, region: str) -> phonenumbers.PhoneNumber | None:
    text = _user_part(raw.strip())
    # `bob4155550101` is a name with digits in it: phonenumbers would look for the number inside.
    if not text or len(text) > _LONGEST or _NAME.match(text) or _is_spelled(text):
        return None
    parsed = _possible(text, region)
    if parsed is None and text.startswith("00"):
        # Carriers write a country so wherever they are, also where people dial another prefix.
        parsed = _possible(f"+{text[2:]}", region)
    return parsed


def _possible(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    """The number in `text`, None where there is none. Too short or too long is a short code, an extension, and
    what can be dialled only within a town is no number for anybody elsewhere."""
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    # For some countries (Germany) the library takes more digits than a public number can have.
    return parsed if len(_e164(parsed)) <= 1 + _DIGITS else None


def _is_spelled(text: str) -> bool:
    return text.strip().removeprefix("+") in _SPELLED


def _e164(parsed: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _user_part(text: str) -> str:
    """`sip:+14155550101@host;user=phone` and `tel:+1…` carry the number inside."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme.casefold() in ("sip", "sips", "tel"):
        text = rest
        user = text.partition("@")[0].partition(";")[0]
        # `sip:alice7@example.com` names a person: letters would be read as a vanity number.
        return user if not any(c.isalpha() for c in user) else ""
    return text


def _country(parsed: phonenumbers.PhoneNumber) -> str | None:
    region = phonenumbers.region_code_for_number(parsed)
    if region is None:  # possible, but not assigned (555 numbers): the calling code's main country
        region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return None if region in ("001", "ZZ") else region
