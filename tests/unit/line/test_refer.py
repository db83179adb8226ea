"""Handing a call to another number: what the bridge is asked, and how it fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from livekit.api import LiveKitAPI, ServerError, SipCallError
from livekit.protocol.sip import SIPTransferStatus, TransferSIPParticipantRequest, TransferSIPParticipantResponse

from switchboard.line.refer import read_target, refer


class Bridge:
    """livekit-server's SIP service, which answers or raises."""

    def __init__(self, answer: TransferSIPParticipantResponse | Exception) -> None:
        self.asked: list[TransferSIPParticipantRequest] = []
        self._answer = answer
        self.api = cast("LiveKitAPI", SimpleNamespace(sip=self))

    async def transfer_sip_participant(self, request: TransferSIPParticipantRequest) -> TransferSIPParticipantResponse:
        self.asked.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def test_the_caller_is_handed_over_with_a_ringing_tone_for_a_bounded_time() -> None:
    bridge = Bridge(TransferSIPParticipantResponse())  # what servers say that know no status yet
    assert await refer(bridge.api, "room", "sip_caller", "tel:+14155550123") == ""
    request = bridge.asked[0]
    assert (request.room_name, request.participant_identity) == ("room", "sip_caller")
    assert (request.transfer_to, request.play_dialtone) == ("tel:+14155550123", True)
    assert request.ringing_timeout.seconds == 25


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (SipCallError("unknown", "declined", status=500, metadata={"sip_status_code": "603"}), "SIP 603"),
        (SipCallError("unknown", "", status=500, metadata={"sip_transfer_reason": "STR_REJECTED"}), "STR_REJECTED"),
        (ServerError("unavailable", "no response from servers to +14155550123", status=503), "unavailable"),
        (TimeoutError(), "TimeoutError"),
        (TransferSIPParticipantResponse(status=SIPTransferStatus.STS_TRANSFER_FAILED), "refused"),
    ],
)
async def test_a_transfer_that_fails_says_why_and_names_nobody(
    answer: TransferSIPParticipantResponse | Exception, why: str
) -> None:
    assert await refer(Bridge(answer).api, "room", "sip_caller", "tel:+14155550123") == why


def test_a_number_is_written_as_carriers_read_it() -> None:
    assert read_target("tel:(415) 555-0123", "US") == "tel:+14155550123"
    assert read_target("sip:desk@pbx.example.com:5070", "US") == "sip:desk@pbx.example.com:5070"


@pytest.mark.parametrize(
    "text",
    [
        "reception",
        "+14155550123",
        "tel:desk",
        "sip:desk",
        "tel:+14155550123;ext=1 x",
        "http://example.com",
        "sip:a@b>\r\nX: y",
    ],
)
def test_what_is_no_uri_of_a_telephone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is nobody to transfer to"):
        read_target(text, "US")


@pytest.mark.parametrize("number", ["tel:+19005550100", "tel:+499001234567"])
def test_nobody_is_handed_to_a_premium_number(number: str) -> None:
    with pytest.raises(ValueError, match="premium"):
        read_target(number, "US")
