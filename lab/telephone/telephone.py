"""A telephone on UDP: it calls a bridge, and is called by one (RFC 3261)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from lab.telephone.media import Media
from lab.telephone.message import Address, Headers, Message, media_address, session

_HERE = "127.0.0.1"
_SDP = ("Content-Type", "application/sdp")


@dataclass(frozen=True, slots=True)
class Manner:
    """What a telephone does when it is called: ring after `rings_after` s (never where that is None), and `after` s
    later answer with `status`, or not at all where that is 0. `sounds_after` s after the answer it sends sound."""

    status: int = 200
    reason: str = "OK"
    rings_after: float | None = 0.05
    after: float = 0.3
    sounds_after: float = 0.0


class TelephoneCall:
    """One call. `moments` are seconds of the monotonic clock: `INVITE`, each status, `BYE` and who sent it last."""

    def __init__(self, phone: Telephone, call_id: str) -> None:
        self.call_id = call_id
        self.media = Media()
        self.status = 0  # of the final response
        self.moments: dict[str, float] = {}
        self.ended = asyncio.Event()
        self.sounds_after = 0.0
        self._phone = phone
        self._final = asyncio.Event()
        self._local, self._remote = "", ""  # From and To of what we send
        self._target, self._to = "", ("", 0)
        self._number = 1
        self._invite: Message | None = None  # ours
        self._came: Message | None = None  # theirs
        self._tag = secrets.token_hex(5)

    def mark(self, what: str) -> None:
        """The first time of `what` is now."""
        self.moments.setdefault(what, time.monotonic())

    def took(self, first: str, then: str) -> float:
        """Seconds from one moment to another. Raises KeyError for what has not happened."""
        return self.moments[then] - self.moments[first]

    async def answered(self, within: float = 10.0) -> bool:
        """Wait for the final response; whether it was a 200. Raises TimeoutError."""
        await asyncio.wait_for(self._final.wait(), within)
        return self.status == 200

    async def hang_up(self) -> None:
        """BYE, or CANCEL while it rings. Returns when the other side has agreed, or after 2 s without."""
        if self.ended.is_set():
            return
        if self.status == 200:
            self._number += 1
            self.mark("BYE")
            self._phone.send(self._request("BYE", self._number), self._to)
        elif self._invite is not None and not self.status:
            self.mark("CANCEL")
            self._phone.send(self._like_the_invite("CANCEL"), self._to)
        try:
            await asyncio.wait_for(self.ended.wait(), 2.0)
        except TimeoutError:
            self.ended.set()

    async def close(self) -> None:
        await self.hang_up()
        await self.media.close()

    # --- calling ------------------------------------------------------------------------------------------

    def invite(self, to: str, from_: str, bridge: Address, headers: Mapping[str, str]) -> None:
        """Send the INVITE: what comes of it is in `answered`."""
        host, port = bridge
        self._target, self._to = f"sip:{to}@{host}:{port}", bridge
        self._local = f"<sip:{from_}@{_HERE}:{self._phone.port}>;tag={self._tag}"
        self._remote = f"<sip:{to}@{host}:{port}>"
        more: Headers = [*headers.items(), _SDP]
        self._invite = self._request("INVITE", self._number, more, session(self.media.address))
        self.mark("INVITE")
        self._phone.send(self._invite, bridge)

    def on_response(self, message: Message) -> None:
        if message.method != "INVITE":
            if message.method == "BYE":
                self.mark("BYE agreed")
                self.ended.set()
            return
        self.mark(str(message.status))
        if message.status < 200:
            return
        self._remote = message["To"]
        if message.status == 200:
            self._target = message.contact or self._target
            self._phone.send(self._request("ACK", self._number), self._to)
            self.media.start(media_address(message.body), self.sounds_after)
        else:
            self._phone.send(self._like_the_invite("ACK"), self._to)
            self.ended.set()
        self.status = message.status
        self._final.set()

    def _like_the_invite(self, method: str) -> Message:
        """ACK of a refusal and CANCEL belong to the INVITE's own transaction."""
        assert self._invite is not None
        kept = [
            (name, value) for name, value in self._invite.headers if name in ("Via", "Max-Forwards", "From", "Call-ID")
        ]
        to = self._remote if method == "ACK" else self._invite["To"]
        return Message(f"{method} {self._target} SIP/2.0", [*kept, ("To", to), ("CSeq", f"{self._number} {method}")])

    def _request(self, method: str, number: int, more: Headers | None = None, body: str = "") -> Message:
        headers = [
            ("Via", f"SIP/2.0/UDP {_HERE}:{self._phone.port};branch=z9hG4bK{secrets.token_hex(8)};rport"),
            ("Max-Forwards", "70"),
            ("From", self._local),
            ("To", self._remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<sip:telephone@{_HERE}:{self._phone.port}>"),
        ]
        return Message(f"{method} {self._target} SIP/2.0", headers + (more or []), body)

    # --- being called -------------------------------------------------------------------------------------

    async def be_called(self, invite: Message, sender: Address, manner: Manner) -> None:
        """Ring, and do as `manner` says."""
        self._invite_came(invite, sender)
        self._phone.send(invite.response(100, "Trying"), sender)
        if manner.rings_after is not None:
            await asyncio.sleep(manner.rings_after)
            self.mark("180")
            self._phone.send(invite.response(180, "Ringing", self._tag), sender)
        await asyncio.sleep(manner.after)
        if not manner.status or self.ended.is_set():
            return
        self.mark(str(manner.status))
        self.status = manner.status
        contact = ("Contact", f"<sip:telephone@{_HERE}:{self._phone.port}>")
        if manner.status == 200:
            body = session(self.media.address)
            self._phone.send(invite.response(200, manner.reason, self._tag, [contact, _SDP], body), sender)
            self.media.start(media_address(invite.body), manner.sounds_after)
        else:
            self._phone.send(invite.response(manner.status, manner.reason, self._tag), sender)
            self.ended.set()
        self._final.set()

    def _invite_came(self, invite: Message, sender: Address) -> None:
        self.mark("INVITE")
        self._came, self._to, self._target = invite, sender, invite.contact
        self._local, self._remote = f"{invite['To']};tag={self._tag}", invite["From"]

    def on_request(self, message: Message, sender: Address) -> None:
        match message.method:
            case "ACK":
                self.mark("ACK")
            case "BYE":
                self.mark("BYE came")
                self._phone.send(message.response(200, "OK"), sender)
                self.ended.set()
            case "CANCEL":
                self.mark("CANCEL came")
                self._phone.send(message.response(200, "OK"), sender)
                if self._came is not None and not self.status:
                    self._phone.send(self._came.response(487, "Request Terminated", self._tag), sender)
                self.ended.set()
            case _:
                self._phone.send(message.response(200, "OK"), sender)


class Telephone(asyncio.DatagramProtocol):
    """Has a port of its own within the `async with`. Calls that come find in `manners` what to do, or answer."""

    def __init__(self) -> None:
        self.port = 0
        self.manners: deque[Manner] = deque()
        self.came: asyncio.Queue[TelephoneCall] = asyncio.Queue()
        self._calls: dict[str, TelephoneCall] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._ringing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(_HERE, 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._ringing:
            task.cancel()
        for call in self._calls.values():
            await call.close()
        assert self._transport is not None
        self._transport.close()

    async def call(
        self, to: str, from_: str, bridge: Address, headers: Mapping[str, str] | None = None, sounds_after: float = 0.0
    ) -> TelephoneCall:
        """Call `to` through the bridge. Returns once the INVITE is sent."""
        call = await self._new(f"{secrets.token_hex(8)}@{_HERE}")
        call.sounds_after = sounds_after
        call.invite(to, from_, bridge, headers or {})
        return call

    def send(self, message: Message, to: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(message.encode(), to)

    async def _new(self, call_id: str) -> TelephoneCall:
        call = self._calls[call_id] = TelephoneCall(self, call_id)
        await call.media.open()
        return call

    def datagram_received(self, data: bytes, addr: Address) -> None:
        try:
            message = Message.parse(data)
        except ValueError:
            return
        call = self._calls.get(message["Call-ID"])
        if message.status:
            if call is not None:
                call.on_response(message)
        elif call is not None and message.method != "INVITE":
            call.on_request(message, addr)
        elif message.method == "INVITE" and call is None:
            task = asyncio.create_task(self._be_called(message, addr))
            self._ringing.add(task)
            task.add_done_callback(self._ringing.discard)
        elif message.method != "INVITE":  # OPTIONS, or what belongs to no call
            self.send(message.response(200 if message.method == "OPTIONS" else 481, "OK"), addr)

    async def _be_called(self, invite: Message, sender: Address) -> None:
        manner = self.manners.popleft() if self.manners else Manner()
        call = await self._new(invite["Call-ID"])
        self.came.put_nowait(call)
        await call.be_called(invite, sender, manner)
