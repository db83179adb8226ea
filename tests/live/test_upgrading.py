"""An older business over this product, moved as docs/upgrading.md says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.live.command import switchboard
from tests.live.exchange import Exchange
from tests.live.worker import ROOT

# The example business as it was in 0.1; `.txt`, so that nobody takes it for code of this version.
OLD = Path(__file__).parent / "business_0_1"
STEPS = re.compile(r"^```sh upgrade\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _moved(folder: Path) -> Path:
    """The old business in `folder`, after the commands of the page."""
    business = folder / "business"
    shutil.copytree(OLD, business)
    for file in business.rglob("*.txt"):
        file.rename(file.with_suffix(""))
    steps = STEPS.findall((ROOT / "docs/upgrading.md").read_text(encoding="utf-8"))
    assert steps
    subprocess.run(["bash", "-euc", "\n".join(steps)], cwd=business, env={**os.environ, "NEW": str(ROOT)}, check=True)
    return business


async def test_a_business_of_0_1_passes_check_and_answers_a_call(tmp_path: Path) -> None:
    business = _moved(tmp_path)
    checked = await switchboard(business, {"PYTHONPATH": str(business)}, "check")
    assert (checked.code, checked.faults) == (0, [])
    table = business / "switchboard.toml"
    async with Exchange(tmp_path / "worker", table, business) as exchange:
        await exchange.script("Can I talk to sales please?", "How much is a city bike?")
        async with exchange.phone() as phone:
            await phone.dial()
            await phone.heard_speech(20, after=0.0)
            await phone.heard_silence(0.8, 20)
            await phone.say("Can I talk to sales please?")
            await phone.heard_speech(20)
            await phone.heard_silence(0.8, 20)
            await phone.say("How much is a city bike?")
            await phone.heard_speech(20)
        prompts = str((await exchange.requests("llm"))[-1]["body"]["messages"])
        assert "You are sales" in prompts
        assert "640 dollars" in prompts
        assert exchange.worker.traceback() is None, exchange.worker.traceback()
