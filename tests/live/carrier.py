"""A LiveKit server with a bridge that answers as it is told: it records the two requests that need one.

Everything else is passed on to the real server, whose answers come back unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType

import aiohttp
from aiohttp import web
from livekit import rtc
from livekit.api import AccessToken, VideoGrants
from livekit.protocol.sip import CreateSIPParticipantRequest, SIPParticipantInfo, TransferSIPParticipantRequest

from lab.softphone import Caller, Line, Softphone
from lab.softphone.caller import FarEnd
from lab.stage.livekit_server import LiveKitServer

_RESPONSES: Mapping[FarEnd, tuple[int, str]] = {
    "declines": (603, "Decline"),
    "is busy": (486, "Busy Here"),
    "is unknown": (404, "Not Found"),
    "has a broken carrier": (503, "Service Unavailable"),
}


class Carrier:
    """`answers` is "answered", "silence" (no answer comes back at all), or a Twirp error with its metadata."""

    def __init__(self, server: LiveKitServer) -> None:
        self.url = ""
        self.answer: str | tuple[int, dict[str, object]] = "answered"
        self.only_once = False  # the answer is for the first request; the next one is answered
        self.status = ""  # what the callee shows for a second before the answer: `dialing`, `ringing`
        self.line: Line | None = None  # with it a softphone is the callee, and says itself what comes of the call
        self.callees: asyncio.Queue[Softphone] = asyncio.Queue()
        self.calls: list[CreateSIPParticipantRequest] = []
        self.transfers: list[TransferSIPParticipantRequest] = []
        self.server = server
        self._phones: list[Softphone] = []
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {**self.server.environment, "LIVEKIT_URL": self.url}

    def refuses(self, sip_status: int, reason: str) -> None:
        """As livekit-sip reports a final response of the carrier."""
        meta = {"sip_status_code": str(sip_status), "sip_status": reason}
        body: dict[str, object] = {"code": "permission_denied", "msg": f"sip status {sip_status}", "meta": meta}
        self.answer = (403, body)

    def fails(self, code: str, message: str) -> None:
        """As livekit-sip reports a call that ended without a final response."""
        self.answer = (408, {"code": code, "msg": message})

    async def __aenter__(self) -> Carrier:
        self._session = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_post("/twirp/livekit.SIP/CreateSIPParticipant", self._create)
        app.router.add_post("/twirp/livekit.SIP/TransferSIPParticipant", self._transfer)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        assert self._session is not None
        for phone in self._phones:
            await phone.hang_up()
        await self._runner.cleanup()
        await self._session.close()

    async def _create(self, request: web.Request) -> web.Response:
        call = CreateSIPParticipantRequest.FromString(await request.read())
        self.calls.append(call)
        if self.status:
            await self._show(call)
        if self.line is not None and not await self._call(call, self.line):
            self._refuse_for(self.line.far_end)
        if isinstance(self.answer, tuple) and not (self.only_once and len(self.calls) > 1):
            return web.json_response(self.answer[1], status=self.answer[0])
        made = SIPParticipantInfo(
            participant_identity=call.participant_identity, room_name=call.room_name, sip_call_id="SCL_1"
        )
        return web.Response(body=made.SerializeToString(), content_type="application/protobuf")

    async def _call(self, call: CreateSIPParticipantRequest, line: Line) -> bool:
        """A callee as the bridge brings them into the room; whether they were reached, where anybody waits for it."""
        caller = Caller(
            direction="outbound",
            to_number=call.sip_call_to,
            from_number=call.sip_number,
            trunk_id=call.sip_trunk_id,
            called_as=call.participant_identity,
            shown_as=call.participant_name,
            attributes=dict(call.participant_attributes),
            metadata=call.participant_metadata,
            room=call.room_name,
        )
        server = self.server
        phone = Softphone(server.url, server.api_key, server.api_secret, caller, replace(line, keys=call.dtmf))
        self._phones.append(phone)
        await phone.dial()
        self.callees.put_nowait(phone)
        return not call.wait_until_answered or await phone.answered()

    def _refuse_for(self, far_end: FarEnd) -> None:
        if far_end == "does not answer":
            self.fails("canceled", "sip request timed out")
        else:
            self.refuses(*_RESPONSES[far_end])

    async def _show(self, call: CreateSIPParticipantRequest) -> None:
        """The callee in the room, as the bridge puts it there before anybody has answered."""
        token = (
            AccessToken(self.server.api_key, self.server.api_secret)
            .with_identity(call.participant_identity)
            .with_kind("sip")
            .with_attributes({"sip.callStatus": self.status})
            .with_grants(VideoGrants(room_join=True, room=call.room_name))
        )
        room = rtc.Room()
        await room.connect(self.server.url, token.to_jwt())
        await asyncio.sleep(1.2)
        await room.disconnect()

    async def _transfer(self, request: web.Request) -> web.Response:
        self.transfers.append(TransferSIPParticipantRequest.FromString(await request.read()))
        return web.Response(body=b"", content_type="application/protobuf")

    async def _pass_on(self, request: web.Request) -> web.Response:
        assert self._session is not None
        url = self.server.url.replace("ws://", "http://") + request.path_qs
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        async with self._session.request(request.method, url, headers=headers, data=await request.read()) as answer:
            body = await answer.read()
            return web.Response(body=body, status=answer.status, content_type=answer.content_type)
