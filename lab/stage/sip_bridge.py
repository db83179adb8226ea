"""A livekit-sip of one's own, where there is one: it has no install of its own as livekit-server has."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.stage.health import comes_up
from lab.stage.livekit_server import LiveKitServer
from lab.stage.ports import free_ports

_TRIES = 5  # its port must be free for UDP and for TCP
_STARTS_WITHIN = 20.0  # s, on a busy machine
_STOPS_WITHIN = 5.0  # s
_TAIL = 2000  # characters of the log shown when it does not come up
_CALLS = 500  # ports for their sound


def find_sip_bridge() -> Path:
    """The bridge that `LIVEKIT_SIP` names, or the `livekit-sip` on PATH. Raises LookupError, which says what to do."""
    named = os.environ.get("LIVEKIT_SIP", "")
    found = shutil.which(named or "livekit-sip")
    if found:
        return Path(found)
    if named:
        raise LookupError(f"LIVEKIT_SIP is {named}, and no program is there")
    raise LookupError("no livekit-sip is on PATH, and LIVEKIT_SIP names none: docs/go-live.md shows how to get one")


class SipBridge:
    """A running livekit-sip for `livekit`, whose Redis it shares, for as long as the `async with` lasts.

    `address` is where it takes SIP over UDP. `media_timeout` is how many seconds without sound end a call. Raises
    RuntimeError with the end of its log when it does not come up.
    """

    def __init__(self, livekit: LiveKitServer, redis: str, binary: Path, *, media_timeout: int = 15) -> None:
        self.address = ("127.0.0.1", 0)
        self._livekit = livekit
        self._redis = redis
        self._binary = binary
        self._media_timeout = media_timeout
        self._process: asyncio.subprocess.Process | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="livekit-sip-")

    @property
    def log_file(self) -> Path:
        return Path(self._folder.name) / "livekit-sip.log"

    async def __aenter__(self) -> Self:
        for _ in range(_TRIES):
            if await self._start():
                return self
        tail = self.log_file.read_text(errors="replace")[-_TAIL:]
        await self._end()
        raise RuntimeError(f"{self._binary} did not come up; the end of its log:\n{tail}")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def kill(self) -> None:
        """As a machine that loses its power."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def _config(self, sip: int, health: int, media: int) -> str:
        """JSON, which is YAML too."""
        first = min(media, 65_000 - _CALLS)
        config = {
            "api_key": self._livekit.api_key,
            "api_secret": self._livekit.api_secret,
            "ws_url": self._livekit.url,
            "redis": {"address": self._redis},
            "sip_port": sip,
            "health_port": health,
            "rtp_port": f"{first}-{first + _CALLS}",
            "listen_ip": "127.0.0.1",
            "nat_1_to_1_ip": "127.0.0.1",
            "media_timeout": f"{self._media_timeout}s",
            "max_cpu_utilization": 1.0,
            "logging": {"level": "info"},
        }
        return json.dumps(config)

    async def _start(self) -> bool:
        sip, health, media = free_ports("udp", "tcp", "udp")
        self.address = ("127.0.0.1", sip)
        with self.log_file.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(str(self._binary), "--config-body", self._config(sip, health, media)), stdout=log, stderr=log
            )
        if await comes_up(self._process, health, _STARTS_WITHIN):
            return True
        await self._end_process()
        return False

    async def _end(self) -> None:
        await self._end_process()
        self._folder.cleanup()

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGINT)  # SIGTERM would wait for its calls to end
            try:
                await asyncio.wait_for(process.wait(), _STOPS_WITHIN)
            except TimeoutError:
                process.kill()
                await process.wait()
