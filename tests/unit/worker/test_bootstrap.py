"""What calls need is made once and handed on: a test gives its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from switchboard.worker.bootstrap import CannotStart, bootstrap
from switchboard.worker.routing_file import load_file
from switchboard.worker.settings import Settings
from tests.business import AGENTS, ROOT

AT = datetime(2026, 3, 2, tzinfo=UTC)


def _settings(folder: Path, text: str) -> Settings:
    config = folder / "switchboard.toml"
    config.write_text(text)
    return Settings().model_copy(update={"config": config, "database_url": f"sqlite:///{folder / 'calls.sqlite3'}"})


def test_two_of_everything_can_live_side_by_side(tmp_path: Path) -> None:
    texts = ('[default]\nagent = "sales"\n', '[worker]\nagent_name = "two"\n[default]\nagent = "support"\n')
    folders = [tmp_path / str(index) for index, _ in enumerate(texts)]
    for folder in folders:
        folder.mkdir()
    one, two = (
        bootstrap(ROOT, _settings(folder, text), lambda: AT) for folder, text in zip(folders, texts, strict=True)
    )
    assert (one.agent_name, two.agent_name) == ("switchboard", "two")
    assert one.engine is not two.engine
    assert one.clock() == AT


def test_a_call_keeps_the_table_that_it_began_with(tmp_path: Path) -> None:
    settings = _settings(tmp_path, '[default]\nagent = "sales"\n')
    tables = bootstrap(ROOT, settings).tables
    taken = tables.current
    settings.config.write_text('[default]\nagent = "support"\n')
    tables.replace(load_file(settings.config, agents=AGENTS))
    assert taken.table.default.action.agent == "sales"
    assert tables.current.table.default.action.agent == "support"
    assert tables.current.fingerprint != taken.fingerprint


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    settings = _settings(tmp_path, '[default]\nagent = "nobody"\n').model_copy(update={"database_url": "mysql://x/y"})
    with pytest.raises(CannotStart, match=r"(?s)switchboard\.toml:2: .*nobody.*mysql"):
        bootstrap(ROOT, settings)
