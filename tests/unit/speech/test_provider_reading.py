"""What is wrong with a provider of one's own is told with its line, before any call."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchboard.speech.models import make_model
from switchboard.speech.providers import Access
from tests.unit.routing.routing_files import DEFAULT, errors, load_text
from tests.unit.speech.plugin_file import plugin_file

ACME = '[provider.acme]\nkind = "openai"\nbase_url = "https://acme.example/v1"\nkey = "ACME_API_KEY"\n'
OPENAI = 'plugin = "livekit.plugins.openai"\n'
A_KEY = "sk-proj-Zq8vT0aQh3pXw2"

FAULTS: list[tuple[str, int, str]] = [
    # text before [default], line of the fault, words of the message
    ('[provider.acme]\nbase_url = "https://x/v1"\n', 1, 'says neither kind = "openai"'),
    ('[provider.acme]\nkind = "opanai"\n', 2, 'did you mean "openai"?'),
    ('[provider.acme]\nkind = "openai"\nbase_url = "acme.example"\n', 3, "is no URL: write https://HOST/v1"),
    ('[provider.acme]\nkind = "openai"\nbase_url = "http://[x/v1"\n', 3, "is no URL"),
    ('[provider.acme]\nkind = "openai"\nbase_url = "http://x:port/v1"\n', 3, "is no URL"),
    ('[provider.acme]\nkind = "openai"\nbase_ur = "https://x/v1"\n', 3, 'did you mean "base_url"?'),
    (f'[provider.acme]\nkind = "openai"\nkey = "{A_KEY}"\n', 3, "is not the name of a variable"),
    ('[provider.acme]\nkind = "openai"\nkey = "A1B2C3D4E5F6A7B8C9D0E1F2"\n', 3, "is not the name of a variable"),
    ('[provider.acme]\nkind = "openai"\nllm = { temperature = 0 }\n', 3, 'plugin = "livekit.plugins.openai" for'),
    ('[provider."a/b"]\nkind = "openai"\n', 1, "must do without / and :"),
    ('[provider.acme]\nkind = "openai"\nplugin = "livekit.plugins.openai"\n', 2, "has kind and plugin"),
    ('[provider.acme]\nplugin = "livekit.plugins.acme_voice"\n', 2, "not installed: uv add livekit-plugins-acme-voice"),
    ('[provider.acme]\nplugin = ""\n[speech.phone]\nllm = "acme/x"\n', 2, 'plugin = "" is no module'),
    ('[provider.acme]\nplugin = "..acme"\n', 2, 'plugin = "..acme" is no module: write livekit.plugins.NAME'),
    ('[provider.acme]\nplugin = "json"\n', 2, "it has no STT, LLM or TTS"),
    ('[provider.acme]\nplugin = "livekit.plugins.deepgram"\nllm = { x = 1 }\n', 3, "has no llm, only stt, tts"),
    (f'[provider.acme]\n{OPENAI}llm = {{ temprature = 1 }}\n', 3, 'did you mean "temperature"?'),
    (f'[provider.acme]\n{OPENAI}llm = {{ temperature = "hot" }}\n', 3, "temperature must be float"),
    (f'[provider.acme]\n{OPENAI}arguments = {{ colour = 1 }}\n', 3, 'unknown argument "colour"'),
    (f'[provider.a]\nplugin = "livekit.plugins.openai"\ntts = {{ api_key = "{A_KEY}" }}\n', 3, 'key = "NAME"'),
    (f'{ACME}[speech.phone]\nllm = "acm/x"\n', 6, 'unknown provider "acm" (did you mean "acme"?'),
    (f'{ACME}[speech.phone]\nllm = "acme/"\n', 6, 'is not of the form "provider/model"'),
    ('[speech.phone]\nllm = "deepgram/nova-3"\n', 2, 'provider "deepgram" has no llm, only stt, tts (have: openai)'),
    ('[speech.phone]\nrealtime = "deepgram/nova-3"\n', 2, 'provider "deepgram" has no realtime'),
    ('[speech.phone]\nrealtime = "openai/gpt-realtime"\nstt = "deepgram/nova-3"\n', 3, "by itself: leave stt out"),
    ('[speech.phone]\nrealtime = "openai/gpt-realtime"\nllm = "openai/x"\n', 3, "thinks by itself: leave llm out"),
    ('[speech.phone]\nrealtime = "openai/gpt-realtime"\nmin_delay = 0.2\n', 3, "when the caller has finished: leave"),
    ('[speech.phone]\nrealtime = "openai/gpt-realtime"\nkeyterms = ["x"]\n', 3, "takes no words to expect"),
    ('[speech.phone]\nrealtime = "openai/gpt-realtime"\nvad = "silero"\n', 3, "when the caller speaks: leave vad out"),
    ('[speech.phone]\nvad = "silro"\n', 2, 'unknown vad "silro" (did you mean "silero"?'),
    ('[speech.phone]\nvad_threshold = 1.5\n', 2, "vad_threshold must be a number above 0 and below 1"),
    (
        '[speech.one]\nrealtime = "openai/gpt-realtime"\n'
        '[[route]]\nname = "a"\nagent = "sales"\nspeech = "one"\nllm = "openai/x"\nwhen.to = "1"\n',
        7,
        'speech profile "one" is one realtime model: leave llm out',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), FAULTS, ids=[fault[2] for fault in FAULTS])
def test_what_is_wrong_is_one_line_that_says_what_to_do(text: str, line: int, words: str, tmp_path: Path) -> None:
    (message,) = errors(tmp_path, text + DEFAULT)
    assert message.startswith(f"switchboard.toml:{line}: ")
    assert words in message


@pytest.mark.parametrize("text", [text for text, _, _ in FAULTS if A_KEY in text])
def test_a_key_in_the_file_is_refused_and_not_repeated(text: str, tmp_path: Path) -> None:
    assert A_KEY not in "\n".join(errors(tmp_path, text + DEFAULT))


def test_a_plug_in_that_lacks_what_a_profile_asks_of_it_is_named_where_it_is_asked(tmp_path: Path) -> None:
    with plugin_file(tmp_path) as module:
        text = f'[provider.voices]\nplugin = "{module}"\n[speech.phone]\nstt = "voices/x"\ntts = "voices/basic:ann"\n'
        (message,) = errors(tmp_path, text + DEFAULT)
    assert message.startswith('switchboard.toml:4: [speech.phone]: stt = "voices/x": provider "voices" has no stt')


def test_a_plug_in_whose_code_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    with plugin_file(tmp_path, code="raise RuntimeError('no libvoices.so')") as module:
        (message,) = errors(tmp_path, f'[provider.voices]\nplugin = "{module}"\n{DEFAULT}')
    assert "cannot be imported: RuntimeError: no libvoices.so" in message


def test_an_argument_that_a_plug_in_cannot_do_without_is_asked_for(tmp_path: Path) -> None:
    with plugin_file(tmp_path, needs_region=True) as module:
        text = f'[provider.voices]\nplugin = "{module}"\n[speech.phone]\ntts = "voices/basic:ann"\n'
        (message,) = errors(tmp_path, text + DEFAULT)
        assert "needs region: tts = { region = … } in [provider.voices]" in message
        assert not errors(tmp_path, text.replace('"\n[speech', '"\ntts = { region = "us" }\n[speech') + DEFAULT)


def test_a_plug_in_is_made_with_what_file_and_profile_say(tmp_path: Path) -> None:
    with plugin_file(tmp_path) as module:
        table = (
            f'[provider.voices]\nplugin = "{module}"\nkey = "VOICES_API_KEY"\narguments = {{ speed = 1 }}\n'
            'tts = { mood = "glad", settings = { stability = 0.5 } }\n[speech.phone]\ntts = "voices/grand:ann"\n'
        )
        file = load_text(tmp_path, table + DEFAULT)
        accesses = {"voices": Access("secret", "")}
        made = make_model("tts", file.speech["phone"].models()["tts"], file.speech["phone"], "es-MX", accesses).made
    assert made.pop("settings").stability == 0.5
    assert made == {
        "model": "grand", "voice_id": "ann", "language": "es-MX", "speed": 1, "mood": "glad", "api_key": "secret",
        "region": "eu",
    }  # fmt: skip
    assert file.variables()["VOICES_API_KEY"] == 'the key of provider "voices", which speaks'


def test_a_language_that_a_plug_in_does_not_take_leaves_the_caller_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with plugin_file(tmp_path) as module:
        text = f'[provider.voices]\nplugin = "{module}"\nkey = "V_KEY"\n[speech.phone]\ntts = "voices/"\n'
        file = load_text(tmp_path, text + DEFAULT)
        made = make_model(
            "tts", file.speech["phone"].models()["tts"], file.speech["phone"], "tlh", {"voices": Access("k", "")}
        ).made
    assert not made["language"]
    assert "cannot be made for the language tlh" in caplog.text


def test_a_plug_in_without_model_or_voice_keeps_its_own(tmp_path: Path) -> None:
    with plugin_file(tmp_path) as module:
        text = f'[provider.voices]\nplugin = "{module}"\nkey = "V_KEY"\n[speech.phone]\ntts = "voices/"\n'
        file = load_text(tmp_path, text + DEFAULT)
        made = make_model(
            "tts", file.speech["phone"].models()["tts"], file.speech["phone"], "en", {"voices": Access("k", "")}
        ).made
    assert (made["model"], made["voice_id"]) == ("basic", "nobody")


@pytest.mark.parametrize(
    ("table", "key", "address"),
    [
        ('[provider.openai]\nbase_url = "https://proxy.example/v1"\nkey = "PROXY_KEY"\n', "PROXY_KEY", "proxy.example"),
        # The key to OpenAI is sent to OpenAI alone.
        ('[provider.openai]\nbase_url = "https://proxy.example/v1/"\n', "", "https://proxy.example/v1"),
        ('[provider.openai]\nkey = "SECOND_KEY"\n', "SECOND_KEY", ""),
        ("", "OPENAI_API_KEY", ""),
    ],
)
def test_openai_may_be_elsewhere_and_a_key_goes_where_the_file_says(
    table: str, key: str, address: str, tmp_path: Path
) -> None:
    provider = load_text(tmp_path, table + DEFAULT).providers["openai"]
    assert (provider.key, provider.offers) == (key, ("stt", "llm", "tts", "realtime"))
    assert address in provider.base_url
    assert not provider.base_url.endswith("/")


def test_a_profile_of_one_model_needs_no_other_provider_and_takes_voices_by_language(tmp_path: Path) -> None:
    one = 'realtime = "openai/gpt-realtime:marin"\nvoices = { es = "coral" }\n'
    file = load_text(tmp_path, f"[speech.phone]\n{one}[speech.wideband]\n{one}{DEFAULT}")
    assert set(file.variables()) == {"OPENAI_API_KEY"}
    assert file.speech["phone"].spoken_in("es-MX").realtime == "openai/gpt-realtime:coral"
    assert file.speech["phone"].spoken_in("de").models() == {"realtime": "openai/gpt-realtime:marin"}


def test_a_deepgram_elsewhere_hears_the_same_languages(tmp_path: Path) -> None:
    table = '[provider.ears]\nkind = "deepgram"\nbase_url = "http://127.0.0.1:8080"\n'
    profile = load_text(tmp_path, f'{table}[speech.phone]\nstt = "ears/nova-2-phonecall"\n{DEFAULT}').speech["phone"]
    assert profile.spoken_in("es").stt == "ears/nova-2-general"
