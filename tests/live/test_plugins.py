"""Two plug-ins of livekit-agents that Switchboard knows nothing of, in an environment of their own beside its packages.

uv keeps that environment in its cache: it is made once for each version.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = ("livekit-plugins-cartesia", "livekit-plugins-elevenlabs")
KEYS = {"CARTESIA_API_KEY": "cartesia-secret", "ELEVEN_KEY": "eleven-secret"}
TABLE = """
[provider.cartesia]
plugin = "livekit.plugins.cartesia"
tts = { sample_rate = 16000 }

[provider.eleven]
plugin = "livekit.plugins.elevenlabs"
key = "ELEVEN_KEY"
base_url = "https://eleven.example/v1"
tts = { voice_settings = { stability = 0.5, similarity_boost = 0.7 } }

[speech.phone]
stt = "eleven/scribe_v2_realtime"
tts = "cartesia/sonic-2:a-voice"
keyterms = ["Harbor Bikes"]

[speech.wideband]
stt = "cartesia/ink-whisper"
tts = "eleven/eleven_flash_v2_5:another-voice"

[default]
agent = "front_desk"
"""
MAKE = """
import asyncio, json, sys
from pathlib import Path
from switchboard.speech.models import make_model
from switchboard.worker.routing_file import load_file
from switchboard.worker.settings import Settings

async def main():
    file = load_file(Path("switchboard.toml"), agents=["front_desk"])
    accesses = Settings().accesses(file.providers)
    made = {}
    for name in ("phone", "wideband"):
        profile = file.speech[name].spoken_in("es-MX")
        for part in ("stt", "tts"):
            model = make_model(part, profile.models()[part], profile, "es-MX", accesses)
            options = vars(model._opts) if hasattr(model, "_opts") else {"model": model.model}
            made[f"{name} {part}"] = {key: str(value) for key, value in options.items()}
    print(json.dumps(made))

asyncio.run(main())
"""

CLI = "from switchboard.cli import main; main()"


def _run(folder: Path, *command: str, table: str = TABLE, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the plug-ins in `folder`, which gets the table."""
    (folder / "switchboard.toml").write_text(table)
    uv = shutil.which("uv", path=f"{ROOT / '.cache/bin'}:{os.environ['PATH']}")
    assert uv is not None, "no uv: run scripts/setup --test"
    installed = version("livekit-agents")
    plugins = [option for name in PLUGINS for option in ("--with", f"{name}=={installed}")]
    # uv keeps the way to its registry; nobody's keys come along.
    theirs = ("OPENAI_", "DEEPGRAM_", "LIVEKIT_", "CARTESIA_", "ELEVEN_", "SWITCHBOARD_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    return subprocess.run(
        [uv, "run", "-q", "--project", ROOT, "--no-sync", *plugins, "python", *command],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What each model was made with, by profile and part."""
    ran = _run(tmp_path_factory.mktemp("plugins"), "-c", MAKE, **KEYS)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_model_voice_language_and_arguments_reach_a_plug_in_nobody_has_written_for(
    made: dict[str, dict[str, str]],
) -> None:
    cartesia, eleven = made["phone tts"], made["wideband tts"]
    assert (cartesia["model"], cartesia["voice"], cartesia["sample_rate"]) == ("sonic-2", "a-voice", "16000")
    assert cartesia["language"].startswith("es")
    assert (eleven["model"], eleven["voice_id"]) == ("eleven_flash_v2_5", "another-voice")
    assert "stability=0.5" in eleven["voice_settings"]
    assert eleven["base_url"] == "https://eleven.example/v1"


def test_recognisers_are_made_with_words_to_expect_where_they_take_them(made: dict[str, dict[str, str]]) -> None:
    assert made["phone stt"]["model_id"] == "scribe_v2_realtime"
    assert made["phone stt"]["keyterms"] == "['Harbor Bikes']"
    assert made["wideband stt"]["model"] == "ink-whisper"


def test_a_key_that_is_named_comes_from_there_and_one_that_is_not_from_the_plug_ins_own_variable(
    made: dict[str, dict[str, str]],
) -> None:
    assert made["wideband tts"]["api_key"] == "eleven-secret"
    assert made["phone tts"]["api_key"] == "cartesia-secret"


def test_the_example_of_the_page_is_good(tmp_path: Path) -> None:
    page = (ROOT / "docs/speech.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^```toml plugins\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    checked = _run(tmp_path, "-c", CLI, "check", table=table + '[default]\nagent = "front_desk"\n')
    assert checked.returncode == 0, checked.stderr


def test_missing_keys_are_told_all_at_once_whoever_reads_them(tmp_path: Path) -> None:
    nowhere = {"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    checked = _run(tmp_path, "-c", CLI, "check", "--online", **nowhere)
    assert checked.returncode == 1, checked.stderr
    assert 'ELEVEN_KEY is not set: the key of provider "eleven", which hears' in checked.stderr
    assert "Cartesia API key is required, either as argument or set CARTESIA_API_KEY" in checked.stderr


def test_an_argument_that_they_do_not_take_is_a_fault_of_the_file(tmp_path: Path) -> None:
    checked = _run(
        tmp_path, "-c", CLI, "check", table=TABLE.replace("sample_rate", "sample_rat").replace("0.7 }", '"high" }')
    )
    assert checked.returncode == 2
    assert (
        'switchboard.toml:4: [provider.cartesia]: tts: unknown argument "sample_rat" (did you mean "sample_rate"?'
        in checked.stderr
    )
    assert "switchboard.toml:10: [provider.eleven]: tts: voice_settings must be VoiceSettings" in checked.stderr
