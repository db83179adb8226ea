"""What the environment must say: any variable that the routing file names, from the environment or from .env."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchboard.speech.providers import BUILT_IN, Provider
from switchboard.worker.settings import MissingSettings, Settings

ACME = Provider("acme", kind="openai", base_url="https://acme.example/v1", key="ACME_API_KEY", offers=("llm",))
KEYLESS = Provider("local", kind="openai", base_url="http://127.0.0.1:1/v1", offers=("llm",))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("LIVEKIT_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ACME_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_what_is_missing_is_named_at_once_each_with_what_it_is_for() -> None:
    wanted = {"ACME_API_KEY": 'the key of provider "acme", which thinks', "OPENAI_API_KEY": "the key of openai"}
    with pytest.raises(MissingSettings) as missing:
        Settings().require(wanted)
    text = str(missing.value)
    assert 'ACME_API_KEY: the key of provider "acme", which thinks' in text
    assert "OPENAI_API_KEY: the language model and the voices of OpenAI" in text
    assert "LIVEKIT_URL: where livekit-server is" in text


def test_a_variable_that_the_file_names_may_stand_in_dotenv_and_the_environment_wins(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".env").write_text("ACME_API_KEY=from the file\n")
    assert Settings().variable("ACME_API_KEY") == "from the file"
    monkeypatch.setenv("ACME_API_KEY", "from the environment")
    assert Settings().variable("ACME_API_KEY") == "from the environment"
    assert Settings().variable("") == ""


def test_each_provider_gets_its_own_key_and_address_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "openai-secret")
    monkeypatch.setenv("ACME_API_KEY", "acme-secret")
    accesses = Settings().accesses({**BUILT_IN, "acme": ACME, "local": KEYLESS})
    assert {name: access.key for name, access in accesses.items() if name != "deepgram"} == {
        "openai": "openai-secret",
        "acme": "acme-secret",
        "local": "none",
    }
    assert accesses["openai"].base_url == "https://api.openai.com/v1"
    assert accesses["acme"].base_url == "https://acme.example/v1"


def test_a_blank_agent_name_is_none_so_that_the_files_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_AGENT_NAME", "  ")
    assert Settings().livekit_agent_name == ""
