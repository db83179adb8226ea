"""What others send is cut to a size, whatever it is."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from switchboard.call.bounded import bounded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_it_is_json_of_a_bounded_size(value: Any) -> None:
    text = json.dumps(bounded(value, 20, 100), ensure_ascii=False)
    # Each key or value that still had room may add quotes, a mark, and how many more there were; quotes are escaped.
    assert sum(c.isalnum() for c in text) <= 100 + 40 * (text.count("[") + text.count("{") + 1)


@given(JSON)
def test_what_is_small_is_left_as_it_is(value: Any) -> None:
    assert bounded(value, 10**9, 10**9) == value


def test_it_says_how_much_is_left_out_and_keeps_what_comes_first() -> None:
    many = {f"x{number}": "y" for number in range(1500)}
    kept = bounded(many, 300, 100)
    assert list(kept)[:2] == ["x0", "x1"]
    assert kept["…"] == f"{1500 - len(kept) + 1} more"
    assert bounded(list(many), 300, 12)[-1] == "… 1498 more"
    assert bounded("y" * 301, 300, 1000) == "y" * 300 + "…"
    assert bounded(10**400, 300, 1000) == "1" + "0" * 299 + "…"


def test_it_ends_where_a_value_holds_itself() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert json.dumps(bounded(loop, 300, 1000)).endswith('"\\u2026"' + "]" * 65)
