"""What the environment must say before a worker can start. Missing variables are named all at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from switchboard.speech.providers import Access, Accesses, Kind, Providers
from switchboard.worker.processors import processors_here, usual_calls

_PURPOSES = {
    "LIVEKIT_URL": "where livekit-server is (ws://localhost:7880, wss://NAME.livekit.cloud)",
    "LIVEKIT_API_KEY": "the key this worker registers with",
    "LIVEKIT_API_SECRET": "the secret that belongs to LIVEKIT_API_KEY",
    "DEEPGRAM_API_KEY": "speech recognition by Deepgram",
    "OPENAI_API_KEY": "the language model and the voices of OpenAI",
}


class MissingSettings(Exception):
    """Variables that are not set. The message names each and what it is for: `purposes`, or what we know of it."""

    def __init__(self, names: Iterable[str], purposes: Mapping[str, str] | None = None) -> None:
        self.names = tuple(names)
        known = {**(purposes or {}), **_PURPOSES}
        lines = [f"  {name}: {known.get(name, 'needed')}" for name in self.names]
        super().__init__(
            "These environment variables are not set (a file .env will do, see .env.example):\n"
            + "\n".join(lines)
            + "\nTo try Switchboard without keys: scripts/demo"
        )


class WrongSettings(Exception):
    """Variables whose values cannot be. The message has a line for each."""


def read_settings() -> Settings:
    """The environment. Raises WrongSettings."""
    try:
        return Settings()
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise WrongSettings("\n".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in faults)) from None


class Settings(BaseSettings):
    """The environment, and `.env` in the working directory below it."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    livekit_url: str = ""
    livekit_api_key: str = ""
    livekit_api_secret: SecretStr = SecretStr("")
    livekit_agent_name: str = ""
    deepgram_api_key: SecretStr = SecretStr("")
    deepgram_base_url: str = "https://api.deepgram.com"
    openai_api_key: SecretStr = SecretStr("")
    openai_base_url: str = "https://api.openai.com/v1"
    database_url: str = "sqlite+aiosqlite:///switchboard.sqlite3"
    # Where customers are looked up, if not in the database: http(s)://…{number}, and the bearer token for it.
    directory_url: str = ""
    directory_token: SecretStr = SecretStr("")
    # Where records of calls wait while the database is away (switchboard/records/spool.py).
    spool: Path = Field(default=Path("spool"), validation_alias="SWITCHBOARD_SPOOL")
    config: Path = Field(default=Path("switchboard.toml"), validation_alias="SWITCHBOARD_CONFIG")
    # Greetings that were spoken before, and the table of areas.
    cache: Path = Field(default=Path(".cache"), validation_alias="SWITCHBOARD_CACHE")
    # Whether fixed words are spoken ahead and kept: some requests for each voice and language, once.
    speak_ahead: bool = Field(default=True, validation_alias="SWITCHBOARD_SPEAK_AHEAD")
    # How many calls this worker takes at once; past that LiveKit asks another worker.
    max_calls: int = Field(
        default_factory=lambda: usual_calls(processors_here()), ge=1, validation_alias="SWITCHBOARD_MAX_CALLS"
    )
    # Processes kept warm for the next calls.
    idle_processes: int = Field(default=2, ge=1, validation_alias="SWITCHBOARD_IDLE_PROCESSES")
    # Seconds that running calls may go on for after SIGTERM.
    drain_timeout: int = Field(default=3600, ge=0, validation_alias="SWITCHBOARD_DRAIN_TIMEOUT")
    # How often to try a LiveKit that does not answer, with back-off up to 10 s (16 times: about two minutes).
    connect_tries: int = Field(default=16, ge=1, validation_alias="SWITCHBOARD_CONNECT_TRIES")
    # livekit-agents' own status page, and our /ready: where they listen (0.0.0.0 is every interface).
    http_host: str = Field(default="127.0.0.1", validation_alias="SWITCHBOARD_HTTP_HOST")
    health_host: str = Field(default="127.0.0.1", validation_alias="SWITCHBOARD_HEALTH_HOST")
    http_port: int = Field(default=8081, ge=0, le=65535, validation_alias="SWITCHBOARD_HTTP_PORT")
    health_port: int = Field(default=8082, ge=0, le=65535, validation_alias="SWITCHBOARD_HEALTH_PORT")

    @field_validator("livekit_agent_name")
    @classmethod
    def _not_blank(cls, name: str) -> str:
        return name.strip()

    @field_validator("deepgram_base_url", "openai_base_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @property
    def greetings(self) -> Path:
        """The folder of spoken greetings, one for each set of providers: a stand-in's voice is never kept for real."""
        providers = f"{self.deepgram_base_url} {self.openai_base_url}"
        return self.cache / "greetings" / hashlib.sha256(providers.encode()).hexdigest()[:8]

    @property
    def fixed_words(self) -> Path:
        """The folder of what is said when nobody can think of words (switchboard/talk/fixed_words.py)."""
        return self.cache / "fixed" / self.greetings.name

    def accesses(self, providers: Providers) -> Accesses:
        """Where each provider is, with its key: what speech models are made with."""
        usual: dict[Kind, str] = {"deepgram": self.deepgram_base_url, "openai": self.openai_base_url}
        return {
            name: Access(
                self.variable(provider.key) or "none",  # plug-ins would take an empty one from elsewhere
                provider.base_url or (usual[provider.kind] if provider.kind else ""),
            )
            for name, provider in providers.items()
        }

    def variable(self, name: str) -> str:
        """Any variable of the environment, or of `.env`; empty where it is not set."""
        field = name.lower()
        if field in type(self).model_fields:
            value = getattr(self, field)
            return str(value.get_secret_value() if isinstance(value, SecretStr) else value)
        return (os.environ.get(name) or dotenv_values(".env").get(name) or "") if name else ""

    @property
    def customers(self) -> str:
        """Where callers are looked up."""
        return self.directory_url or self.database_url

    def require(self, variables: Mapping[str, str]) -> None:
        """Raises MissingSettings unless LiveKit is configured and these variables are set, each with what it is for."""
        needed = ["LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", *sorted(variables)]
        missing = [name for name in needed if not self.variable(name)]
        if missing:
            raise MissingSettings(missing, variables)
