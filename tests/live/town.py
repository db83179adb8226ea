"""A stage on which workers come later, or not at all."""

from __future__ import annotations

from pathlib import Path

from livekit.api import LiveKitAPI
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import ListParticipantsRequest

from lab.providers.server import OfflineServer
from lab.softphone import Caller, Softphone
from lab.stage.stage import Stage
from tests.live.worker import Worker

TABLE = '[default]\nagent = "front_desk"\ngreeting = "Harbor Bikes, good morning."\n'
METADATA = '{"order": "17"}'


class Town(Stage[OfflineServer]):
    """livekit-server and the providers' stand-ins; `folder` takes the workers' files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(OfflineServer())
        self._folder = folder

    def worker(self, name: str = "worker", table: str = TABLE, **environment: str) -> Worker:
        """Not yet started."""
        few = {"SWITCHBOARD_IDLE_PROCESSES": "1", **environment}
        return Worker(self._folder / name, table, self.environment | few)

    def phone(self, number: str = "+14155550123") -> Softphone:
        caller = Caller(from_number=number, agent_name="switchboard", job_metadata=METADATA)
        return Softphone(self.livekit.url, self.livekit.api_key, self.livekit.api_secret, caller)

    async def agents_with(self, phone: Softphone) -> int:
        livekit = self.livekit
        async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
            people = await api.room.list_participants(ListParticipantsRequest(room=phone.caller.room_name))
        return sum(person.kind == ParticipantInfo.Kind.AGENT for person in people.participants)
