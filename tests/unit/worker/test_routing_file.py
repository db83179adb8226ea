"""What is wrong with a routing file, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchboard.files.source import TableErrors
from switchboard.worker.routing_file import load_file
from tests.unit.routing.routing_files import AGENTS, DEFAULT, call, errors, load_text, routes

FIVE = """[numbers]
vips = ["+14155550101"]

[[route]]
name = "a"
when = { from = "@vip" }
agent = "suport"

[[route]]
name = "a"
when = { depratment = "x" }
agent = "sales"
speach = "phone"

[default]
agent = "front_desk"
"""

FAULTS: list[tuple[str, int, str]] = [
    # text before [default], line of the fault, words of the message
    ('[[route]]\nname = "a"\nagent = "x"\nwhen.to = "+18005550100"\n', 3, 'route "a": unknown agent "x" (have: fr'),
    ('[[route]]\nname = "a"\nagent = "x"\nwhen.to = "+18005550100"\n', 3, "it needs prompts/x.md"),
    ('[[route]]\nname = "a"\nagnt = "sales"\nwhen.to = "1"\n', 3, 'unknown key "agnt" (did you mean "agent"?'),
    ('[[route]]\nname = "default"\nagent = "sales"\nwhen.to = "1"\n', 2, "is the name of the [default] table"),
    ('[[route]]\nagent = "sales"\nwhen.to = "1"\n', 1, "route 1: has no name"),
    ('[[route]]\nname = "a"\nwhen.to = "1"\n', 1, "asks for nothing"),
    ('[[route]]\nname = "a"\nagent = "sales"\nreject = "busy"\nwhen.to = "1"\n', 4, "agent and reject: only one"),
    ('[[route]]\nname = "a"\nreject = "bussy"\nwhen.to = "1"\n', 3, 'did you mean "busy"?'),
    ('[[route]]\nname = "a"\ntransfer = "tel:+1"\nwhen.to = "1"\n', 3, "transfer is not yet supported"),
    ('[[route]]\nname = "a"\nannounce = "Hi"\nwhen.to = "1"\n', 3, "announce is not yet supported"),
    ('[[route]]\nname = "a"\nagent = "sales"\nwhen.open = "office"\n', 4, "open is not yet supported"),
    ('[overflow]\nthen = "hold"\n', 2, 'then must be "wait", "refuse", "announce", "queue" or "transfer"'),
    ('[overflow]\nthen = "transfer"\n', 2, 'needs to know to whom: transfer = "tel:+14155550123"'),
    ('[overflow]\ntransfer = "reception"\n', 2, '"reception" is nobody to transfer to: write "tel:+14155550123"'),
    ('[overflow]\ntransfer = "tel:+19005550100"\n', 2, "is a premium number: callers would pay for it"),
    ('[overflow]\nmusic = "hold.opus"\n', 2, "there is no such file beside switchboard.toml"),
    ("[overflow]\nat_most = 100\n", 2, "at_most must be a whole number from 1 to 40"),
    ("[overflow]\nfor_s = 1\n", 2, "for_s must be a number of seconds from 10 to 3600"),
    ('[overflow]\nannounce = " "\n', 2, "announce must be words in quotes, or a table of them by language"),
    ('[overflow]\nannounce = { english = "Hi" }\n', 2, "announce must be words in quotes, or a table"),
    ('[hours.office]\ntimezone = "UTC"\n', 1, "hours is not yet supported"),
    ('[[route]]\nname = "a"\nagent = "sales"\nwhen = "x"\n', 4, "when must be a table"),
    ('[[route]]\nname = "a"\nagent = "sales"\nspeech = "fone"\nwhen.to = "1"\n', 4, 'unknown speech profile "fone"'),
    ('[[route]]\nname = "a"\nagent = "sales"\nlanguage = "Spanish!"\nwhen.to = "1"\n', 4, "is no language tag"),
    ('[[route]]\nname = "a"\nagent = "sales"\nlanguage = "tlh"\nwhen.to = "1"\n', 4, 'hears the language "tlh"'),
    ('[[route]]\nname = "a"\nagent = "sales"\nwhen.language = "tlh"\n', 1, 'hears the language "tlh"'),
    ('[[route]]\nname = "a"\nagent = "sales"\nllm = "gpt-4"\nwhen.to = "1"\n', 4, '"provider/model"'),
    ('[[route]]\nname = "a"\nagent = "sales"\nstt = "acme/x"\nwhen.to = "1"\n', 4, 'unknown provider "acme"'),
    ('[[route]]\nname = "a"\nagent = "sales"\ngreeting = "Hi {nam}"\nwhen.to = "1"\n', 4, 'did you mean "name"?'),
    ('[[route]]\nname = "a"\nagent = "sales"\ngreeting = "Hi {"\nwhen.to = "1"\n', 4, "greeting: "),
    ('[[route]]\nname = "a"\nagent = "sales"\ngreeting = "Hi {0}"\nwhen.to = "1"\n', 4, "unknown placeholder {0}"),
    (routes("percent = 101").removesuffix(DEFAULT), 3, "from 0 to 100"),
    (routes('to = "@x"').removesuffix(DEFAULT), 3, 'unknown list "@x" in [numbers] (have: none)'),
    (routes('to = "+1"').removesuffix(DEFAULT), 3, '"+1" is no telephone number'),
    (routes("to = 18005550100").removesuffix(DEFAULT), 3, "must be text in quotes"),
    (routes("to = []").removesuffix(DEFAULT), 3, "matches no call"),
    (routes('to = { prefix = "415" }').removesuffix(DEFAULT), 3, "a prefix is + and digits"),
    (routes('to = { country = "XX" }').removesuffix(DEFAULT), 3, "is no country"),
    (routes('to = { prefx = "+1" }').removesuffix(DEFAULT), 3, 'did you mean "prefix"?'),
    (routes("to = { absent = 1 }").removesuffix(DEFAULT), 3, "absent is true or false"),
    (routes('kind = "sipp"').removesuffix(DEFAULT), 3, 'did you mean "sip"?'),
    (routes('header = "x"').removesuffix(DEFAULT), 3, "header needs a name"),
    (routes('attribute.sip.callStatus = "x"').removesuffix(DEFAULT), 3, 'attribute."sip.callStatus"'),
    (routes('tier = "x"').removesuffix(DEFAULT), 3, 'is written data."tier"'),
    (routes('to = "1"', 'to = "1"').removesuffix(DEFAULT), 5, 'no call reaches it: route "r1" in line 1'),
    ("[worker]\nregion = 'XX'\n", 2, "is no country"),
    ("[worker]\nwait_for_attributes_ms = 0.5\n", 2, "must be a whole number"),
    ("[worker]\nagent_name = ''\n", 2, "agent_name must be the name by which LiveKit finds the worker: not empty"),
    ("[worker]\nagent_name = ' '\n", 2, "not empty"),
    ("[worker]\ncaller_timeout_s = 0\n", 2, "caller_timeout_s must be a number of seconds from 1 to 600"),
    ("[worker]\nanswer_timeout_s = 0.5\n", 2, "must be a number of seconds from 1 to 600"),
    ("[worker]\nwait_for_attributes_ms = 600000\n", 2, "milliseconds, at most 5000"),
    ("[worker]\nlanguage = '?'\n", 2, "is no language tag"),
    ("[worker]\nlanguage = 'ger'\n", 2, 'language = "ger": did you mean "de"?'),
    ("[worker]\nlanguage = 'cz'\n", 2, '"cz" is no language of ISO 639: did you mean "cs"?'),
    ("[worker]\nlanguage = 'xx'\n", 2, '"xx" is no language of ISO 639: write "es"'),
    ("[[route]]\nname = 'r'\nreject = 'busy'\ngreeting = 'Hi.'\n", 4, "greeting is for an agent: who is refused"),
    ("[[route]]\nname = 'r'\nreject = 'busy'\nopening = 'Say hi.'\n", 4, "opening is for an agent: who is refused"),
    (
        "[[route]]\nname = 'r'\nagent = 'sales'\nopening = 'Name {aera_code}.'\n",
        4,
        "opening: unknown placeholder {aera_code}",
    ),
    ("[worker]\nlanguage = 'tlh'\n", 3, '[default]: speech profile "phone"'),
    ("[worker]\nagent = 'x'\n", 2, 'did you mean "agent_name"?'),
    ("[wroker]\n", 1, 'did you mean "worker"?'),
    ("worker = 5\n", 1, "[worker]: must be a table"),
    ("[speech.phone]\nsst = 'x'\n", 2, 'did you mean "stt"?'),
    ("[speech.phone]\nstt = 'nova'\n", 2, '"provider/model"'),
    ("[speech.phone]\nvoices = { es = 1 }\n", 2, "must be a language with a voice"),
    ("[speech.phone]\nmin_delay = -1\n", 2, "not negative"),
    ("[speech]\nphone = 1\n", 2, "[speech.phone]: must be a table"),
    ("[numbers]\na = 'x'\n", 2, "must be a list of numbers"),
    ("[numbers]\na = [\n 'x',\n '+1',\n]\n", 4, '"+1" is no telephone number'),
    ("[numbers]\na = { file = 'none.txt' }\n", 2, "none.txt cannot be read"),
    ("[route]\n", 1, "[[route]]"),
    ("[[test]]\ncall = {}\n", 1, "test 1: has no expect"),
    ("[[test]]\ncall = {}\nexpect = 'defualt'\n", 3, 'did you mean "default"?'),
    ("[[test]]\ncall = { too = '1' }\nexpect = 'default'\n", 2, 'unknown key "too" (did you mean "to"?'),
    (
        "[[test]]\ncall = {}\nexpect = 'r1'\n" + routes('kind = "sip", to = "1"').removesuffix(DEFAULT),
        1,
        'expected "r1", got "default": to = "1" (is absent) does not hold',
    ),
]


@pytest.mark.parametrize(("text", "line", "words"), FAULTS, ids=[words for _, _, words in FAULTS])
def test_a_fault_is_reported_with_its_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    (found,) = errors(tmp_path, text + DEFAULT)
    assert found.startswith(f"switchboard.toml:{line}: ")
    assert words in found


def test_all_faults_are_reported_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = errors(tmp_path, FIVE)
    assert [int(error.split(":")[1]) for error in found] == [6, 7, 10, 11, 13]
    assert (
        found[0] == 'switchboard.toml:6: route "a": unknown list "@vip" in [numbers] (did you mean "vips"? have: vips)'
    )


def test_a_failing_row_is_reported_beside_faults_that_leave_the_conditions_readable(tmp_path: Path) -> None:
    text = "[[test]]\ncall = { to = '2' }\nexpect = 'r1'\n" + routes('to = "1"').replace("support", "suport")
    assert len(errors(tmp_path, text)) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = \n", 2), ("a = 1\na = 2\n", 2), ("[a]\n[a]\n", 2), ("a = '''\n", 2), ("a = " + "[" * 5000, 1)],
)
def test_text_that_is_not_toml_is_reported_with_its_line(text: str, line: int, tmp_path: Path) -> None:
    (found,) = errors(tmp_path, text)
    assert found.startswith(f"switchboard.toml:{line}: ")


def test_a_file_that_is_missing_or_not_text_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(TableErrors, match="there is no such file"):
        load_file(tmp_path / "switchboard.toml", agents=AGENTS)
    (tmp_path / "switchboard.toml").write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(TableErrors, match=r"switchboard.toml:2: is not UTF-8"):
        load_file(tmp_path / "switchboard.toml", agents=AGENTS)
    with pytest.raises(TableErrors, match="cannot be read"):
        load_file(tmp_path, agents=AGENTS)


def test_default_is_required_and_takes_no_when(tmp_path: Path) -> None:
    assert "there is no [default]" in errors(tmp_path, "")[0]
    (found,) = errors(tmp_path, DEFAULT + 'when = { to = "1" }\n')
    assert found == "switchboard.toml:3: [default]: takes no when: it answers what no route takes"


def test_a_file_with_nothing_but_default_is_complete(tmp_path: Path) -> None:
    config = load_text(tmp_path, DEFAULT)
    assert (config.worker.agent_name, config.worker.region, config.worker.language) == ("switchboard", "US", "en")
    assert config.table.decide(call()).route == "default"
    assert config.table.needs == frozenset()


SHADOWED = [
    ("", 'to = "+18005550100"'),
    ('to = ["+18005550100", "+18005550101"]', 'to = "+18005550101", trunk = "ST_1"'),
    ('from = { prefix = "+1" }', 'from = { prefix = ["+1415", "+1510"] }'),
    ('from = { prefix = "+1415" }', 'from = ["+14155550101", "+14155550102"]'),
    ('from = { country = "GB" }', 'from = "+442079460018"'),
    ('from = "@vips"', 'from = "@vips", kind = "sip"'),
    ("from = { absent = false }", 'from = "@vips"'),
    ('language = "es"', 'language = "es-MX"'),
    ('language = "es"', 'data.language = ["es-MX", "es"]'),
    ("percent = 100", 'to = "1"'),
]
NOT_SHADOWED = [
    ('to = "+18005550100"', 'to = ["+18005550100", "+18005550101"]'),
    ('to = "+18005550100", trunk = "ST_1"', 'to = "+18005550100"'),
    ('from = { prefix = "+1415" }', 'from = { prefix = "+1" }'),
    ("from = { absent = false }", "from = { absent = true }"),
    ('language = "es-MX"', 'language = "es"'),
    ('to = "+18005550100"', 'from = "+18005550100"'),
    ("percent = 50", "percent = 50"),
]


@pytest.mark.parametrize(("earlier", "later"), SHADOWED)
def test_a_route_that_an_earlier_one_always_shadows_is_a_fault(earlier: str, later: str, tmp_path: Path) -> None:
    head = '[numbers]\nvips = ["+14155550101"]\n'
    (found,) = errors(tmp_path, head + routes(earlier, later))
    assert 'route "r2": no call reaches it: route "r1"' in found


@pytest.mark.parametrize(("earlier", "later"), NOT_SHADOWED)
def test_a_route_that_takes_other_calls_too_is_no_fault(earlier: str, later: str, tmp_path: Path) -> None:
    assert not errors(tmp_path, routes(earlier, later))


def test_the_fingerprint_changes_with_the_file_and_with_its_lists(tmp_path: Path) -> None:
    listing = tmp_path / "blocked.txt"
    text = '[numbers]\nblocked = { file = "blocked.txt" }\n' + DEFAULT
    prints: set[str] = set()
    for content, comment in (("+14155550101\n", ""), ("+14155550102\n", ""), ("+14155550102\n", "# more\n")):
        listing.write_text(content)
        prints.add(load_text(tmp_path, text + comment).fingerprint)
    assert len(prints) == 3
    assert all(len(value) == 64 for value in prints)
