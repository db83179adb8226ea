"""What would keep a worker from serving is told before it begins, each with the setting that mends it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from switchboard.database.engine import make_engine
from switchboard.worker.preflight import obstacles, unkept
from switchboard.worker.settings import Settings, WrongSettings, read_settings


def _told(folder: Path, **settings: Any) -> list[str]:
    usual: dict[str, Any] = {
        "livekit_url": "ws://127.0.0.1:1",
        "http_port": 0,
        "health_port": 0,
        "database_url": f"sqlite:///{folder / 'calls.sqlite3'}",
        "spool": folder / "a" / "spool",
    }
    found = Settings().model_copy(update=usual | settings)
    return obstacles(found, make_engine(found.database_url))


def test_a_machine_that_gives_all_of_it_has_nothing_to_tell(tmp_path: Path) -> None:
    assert _told(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["HTTP", "HEALTH"])
def test_a_port_that_is_taken_is_named_with_its_setting(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (told,) = _told(tmp_path, **{f"{name.lower()}_port": port})
    assert told == f"port {port} is taken, perhaps by another worker: set SWITCHBOARD_{name}_PORT to another port"


def test_one_port_for_both_is_told(tmp_path: Path) -> None:
    (told,) = _told(tmp_path, http_port=18_090, health_port=18_090)
    assert told.startswith("SWITCHBOARD_HTTP_PORT and SWITCHBOARD_HEALTH_PORT are both 18090")


def test_an_address_of_another_machine_is_told(tmp_path: Path) -> None:
    (told,) = _told(tmp_path, health_host="192.0.2.1", health_port=1)
    assert told.startswith('SWITCHBOARD_HEALTH_HOST = "192.0.2.1" is no address of this machine')


@pytest.mark.parametrize("url", ["localhost:7880", "127.0.0.1:7880", "ws://", "ws://x:70000", "tcp://x"])
def test_an_address_of_livekit_that_is_none_is_told(tmp_path: Path, url: str) -> None:
    (told,) = _told(tmp_path, livekit_url=url)
    assert told.startswith(f"LIVEKIT_URL='{url}' is no address of a server: ws://")


def test_folders_that_cannot_be_written_are_named_with_the_setting_that_moves_them(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    within = tmp_path / "file" / "x"  # as little of a folder for root as a read-only one is for others
    database, spool = _told(tmp_path, spool=within, database_url=f"sqlite:///{within}")
    assert database == f"the database {within} cannot be written: set DATABASE_URL to a file that can be"
    assert spool.startswith(f"the folder {within} cannot be written")
    assert "SWITCHBOARD_SPOOL" in spool
    (warning,) = unkept(Settings().model_copy(update={"cache": within}))
    assert "SWITCHBOARD_CACHE" in warning
    assert unkept(Settings().model_copy(update={"cache": tmp_path / "b" / "c"})) == []


def test_the_folder_of_the_database_must_be_there(tmp_path: Path) -> None:
    (told,) = _told(tmp_path, database_url=f"sqlite:///{tmp_path / 'no' / 'x.sqlite3'}")
    assert "cannot be written: set DATABASE_URL" in told


def test_a_variable_that_cannot_be_is_one_line_and_its_value_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCHBOARD_HEALTH_PORT", "my secret")
    with pytest.raises(WrongSettings, match=r"^SWITCHBOARD_HEALTH_PORT: [^\n]*integer[^\n]*$") as fault:
        read_settings()
    assert "secret" not in str(fault.value)
