"""Handing an answered telephone call to another number: the bridge asks the caller's carrier for it (REFER)."""

from __future__ import annotations

import re

import aiohttp
import phonenumbers
from livekit.api import LiveKitAPI, ServerError, SipCallError
from livekit.protocol.sip import SIPTransferStatus, TransferSIPParticipantRequest

from switchboard.call.numbers import read_e164

_RINGS_S = 25  # then the carrier gives the call back
_SIP = re.compile(r"sips?:[^\s@:<>]+@[^\s@<>]+")
_FORMS = 'write "tel:+14155550123" or "sip:name@host"'


def read_target(text: str, region: str) -> str:
    """`text` as the URI that REFER wants: `tel:` with a number in E.164 (read in `region`), `sip:` or `sips:`.

    Raises ValueError for what is none, and for a number that costs the caller more than a call.
    """
    if _SIP.fullmatch(text):
        return text
    scheme, _, number = text.partition(":")
    e164 = read_e164(number, region) if scheme == "tel" else None
    if e164 is None:
        raise ValueError(f'"{text}" is nobody to transfer to: {_FORMS}')
    if phonenumbers.number_type(phonenumbers.parse(e164)) == phonenumbers.PhoneNumberType.PREMIUM_RATE:
        raise ValueError(f'"{text}" is a premium number: callers would pay for it')
    return f"tel:{e164}"


async def refer(api: LiveKitAPI, room: str, identity: str, target: str) -> str:
    """Hand the caller of this identity to `target`, a URI; they hear it ring. Never raises.

    Empty where the carrier has taken them, else why not, in words without personal data.
    """
    request = TransferSIPParticipantRequest(
        room_name=room, participant_identity=identity, transfer_to=target, play_dialtone=True
    )
    request.ringing_timeout.FromSeconds(_RINGS_S)
    try:
        answer = await api.sip.transfer_sip_participant(request)
    except SipCallError as error:
        return f"SIP {error.sip_status_code}" if error.sip_status_code else error.sip_transfer_reason or error.code
    except ServerError as error:
        return error.code
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return type(error).__name__
    return "refused" if answer.status == SIPTransferStatus.STS_TRANSFER_FAILED else ""
