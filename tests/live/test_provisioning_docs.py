"""The commands of docs/provisioning.md and docs/outbound.md print what the pages show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from lab.stage.livekit_server import LiveKitServer
from tests.live.carrier import Carrier
from tests.live.command import switchboard
from tests.live.waiting_worker import WaitingWorker

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"TRUNK_USERNAME": "user", "TRUNK_PASSWORD": "hush"}
# What differs from run to run is a `…` on the page.
CHANGING = re.compile(r"(?<=\beyJ)[\w.-]+|(?<=\bAD_)\w+|(?<=\bdial-)[0-9a-f]+")


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


async def prints_what_it_shows(session: str, folder: Path, environment: Mapping[str, str]) -> None:
    for part in re.split(r"^\$ switchboard ", session, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        ended = await switchboard(folder, environment, *shlex.split(command))
        assert CHANGING.sub("…", ended.out + ended.err) == expected, command


async def test_the_pages_show_what_the_commands_print(server: LiveKitServer, tmp_path: Path) -> None:
    (tmp_path / "trunks.toml").write_text(blocks("provisioning", "toml")[0], encoding="utf-8")
    environment = {**server.environment, **SECRETS}
    shown, applied, rooms = blocks("provisioning", "console")
    await prints_what_it_shows(shown, tmp_path, environment)
    assert (await switchboard(tmp_path, environment, "provision", "--apply")).code == 0
    await prints_what_it_shows(applied, tmp_path, environment)
    await prints_what_it_shows(rooms, tmp_path, environment)

    [calling] = blocks("outbound", "console")
    async with Carrier(server) as carrier, WaitingWorker(server):
        await prints_what_it_shows(calling, tmp_path, {**carrier.environment, **SECRETS})
