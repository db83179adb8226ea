"""A real PostgreSQL for tests: Debian's binaries, a database cluster in a temporary folder, a free port."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from uuid import uuid4

from lab.stage.ports import free_port

_BINARIES = "/usr/lib/postgresql/*/bin"
# Fast, and yet what is committed survives `stop`: the operating system has it.
_FAST = ["fsync=off", "full_page_writes=off", "shared_buffers=32MB"]


class Postgres:
    """One server on 127.0.0.1. `stop` and `start` make an outage; the port and the data stay."""

    def __init__(self, folder: Path) -> None:
        self._bin = _binaries()
        self._folder = folder / "postgres"
        self._folder.mkdir()
        # The server refuses to run as root; Debian's package brings a user for it.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            self._open_to_user(folder)
        self.port = free_port()
        self._run("initdb", "-D", self._data, "-U", "tests", "-A", "trust", "--no-sync", "-E", "UTF8")

    @property
    def _running(self) -> bool:
        return (self._folder / "data" / "postmaster.pid").exists()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        """Start the server; nothing where it runs already."""
        if self._running:
            return
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *_FAST]
        options = " ".join(f"-c {setting}" for setting in settings)
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", self._data, "-l", log, "-o", options, "-w", "-t", "30", "start")

    def stop(self) -> None:
        """Stop the server under its clients, as a crash would. Nothing where it is stopped already."""
        if self._running:
            self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def new_database(self) -> str:
        """An empty database of its own: its URL."""
        name = f"t{uuid4().hex}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tests", name)
        return f"postgresql://tests@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if self._user:
            command = ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--init-groups", *command]
        # A file and not a pipe: the server inherits it and would keep a pipe open.
        with (self._folder / f"{program}.out").open("wb") as out:
            done = subprocess.run(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd="/", timeout=60)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {(self._folder / f'{program}.out').read_text()}")

    def _open_to_user(self, folder: Path) -> None:
        """pytest's folders are for their owner alone: let the server's user pass through, and own its own."""
        for parent in (folder, *folder.parents):
            if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o001)
        import pwd

        user = pwd.getpwnam("postgres")
        os.chown(self._folder, user.pw_uid, user.pw_gid)


def _binaries() -> Path:
    found = sorted(Path("/").glob(_BINARIES.lstrip("/")))
    if not found:
        raise RuntimeError(f"no PostgreSQL in {_BINARIES}: run scripts/setup, or apt-get install postgresql")
    return found[-1]
