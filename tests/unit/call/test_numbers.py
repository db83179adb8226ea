"""Numbers as carriers send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.call.numbers import parse_number


@pytest.mark.parametrize(
    ("raw", "region", "e164", "country"),
    [
        ("+14155550101", "US", "+14155550101", "US"),
        ("+1 (415) 555-0101", "DE", "+14155550101", "US"),
        ("4155550101", "US", "+14155550101", "US"),
        ("030 12345678", "DE", "+493012345678", "DE"),
        ("020 7946 0018", "GB", "+442079460018", "GB"),
        ("0049 30 12345678", "DE", "+493012345678", "DE"),
        ("tel:+34911234567", "US", "+34911234567", "ES"),
        ("sip:+14155550101@carrier.example;user=phone", "US", "+14155550101", "US"),
        ("+80012345678", "US", "+80012345678", None),
        ("00493012345678", "US", "+493012345678", "DE"),
        ("1-800-356-9377", "US", "+18003569377", "US"),
        ("1-800-FLOWERS", "US", "+18003569377", "US"),
    ],
)
def test_a_number_is_read_in_its_region(raw: str, region: str, e164: str, country: str | None) -> None:
    number = parse_number(raw, region)
    assert (number.e164, number.country) == (e164, country)
    assert number.raw == raw


@pytest.mark.parametrize(
    "raw",
    [
        "911",
        "101",
        "+49490114155550123",
        "anonymous",
        "Restricted",
        "sip:alice7@example.com",
        "bob4155550101",
        "+",
        "",
        "   ",
        "9" * 10_000,
        "+1\x00",
    ],
)
def test_what_is_no_number_keeps_its_text(raw: str) -> None:
    number = parse_number(raw, "US")
    assert number.e164 is None
    assert number.raw == raw


def test_an_extension_is_kept_apart() -> None:
    number = parse_number("+1 415 555 0101 ext. 22", "US")
    assert (number.e164, number.extension) == ("+14155550101", "22")


def test_a_withheld_number_is_known_as_hidden() -> None:
    assert parse_number("Anonymous", "US").is_hidden
    assert not parse_number("+14155550101", "US").is_hidden


@pytest.mark.parametrize("raw", ["+266696687", "+86282452253", "+7378742833", "+2562533", "+8656696", "266696687"])
def test_a_withheld_number_that_the_carrier_spells_as_digits_is_hidden_and_no_number(raw: str) -> None:
    number = parse_number(raw, "US")
    assert number.is_hidden
    assert number.e164 is None


@given(st.text(), st.sampled_from(["US", "DE", "GB", "ZZ", ""]))
def test_no_text_breaks_reading(raw: str, region: str) -> None:
    assert parse_number(raw, region).raw == raw
