"""The README's five minutes as a new user hears them."""

from __future__ import annotations

from pathlib import Path

from tests.five_minutes import copy_of_the_project, paste, steps, switchboard, words_of


def test_every_call_of_the_readme_is_answered_as_it_says(tmp_path: Path) -> None:
    clone = copy_of_the_project(tmp_path)
    heard: list[str] = []
    for name, text in steps():
        if name:
            paste(clone, name, text)
        elif text.startswith("scripts/demo"):
            done = switchboard(clone, *words_of(text), "--imitate")
            assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
            heard.append(done.stdout)
    alone, with_tool, spanish = heard
    assert "A city bike is 35 dollars a day" in alone
    assert "rent_bike(" in with_tool
    assert "A city bike is reserved." in with_tool
    assert "35 dólares" in spanish
