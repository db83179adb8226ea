"""SIP messages and the session descriptions in them (RFC 3261, RFC 4566), as far as a small telephone needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Address = tuple[str, int]
Headers = list[tuple[str, str]]

_SHORT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}


@dataclass(slots=True)
class Message:
    """A request or a response: its first line, its headers in their order, its body."""

    start: str
    headers: Headers = field(default_factory=Headers)
    body: str = ""

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """Raises ValueError for what is no SIP message: a keep-alive, for one."""
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        if "SIP/2.0" not in start:
            raise ValueError("no SIP message")
        pairs = (line.partition(":") for line in lines)
        return cls(start, [(name.strip(), value.strip()) for name, _, value in pairs], body)

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body.encode())}")
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()

    @property
    def status(self) -> int:
        """0 of a request."""
        first, second, *_ = self.start.split(" ", 2)
        return int(second) if first == "SIP/2.0" else 0

    @property
    def method(self) -> str:
        """Of a request; of a response that of the request which it answers."""
        return self["CSeq"].split()[-1]

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for key, value in self.headers if _SHORT.get(key.lower(), key.lower()) == wanted]

    def __getitem__(self, name: str) -> str:
        """The first header of that name; empty where there is none."""
        return next(iter(self.all(name)), "")

    @property
    def contact(self) -> str:
        """The URI at which the other side wants what follows."""
        match = re.search(r"<([^>]+)>", self["Contact"])
        return match[1] if match else self["Contact"].partition(";")[0]

    def response(self, status: int, reason: str, tag: str = "", more: Headers | None = None, body: str = "") -> Message:
        """The response to this request. `tag` is ours, on whatever has none of its own."""
        kept = [(name, value) for name in ("Via", "Record-Route", "From") for value in self.all(name)]
        to = self["To"] if "tag=" in self["To"] or not tag else f"{self['To']};tag={tag}"
        kept += [("To", to), ("Call-ID", self["Call-ID"]), ("CSeq", self["CSeq"])]
        return Message(f"SIP/2.0 {status} {reason}", kept + (more or []), body)


def session(address: Address) -> str:
    """What we offer and answer alike: G.711 µ-law and telephone events at this address."""
    host, port = address
    lines = (
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=telephone",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP 0 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        "a=sendrecv",
    )
    return "\r\n".join(lines) + "\r\n"


def media_address(session: str) -> Address:
    """Where the other side wants our sound. Raises ValueError where it names no place."""
    host, port = re.search(r"^c=IN IP4 (\S+)", session, re.M), re.search(r"^m=audio (\d+)", session, re.M)
    if not host or not port:
        raise ValueError("a session description without an address")
    return host[1], int(port[1])
