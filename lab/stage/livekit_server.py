"""A livekit-server of one's own on free ports of the loopback interface: for tests, demonstration and benchmark."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from lab.stage.health import comes_up
from lab.stage.ports import free_ports

_CACHED = Path(__file__).resolve().parents[2] / ".cache" / "bin" / "livekit-server"
_TRIES = 5  # another process may take a port between our look and the server's bind
_STARTS_WITHIN = 20.0  # s, on a busy machine
_STOPS_WITHIN = 5.0  # s
_TAIL = 2000  # characters of the server's log shown when it does not come up


def find_livekit_server(cached: Path = _CACHED) -> Path:
    """The livekit-server on PATH, or the one that `scripts/setup` has put into `.cache/bin`.

    Raises LookupError that says how to get one.
    """
    on_path = shutil.which("livekit-server")
    if on_path:
        return Path(on_path)
    if cached.is_file():
        return cached
    raise LookupError("livekit-server is neither on PATH nor in .cache/bin: run scripts/setup, which installs it")


class LiveKitServer:
    """A running livekit-server, for as long as the `async with` lasts.

    `url` is `ws://127.0.0.1:PORT`; `api_key` and `api_secret` are made up for this run. `redis` is the address
    (`host:port`) that SIP trunks and dispatch rules need; `port` one to listen on, where it is to be known before.
    Raises RuntimeError with the end of the server's log when it does not come up.
    """

    def __init__(self, binary: Path | None = None, *, redis: str | None = None, port: int | None = None) -> None:
        self.api_key = f"API{secrets.token_hex(6)}"
        self.api_secret = secrets.token_hex(24)
        self.url = f"ws://127.0.0.1:{port}" if port else ""
        self._port = port
        self._binary = binary or find_livekit_server()
        self._redis = redis
        self._process: asyncio.subprocess.Process | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="livekit-server-")

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which workers and commands find this server."""
        return {
            "LIVEKIT_URL": self.url,
            "LIVEKIT_API_KEY": self.api_key,
            "LIVEKIT_API_SECRET": self.api_secret,
        }

    @property
    def log_file(self) -> Path:
        return Path(self._folder.name) / "livekit-server.log"

    async def __aenter__(self) -> LiveKitServer:
        try:
            for _ in range(_TRIES):
                if await self._start():
                    return self
        except BaseException:
            await self.stop()
            raise
        log = self._log()[-_TAIL:]
        await self.stop()
        raise RuntimeError(f"{self._binary} did not come up; the end of its log:\n{log}")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the server and remove its files; calls in progress are dropped."""
        await self._end_process()
        self._folder.cleanup()

    async def restart(self) -> None:
        """End it, and start it anew at the same `port`: it knows no room any more. Raises RuntimeError."""
        assert self._port, "workers and callers know no other address"
        await self._end_process()
        if not await self._start():
            raise RuntimeError(f"{self._binary} did not come up again; the end of its log:\n{self._log()[-_TAIL:]}")

    async def _start(self) -> bool:
        http, tcp, udp = free_ports("tcp", "tcp", "udp")
        http = self._port or http
        self.url = f"ws://127.0.0.1:{http}"
        with self.log_file.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(self._binary), "--config-body", self._config(http, tcp, udp), stdout=log, stderr=log
            )  # fmt: skip
        if await comes_up(self._process, http, _STARTS_WITHIN):
            return True
        await self._end_process()
        return False

    def _config(self, http: int, tcp: int, udp: int) -> str:
        """JSON, which is YAML too."""
        config = {
            "port": http,
            "bind_addresses": ["127.0.0.1"],
            "keys": {self.api_key: self.api_secret},
            "logging": {"level": "warn", "json": False},
            "rtc": {
                "tcp_port": tcp,
                "udp_port": udp,
                "node_ip": "127.0.0.1",
                "use_external_ip": False,
                "enable_loopback_candidate": True,
                "interfaces": {"includes": ["lo"]},
            },
            **({"redis": {"address": self._redis}} if self._redis else {}),
        }
        return json.dumps(config)

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            # With calls in progress a first signal only drains.
            await asyncio.wait_for(process.wait(), _STOPS_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""
