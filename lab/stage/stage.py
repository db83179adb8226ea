"""The stage: one livekit-server, the providers' stand-ins and the workers that calls are made to, on this machine."""

from __future__ import annotations

import os
from collections.abc import Collection
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from lab.providers.address import PROVIDERS, environment
from lab.stage.livekit_server import LiveKitServer
from lab.stage.up import Up

_HERE = "127.0.0.1,localhost"


class StandIns(Protocol):
    """A server that imitates providers, in this process or in another."""

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`."""
        ...

    async def __aenter__(self) -> Any: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


P = TypeVar("P", bound=StandIns | None)


class Stage(Up, Generic[P]):
    """All of it, up within the `async with`. `providers` imitate those that `imitated` names; None for none at all.

    Raises LookupError without livekit-server, and RuntimeError when something does not come up.
    """

    livekit: LiveKitServer

    def __init__(self, providers: P, imitated: Collection[str] = PROVIDERS) -> None:
        super().__init__()
        self.providers = providers
        self._imitated = imitated

    async def set_up(self) -> None:
        """Start what is always there. A stage with more on it starts that afterwards."""
        self.livekit = await self.bring_up(await self.make_livekit())
        if self.providers is not None:
            await self.bring_up(self.providers)

    async def make_livekit(self) -> LiveKitServer:
        """The server of this stage, not yet started. One that keeps trunks needs a Redis."""
        return LiveKitServer()

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which workers find what is here, and nothing else on the way."""
        # A proxy of the network this machine is in has no way back to it.
        direct = ",".join(filter(None, (os.environ.get("NO_PROXY"), _HERE)))
        found = {**self.livekit.environment, "NO_PROXY": direct, "no_proxy": direct}
        if self.providers is not None:
            found |= environment(self.providers.origin, self._imitated)
        return found
