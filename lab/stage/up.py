"""Things that are up together: started one after the other, and taken down in the opposite order."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")


class Up:
    """Up within the `async with`: what `set_up` brings up. Where one does not come up, none stays."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self.set_up()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def set_up(self) -> None:
        """Start what is always there. Who has more starts that afterwards."""

    async def bring_up(self, thing: AbstractAsyncContextManager[T]) -> T:
        """Enter `thing`, a worker for one, and leave it before what was there first."""
        return await self._stack.enter_async_context(thing)
