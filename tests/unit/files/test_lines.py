"""Lines of keys in TOML, checked against what tomllib reads."""

from __future__ import annotations

import json
import tomllib
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from switchboard.files.lines import KeyPath, key_lines

TRICKY = '''# [not.a.table]
a.b = "x # = [y]"   # c
[numbers]
vips = [ "+1", # "x",
  '+2',

  { "k\\"q" = """
two "" lines"""""" ]
[[route]]
name = \'\'\'
[[not]] \'\'\'\'
"when" = { to = { prefix = ["+1"] }, header . "x-q" = 1.5, at = 2026-03-02 10:00:00 }
[route.when2.job]
z = -1e+5
[[route]]
[[route.sub]]
b = true
'''


def _paths(value: object, path: KeyPath = ()) -> list[KeyPath]:
    if isinstance(value, dict):
        inner: list[tuple[str | int, object]] = list(cast("dict[str, object]", value).items())
    else:
        inner = list(enumerate(cast("list[object]", value))) if isinstance(value, list) else []
    return [path, *(found for key, item in inner for found in _paths(item, (*path, key)))]


def test_every_key_has_its_line() -> None:
    text = TRICKY.replace('"""""" ]', '""""" } ]')
    lines = key_lines(text)
    assert {path for path in _paths(tomllib.loads(text)) if path} == set(lines)
    assert lines["a", "b"] == 2
    assert lines["numbers", "vips", 2, 'k"q'] == 7
    assert lines["route", 0] == 9
    assert lines["route", 0, "when", "header", "x-q"] == 12
    assert lines["route", 1, "sub", 0, "b"] == 17


_scalars = st.one_of(st.text(), st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)


def _toml(value: Any, gap: str) -> str:
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return "{" + ", ".join(f"{_text(key)} = {_toml(inner, gap)}" for key, inner in pairs) + "}"
    if isinstance(value, list):
        return "[" + gap + f",{gap}".join(_toml(inner, gap) for inner in cast("list[Any]", value)) + gap + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    if value.isprintable():
        return json.dumps(value, ensure_ascii=False)
    return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'


@given(st.dictionaries(st.text(), _values), st.sampled_from([" ", "\n", " # ] }\n\n"]))
def test_keys_of_any_document_are_found(document: dict[str, Any], gap: str) -> None:
    text = "".join(f"{_text(key)} = {_toml(value, gap)} # {gap.strip()}\n" for key, value in document.items())
    assert set(key_lines(text)) == {path for path in _paths(tomllib.loads(text)) if path}
