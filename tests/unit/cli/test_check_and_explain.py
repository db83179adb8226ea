"""`switchboard check` and `switchboard explain`, as they are used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from switchboard.cli import app
from tests.unit.routing.routing_files import DEFAULT, be_business, routes

ROWS = "\n[[test]]\ncall = { to = '1' }\nexpect = 'r1'\n\n[[test]]\ncall = {}\nexpect = 'default'\n"
REACHED = "[agent.support]\nhand_over = { sales = 'prices' }\n"


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, list(arguments), input=stdin, catch_exceptions=False)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    be_business(tmp_path, monkeypatch)
    path = tmp_path / "switchboard.toml"
    path.write_text(routes('to = "1"') + REACHED + ROWS)
    return path


def explained(*arguments: str) -> dict[str, Any]:
    result = run("explain", "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_the_shipped_file_is_good_and_every_route_has_a_row() -> None:
    result = run("check", "--config", "switchboard.toml", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ok"], report["failed"], report["unreached"]) == (0, True, [], [])


def test_check_says_in_one_line_that_all_is_well(file: Path) -> None:
    result = run("check", "--config", str(file))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "switchboard.toml: 1 route and a default, 2 tests, all pass.\n"


def test_check_warns_of_rules_that_take_numbers_away_or_put_callers_together(file: Path) -> None:
    rules = "[[dispatch_rule]]\nname = 'a'\ntype = 'callee'\nhide_phone_number = true\npin_env = ''\n"
    (file.parent / "trunks.toml").write_text(rules)
    result = run("check", "--config", str(file))
    assert result.exit_code == 0
    shared, hidden = [line for line in result.stderr.splitlines() if line.startswith("trunks.toml:")]
    assert "a second caller is put into the first one's room" in shared
    assert "no route can ask for `to`" in hidden
    (file.parent / "trunks.toml").write_text("[[dispatch_rule]]\nno = 1\n")  # provision says what is wrong with it
    assert "trunks.toml" not in run("check", "--config", str(file)).stderr


def test_check_names_routes_that_no_row_reaches(file: Path) -> None:
    file.write_text(routes('to = "1"'))
    result = run("check", "--config", str(file))
    assert result.exit_code == 0
    assert 'no test row reaches "r1" (warning)' in result.stderr


def test_check_shows_only_failing_rows(file: Path) -> None:
    file.write_text(file.read_text() + "\n[[test]]\ncall = { to = '2' }\nexpect = 'r1'\n")
    result = run("check", "--config", str(file))
    assert result.exit_code == 1
    assert result.stderr == (
        'switchboard.toml:18: test 3: expected "r1", got "default": to = "1" (is "2") does not hold\n'
    )


def test_a_faulty_file_is_wrong_use_of_both_commands(file: Path) -> None:
    file.write_text(routes('too = "1"'))
    for command in ("check", "explain"):
        result = run(command, "--config", str(file))
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert json.loads(run("check", "--json", "--config", str(file)).stdout)["ok"] is False


def test_explain_prints_the_rows_and_what_came_of_them(file: Path) -> None:
    result = run("explain", "--to", "2", "--job", '{"language": "es"}', "--config", str(file))
    assert result.exit_code == 0
    for words in ('✗ to = "1" (is "2")', "takes the call", "front_desk", 'language = "es"  from job'):
        assert words in result.stdout


def test_explain_says_what_comes_of_a_call_before_the_rows(file: Path) -> None:
    shown = run("explain", "--to", "1", "--config", str(file)).stdout
    assert shown.index("agent     support") < shown.index('✓ to = "1"')


def test_a_long_run_of_rows_without_a_fit_is_one_line_until_all_are_asked_for(file: Path) -> None:
    misses = [f'to = "{number}"' for number in range(10, 16)]
    file.write_text(routes(*misses, 'from = "+14155550101"', 'to = "1"'))
    arguments = ("explain", "--to", "1", "--config", str(file))
    short = run(*arguments).stdout
    assert re.search(r"^ *1-\d+ +7 routes +✗", short, re.MULTILINE)
    assert 'to = "15"' not in short
    assert 'to = "15"' in run(*arguments, "--all").stdout


def test_rows_that_fit_in_part_are_never_folded(file: Path) -> None:
    file.write_text(routes(*(f'to = "1", from = "+141555501{number}"' for number in range(10, 19)), 'to = "1"'))
    shown = run("explain", "--to", "1", "--config", str(file)).stdout
    assert all(f"+141555501{number}" in shown for number in range(10, 19))


def test_explain_asks_the_directory_as_a_call_does_unless_it_is_told_who_calls(file: Path) -> None:
    file.write_text(routes('customer.tier = "gold"', 'customer.tier = "silver"'))
    call = ("--from", "+14155550101", "--config", str(file))
    assert (explained(*call)["route"], explained(*call)["customer"]) == (
        "default",
        {"rows": [], "source": "directory switchboard.sqlite3, not there yet"},
    )
    assert not Path("switchboard.sqlite3").exists(), "a question makes no database"
    run("customers", "add", "--number", "+14155550101", "--name", "Ann", "--column", "tier=gold")
    found = explained(*call)
    assert (found["route"], found["customer"]["rows"]) == ("r1", [{"name": "Ann", "tier": "gold"}])
    assert "name: Ann, tier: gold  (directory switchboard.sqlite3)" in run("explain", *call).stdout
    assert explained(*call, "--customer", "tier=silver")["route"] == "r2"
    assert "tier: silver  (as given)" in run("explain", *call, "--customer", "tier=silver").stdout
    assert explained(*call, "--customer", "[]")["route"] == "default"


def test_a_directory_that_does_not_answer_is_told_and_its_address_keeps_its_key(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIRECTORY_URL", "http://ann:secret@127.0.0.1:1/?key=secret&number={number}")
    shown = run("explain", "--from", "+14155550101", "--config", str(file))
    assert (shown.exit_code, "customer directory: ConnectError" in shown.stdout) == (0, True)
    assert "secret" not in shown.stdout
    monkeypatch.setenv("DIRECTORY_URL", "http://127.0.0.1:1/")
    refused = run("explain", "--from", "+14155550101", "--config", str(file))
    assert (refused.exit_code, refused.stderr.count("DIRECTORY_URL has no {number}")) == (2, 1)


def test_nobody_is_asked_about_a_caller_without_a_number(file: Path) -> None:
    assert explained("--config", str(file))["customer"] == {"rows": [], "source": None}


def test_explain_gives_one_json_object(file: Path) -> None:
    found = explained("--config", str(file), "--to", "1")
    assert found["route"] == "r1"
    assert found["agent"] == "support"
    assert found["language"] == "en"
    assert found["speech"]["stt"] == "deepgram/nova-2-phonecall"
    assert set(found["speech"]) == {"name", "stt", "llm", "tts"}
    assert found["trace"] == [{"route": "r1", "line": 1, "matched": ['to = "1"'], "failed": None}]
    assert {"reject", "greeting", "data", "warnings"} <= set(found)


def test_explain_takes_every_part_of_a_call_as_an_option(file: Path) -> None:
    whens = {
        "--from=+14155550101": 'from = "+14155550101"',
        "--trunk=ST_1": 'trunk = "ST_1"',
        "--rule=SDR_1": 'rule = "SDR_1"',
        "--kind=standard": 'kind = "standard"',
        "--direction=outbound": 'direction = "outbound"',
        "--attribute=a=b=c": 'attribute.a = "b=c"',
        "--header=X-Q=a": 'header."x-q" = "a"',
        '--job={"n": 1}': "job.n = 1",
        '--participant={"n": 1}': "participant.n = 1",
        '--room={"n": 1}': "room.n = 1",
        '--customer=[{"n": 1}]': "customer.n = 1",
        "--customer=tier=gold": 'customer.tier = "gold"',
    }
    file.write_text(routes(*whens.values()))
    for number, option in enumerate(whens, start=1):
        assert explained("--config", str(file), option)["route"] == f"r{number}"


def test_a_call_comes_as_json_as_a_file_or_on_stdin(file: Path, tmp_path: Path) -> None:
    (tmp_path / "call.json").write_text('{"to": "1"}')
    for given in ('{"to": "1"}', f"@{tmp_path / 'call.json'}", "-"):
        result = run("explain", "--config", str(file), "--call", given, "--expect", "r1", stdin='{"to": "1"}')
        assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--to", "1", "--expect", "default"], 1, 'expected "default", got "r1"'),
        (["--expect", "defualt"], 2, '(did you mean "default"? have: r1, default)'),
        (["--call", "{}", "--to", "1"], 2, "leave out --to"),
        (["--call", "[]"], 2, "this is no JSON object"),
        (["--call", "{"], 2, "this is not JSON"),
        (["--call", "@none.json"], 2, "@none.json cannot be read"),
        (["--call", '{"too": "1"}'], 2, 'did you mean "to"?'),
        (["--customer", "{"], 2, "--customer: this is not JSON"),
        (["--customer", "[1]"], 2, "write --customer tier=gold"),
        (["--customer", "{}", "--customer", "a=b"], 2, "write all rows as one list"),
        (["--attribute", "a"], 2, '--attribute "a" is not NAME=VALUE'),
        (["--header", "a=b", "--header", "a=c"], 2, '--header gives "a" twice'),
        (["--kind", "x"], 2, "kind: unknown value"),
        (["--at", "x"], 2, "at: 'x' is no time"),
    ],
)
def test_wrong_use_is_one_clear_line(arguments: list[str], code: int, words: str, file: Path) -> None:
    result = run("explain", "--config", str(file), *arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (code, 1)
    assert words in result.stderr


def test_a_missing_file_is_named() -> None:
    result = run("check", "--config", "none.toml")
    assert (result.exit_code, result.stderr) == (2, f"none.toml: there is no such file in {Path.cwd()}\n")


def test_a_refusal_is_explained(file: Path) -> None:
    file.write_text('[[route]]\nname = "r"\nwhen = { to = "1" }\nreject = "busy"\n' + DEFAULT)
    assert "busy, while it still rings" in run("explain", "--to", "1", "--config", str(file)).stdout


def test_an_agents_own_speech_is_shown_as_it_will_be(file: Path) -> None:
    file.write_text('[agent.support]\nvoice = "nova"\nhand_over = { sales = "x" }\n' + routes('to = "1"') + ROWS)
    result = run("check", "--config", str(file))
    assert (result.exit_code, result.stderr) == (0, "")
    voice = "openai/gpt-4o-mini-tts:nova"
    assert f"agent support speaks by telephone with llm openai/gpt-4.1-mini, tts {voice} unless" in result.stdout
    assert json.loads(run("check", "--config", str(file), "--json").stdout)["agents"]["support"]["tts"] == voice
    assert explained("--config", str(file), "--to", "1")["speech"]["tts"] == voice
    assert explained("--config", str(file))["speech"]["tts"] != voice


def test_models_and_voices_that_no_plug_in_knows_are_warned_of_with_their_lines(file: Path) -> None:
    speech = '[speech.phone]\nllm = "openai/gpt-41"\nvoices = { es = "nvoa" }\n'
    text = speech + '[agent.support]\nvoice = "rachel"\nhand_over = { sales = "x" }\n' + routes('to = "1"') + ROWS
    file.write_text(text)
    result = run("check", "--config", str(file))
    lines = result.stderr.splitlines()
    assert result.exit_code == 0
    assert [line.split(" = ")[0] for line in lines] == [
        "switchboard.toml:2: llm",
        "switchboard.toml:3: voices",
        "switchboard.toml:5: voice",
    ]
    assert 'did you mean "gpt-4.1"?' in lines[0]
    assert 'did you mean "nova"?' in lines[1]
