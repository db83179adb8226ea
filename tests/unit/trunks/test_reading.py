"""trunks.toml: what is wrong with it is said at once, with lines, and secrets stay out of sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchboard.call.metadata import LIMIT
from switchboard.files.source import TableErrors
from switchboard.trunks.reading import Trunks, TrunksErrors, read_trunks

TRUNK = '[[inbound_trunk]]\nname = "main"\nnumbers = ["+14155550100"]\nallowed_addresses = ["192.0.2.1"]\n'


def read(tmp_path: Path, text: str, **environment: str) -> Trunks:
    path = tmp_path / "trunks.toml"
    path.write_text(text, encoding="utf-8")
    return read_trunks(path, environment)


def faults(tmp_path: Path, text: str, **environment: str) -> tuple[str, ...]:
    with pytest.raises(TrunksErrors) as caught:
        read(tmp_path, text, **environment)
    return caught.value.errors


def test_numbers_are_read_as_people_write_them(tmp_path: Path) -> None:
    text = '[[inbound_trunk]]\nname = "a"\nnumbers = ["+1 (415) 555-0100", "030 1234"]\n'
    assert read(tmp_path, text).file.inbound_trunk[0].numbers == ("+14155550100", "0301234")


def test_a_call_rings_for_half_a_minute_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    assert read(tmp_path, TRUNK).file.inbound_trunk[0].ringing_timeout == 30
    assert read(tmp_path, TRUNK + "ringing_timeout = 0\n").file.inbound_trunk[0].ringing_timeout == 0


@pytest.mark.parametrize("key", ["metadata", "agent_metadata", "room_metadata"])
def test_metadata_may_be_as_long_as_the_worker_reads_and_no_longer(tmp_path: Path, key: str) -> None:
    def rule(length: int) -> str:
        return f"[[dispatch_rule]]\nname = 'r'\n{key} = {{ a = '{'x' * length}' }}\n"

    fits = LIMIT - len('{"a":""}')
    assert getattr(read(tmp_path, rule(fits)).file.dispatch_rule[0], key)
    [fault] = faults(tmp_path, rule(fits + 1))
    assert f"{key}: it is 65537 bytes, the limit is 65536" in fault


def test_five_mistakes_are_five_messages_with_lines(tmp_path: Path) -> None:
    text = """\
[[inbound_trunk]]
numbers = ["nonsense"]
krisp = "yes"
media_encryption = "perhaps"

[[outbound_trunk]]
name = "out"
address = "sip:example.com"
numbers = []
"""
    found = faults(tmp_path, text)
    assert [fault.split(": ")[0] for fault in found] == [f"trunks.toml:{line}" for line in (1, 2, 3, 4, 9)]
    assert '"name" is missing' in found[0]
    assert '"nonsense" is no telephone number' in found[1]
    assert 'media_encryption = "perhaps" is none of "disable", "allow" or "require"' in found[3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[outbound_trunk]]\nname = "a"\nnumbers = ["*"]\naddress = "sip:a.example"\n', "must be a host name alone"),
        ('[[outbound_trunk]]\nname = "a"\nnumbers = ["*"]\naddress = "a;transport=tls"\n', "must be a host name alone"),
        (TRUNK + 'password_env = "P"\n', "username_env and password_env belong together"),
        ('[[inbound_trunk]]\nname = "a"\n', "needs numbers, allowed_addresses or username_env"),
        ('[inbound_trunk]\nname = "a"\n', "inbound_trunk must be a table: write [[inbound_trunk]] above its keys"),
        (TRUNK.replace('["+14155550100"]', '"+14155550100"'), 'numbers must be a list, ["…"]'),
        (TRUNK + '[[dispatch_rule]]\nname = "r"\ntype = "direct"\n', 'type "direct" needs a room'),
        (TRUNK + '[[dispatch_rule]]\nname = "r"\nroom = "x"\n', 'type "individual" takes a room_prefix, not a room'),
        (TRUNK + '[[dispatch_rule]]\nname = "r"\nrandomize = true\n', 'only type "callee" takes randomize'),
        (TRUNK + '[[dispatch_rule]]\nname = "r"\ntrunks = []\n', "trunks must not be empty: leave it out for every"),
        (TRUNK + '[[dispatch_rule]]\nname = "r"\npin = "1"\n', '"pin" has no place in a file: set a variable'),
        (TRUNK + 'headers_to_attributes = { "X Q" = "q" }\n', '"X Q" is no name of a SIP header'),
        (TRUNK + "[[trunk]]\n", 'unknown key "trunk"'),
        (TRUNK + TRUNK.replace("0100", "0101"), "there are two of this name"),
    ],
)
def test_a_mistake_is_one_message(tmp_path: Path, text: str, said: str) -> None:
    found = faults(tmp_path, text)
    assert len(found) == 1
    assert said in found[0]


def test_a_secret_comes_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    text = TRUNK + 'username_env = "TRUNK_USER"\npassword_env = "TRUNK_PASSWORD"\n'
    trunks = read(tmp_path, text, TRUNK_USER="user", TRUNK_PASSWORD="hush")
    assert trunks.secrets == {"TRUNK_USER": "user", "TRUNK_PASSWORD": "hush"}
    assert "hush" not in repr(trunks)


def test_each_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    found = faults(tmp_path, TRUNK + 'username_env = "A"\npassword_env = "B"\n', A="")
    assert [("A is not set" in found[0]), ("B is not set" in found[1])] == [True, True]


def test_a_pin_that_cannot_be_typed_is_a_mistake_and_not_shown(tmp_path: Path) -> None:
    found = faults(tmp_path, TRUNK + '[[dispatch_rule]]\nname = "r"\npin_env = "PIN"\n', PIN="abc9")
    assert "PIN must be digits" in found[0]
    assert "abc9" not in found[0]


@pytest.mark.parametrize(
    ("text", "said"), [("name = ", "1: a value is missing after ="), ("\n[[x]\n", "2: this is not TOML")]
)
def test_what_is_no_toml_has_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TableErrors, match=f"^trunks.toml:{said}"):
        read(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableErrors, match="there is no such file"):
        read_trunks(tmp_path / "trunks.toml", {})
