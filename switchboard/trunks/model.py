"""What `trunks.toml` may say, as pydantic models. Secrets are only names of environment variables."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, model_validator

from switchboard.call.metadata import too_long
from switchboard.call.numbers import parse_number

Kind = Literal["inbound_trunk", "outbound_trunk", "dispatch_rule"]
Provider = Literal["twilio", "telnyx"]
Encryption = Literal["disable", "allow", "require"]
Headers = Literal["none", "x", "all"]

RINGING_TIMEOUT = 30  # s: then the carrier may send the call elsewhere; LiveKit's default is 180
LONGEST_RING = 80  # s: a request that waits for the answer is cut by livekit-server after that
_HEADER = re.compile(r"[A-Za-z0-9!%*_+`'~.-]+")  # a SIP token (RFC 3261, section 25.1)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _number(text: str) -> str:
    """E.164 where it has a `+`; digits alone are left to the carrier; `*` is any."""
    text = text.strip()
    if text == "*":
        return text
    if text.startswith("+"):
        number = parse_number(text, "ZZ").e164
        if number is None:
            raise ValueError(f'"{text}" is no telephone number: write + and the country code, "+14155550101"')
        return number
    digits = re.sub(r"[ ().-]", "", text)
    if not digits.isascii() or not digits.isdigit():
        raise ValueError(f'"{text}" is no telephone number: write + and the country code, "+14155550101"')
    return digits


def _header(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError(f'"{name}" is no name of a SIP header')
    return name


def _variable(name: str) -> str:
    if name and not _VARIABLE.fullmatch(name):
        raise ValueError("takes the name of an environment variable, and the value goes into the environment")
    return name


def _metadata(value: str | dict[str, Any]) -> str | dict[str, Any]:
    if warning := too_long(metadata_text(value), "it"):
        raise ValueError(warning)
    return value


def metadata_text(metadata: str | dict[str, Any]) -> str:
    """Metadata as LiveKit carries it."""
    if isinstance(metadata, str):
        return metadata
    return json.dumps(metadata, ensure_ascii=False, separators=(",", ":"), default=str)


PhoneNumber = Annotated[str, AfterValidator(_number)]
Header = Annotated[str, AfterValidator(_header)]
Variable = Annotated[str, AfterValidator(_variable)]
Name = Annotated[str, Field(min_length=1, max_length=128)]
Seconds = Annotated[int, Field(ge=0, le=86_400)]
Metadata = Annotated[str | dict[str, Any], AfterValidator(_metadata)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InboundTrunk(_Part):
    """Whose calls are let in, and what of their headers is kept. Times are seconds, 0 LiveKit's own default."""

    name: Name
    provider: Provider | None = None
    numbers: tuple[PhoneNumber, ...] = ()
    allowed_addresses: tuple[str, ...] = ()
    allowed_numbers: tuple[PhoneNumber, ...] = ()
    username_env: Variable = ""
    password_env: Variable = ""
    headers_to_attributes: dict[Header, Name] = {}
    attributes_to_headers: dict[Name, Header] = {}
    include_headers: Headers = "none"
    krisp: StrictBool = False
    media_encryption: Encryption = "disable"
    ringing_timeout: Seconds = RINGING_TIMEOUT
    max_call_duration: Seconds = 0

    @model_validator(mode="after")
    def _complete(self) -> InboundTrunk:
        _both(self.username_env, self.password_env)
        if not (self.numbers or self.allowed_addresses or self.username_env):
            raise ValueError("needs numbers, allowed_addresses or username_env: LiveKit refuses a trunk without")
        return self


class OutboundTrunk(_Part):
    """The carrier we dial through, and the numbers we call from."""

    name: Name
    provider: Provider | None = None
    address: Annotated[str, Field(min_length=1)]
    transport: Literal["auto", "udp", "tcp", "tls"] = "auto"
    numbers: Annotated[tuple[PhoneNumber, ...], Field(min_length=1)]
    username_env: Variable = ""
    password_env: Variable = ""
    headers_to_attributes: dict[Header, Name] = {}
    attributes_to_headers: dict[Name, Header] = {}
    include_headers: Headers = "none"
    media_encryption: Encryption = "disable"

    @model_validator(mode="after")
    def _complete(self) -> OutboundTrunk:
        _both(self.username_env, self.password_env)
        if re.search(r"[@;/\s]", self.address) or self.address.startswith(("sip:", "sips:")):
            raise ValueError(f'address "{self.address}" must be a host name alone: no sip:, no user, no ;transport=')
        return self


class DispatchRule(_Part):
    """Which room a call goes to, and which worker is dispatched into it. `trunks` None means every trunk.

    `agent` None stands for this worker's own name; "" dispatches nobody.
    """

    name: Name
    trunks: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    type: Literal["individual", "direct", "callee"] = "individual"
    room_prefix: str | None = None
    room: str | None = None
    randomize: StrictBool | None = None
    pin_env: Variable = ""
    hide_phone_number: StrictBool = False
    attributes: dict[Name, str] = {}
    metadata: Metadata = ""
    numbers: tuple[PhoneNumber, ...] = ()
    inbound_numbers: tuple[PhoneNumber, ...] = ()
    agent: str | None = None
    agent_metadata: Metadata = ""
    room_metadata: Metadata = ""
    krisp: StrictBool = False

    @model_validator(mode="after")
    def _fits_its_type(self) -> DispatchRule:
        if self.type == "direct":
            if not self.room:
                raise ValueError('type "direct" needs a room')
            if self.room_prefix is not None:
                raise ValueError('type "direct" takes a room, not a room_prefix')
        elif self.room is not None:
            raise ValueError(f'type "{self.type}" takes a room_prefix, not a room')
        if self.type != "callee" and self.randomize is not None:
            raise ValueError('only type "callee" takes randomize')
        if self.agent == "" and self.agent_metadata:
            raise ValueError("agent_metadata needs an agent")
        return self


class TrunksFile(_Part):
    """The whole file, in its order."""

    inbound_trunk: tuple[InboundTrunk, ...] = ()
    outbound_trunk: tuple[OutboundTrunk, ...] = ()
    dispatch_rule: tuple[DispatchRule, ...] = ()


def _both(username: str, password: str) -> None:
    if bool(username) != bool(password):
        raise ValueError("username_env and password_env belong together")


def provider_of(trunk: InboundTrunk | OutboundTrunk) -> Provider | None:
    """The carrier behind a trunk: said in the file, or told by its addresses."""
    if trunk.provider:
        return trunk.provider
    hosts = (trunk.address,) if isinstance(trunk, OutboundTrunk) else trunk.allowed_addresses
    for host in (host.casefold().partition(":")[0] for host in hosts):
        if host.endswith("twilio.com"):
            return "twilio"
        if host.endswith("telnyx.com"):
            return "telnyx"
    return None
