"""A plug-in for tests: a module of its own, which knows no provider."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_CODE = """
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from livekit.agents import NOT_GIVEN, NotGivenOr, tts


@dataclass
class Settings:
    stability: float


class TTS(tts.TTS):
    def __init__(
        self,
        *,
        model: str = "basic",
        voice_id: str = "nobody",
        language: NotGivenOr[str] = NOT_GIVEN,
        speed: float | None = None,
        mood: NotGivenOr[Literal["glad", "sad"]] = NOT_GIVEN,
        settings: NotGivenOr[Settings] = NOT_GIVEN,
        api_key: str | None = None,
        region: str NEEDED,
    ) -> None:
        if not api_key:
            raise ValueError("Voices needs a key: set VOICES_API_KEY")
        if language == "tlh":
            raise ValueError("unknown language")
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=24000, num_channels=1)
        self.made = {name: value for name, value in locals().items() if name not in ("self", "__class__")}

    def synthesize(self, text: str, **_: Any) -> Any: ...
"""


@contextmanager
def plugin_file(folder: Path, *, needs_region: bool = False, code: str | None = None) -> Generator[str]:
    """The name of a module that has a TTS and nothing else, importable within the `with`."""
    name = f"voices_{folder.name.lower().replace('-', '_')}"
    text = code if code is not None else _CODE.replace(" NEEDED", "" if needs_region else ' = "eu"')
    (folder / f"{name}.py").write_text(text)
    sys.path.insert(0, str(folder))
    try:
        yield name
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(name, None)
