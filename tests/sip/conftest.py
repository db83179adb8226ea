"""What real calls need: the exchange with a bridge beside it, a telephone, and a place for what was measured."""

from __future__ import annotations

import asyncio
import shutil
import statistics
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lab.stage.sip_bridge import SipBridge, find_sip_bridge
from lab.telephone import Manner, Telephone, TelephoneCall
from tests.live.command import Ended, switchboard
from tests.live.exchange import ExchangeWithTrunks

OURS, THEIRS = "+18005550100", "+14155550123"
REFUSED = "+12025550166"
_TABLE = f"""
[[route]]
name = "refused"
when = {{ from = "{REFUSED}" }}
reject = "busy"

[[route]]
name = "reminders"
when = {{ direction = "outbound" }}
agent = "sales"
greeting = "This is Harbor Bikes. I am calling about your appointment."

[default]
agent = "front_desk"
"""
_TRUNKS = """
[[inbound_trunk]]
name = "in"
numbers = ["{ours}"]
allowed_addresses = ["127.0.0.1"]

[[outbound_trunk]]
name = "out"
address = "127.0.0.1:{port}"
transport = "udp"
numbers = ["{ours}"]

[[dispatch_rule]]
name = "calls"
trunks = ["in"]
"""

# Another SIP implementation than ours, where it is installed.
collect_ignore = [] if shutil.which("sipp") else ["test_sipp.py"]
_figures: dict[str, list[float]] = defaultdict(list)


def measured(what: str, seconds: float) -> None:
    """Keep a figure for the table at the end."""
    _figures[what].append(seconds)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _figures:
        terminalreporter.write_line("\n| measured on real calls (ms) | n | median | least to most |\n|---|---|---|---|")
    for what, seconds in _figures.items():
        median, least, most = (round(1000 * f(seconds)) for f in (statistics.median, min, max))
        terminalreporter.write_line(f"| {what} | {len(seconds)} | {median} | {least} to {most} |")


class RealExchange(ExchangeWithTrunks):
    """The worker, and a bridge with trunks and a rule, as `switchboard provision` makes them of a file."""

    async def set_up(self) -> None:
        await super().set_up()
        self.bridge = await self.bring_up(SipBridge(self.livekit, self.redis.address, find_sip_bridge()))
        self.telephone = await self.bring_up(Telephone())
        trunks = self._folder / "trunks.toml"
        trunks.write_text(_TRUNKS.format(ours=OURS, port=self.telephone.port))
        done = await switchboard(self._folder, self.environment, "provision", "--file", str(trunks), "--apply")
        assert done.code == 0, done.err

    async def ring(self, from_: str = THEIRS) -> TelephoneCall:
        """Call our number. Returns once the INVITE is sent."""
        return await self.telephone.call(OURS, from_, self.bridge.address)

    async def dial(self, manner: Manner, *more: str) -> tuple[Ended, TelephoneCall]:
        """Have `switchboard dial` call the telephone, which behaves like that."""
        self.telephone.manners.append(manner)
        ended = await switchboard(
            self._folder, self.environment, "dial", THEIRS, "--agent", "sales", "--json", *more
        )  # fmt: skip
        async with asyncio.timeout(5):
            return ended, await self.telephone.came.get()

    async def cause(self, nth: int) -> dict[str, str]:
        """Why the call ended, of which there were `nth` others before."""
        async with asyncio.timeout(30):
            while len(ended := [one for one in self.worker.records() if one["message"] == "call ended"]) <= nth:
                await asyncio.sleep(0.02)
        return ended[nth]

    @property
    def calls(self) -> int:
        """How many calls have ended."""
        return sum(one["message"] == "call ended" for one in self.worker.records())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealExchange]:
    folder: Path = tmp_path_factory.mktemp("sip")
    async with RealExchange(folder, _TABLE) as exchange:
        yield exchange
        assert exchange.worker.traceback() is None, exchange.worker.traceback()
