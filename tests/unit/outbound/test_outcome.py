"""What a carrier's answer means."""

from __future__ import annotations

import pytest
from livekit.api.twirp_client import ServerError
from livekit.protocol.models import DisconnectReason

from switchboard.outbound.outcome import in_words, of_disconnect, of_error, of_sip_status


def error(code: str, message: str, **metadata: str) -> ServerError:
    return ServerError(code, message, status=400, metadata=metadata)


@pytest.mark.parametrize("status", range(300, 700))
def test_every_final_response_has_an_outcome_and_a_line(status: int) -> None:
    outcome = of_sip_status(status)
    assert outcome != "answered"
    assert str(status) in in_words(outcome, status, "")


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (error("canceled", "sip request timed out"), "no_answer"),
        (error("deadline_exceeded", "request timed out"), "no_answer"),
        (error("canceled", "transaction failed to complete (0 intermediate responses)"), "carrier_error"),
        (error("failed_precondition", "sip server required auth, but no username"), "carrier_error"),
        (error("invalid_argument", "lookup nowhere.example: no such host"), "carrier_error"),
    ],
)
def test_a_call_that_ended_without_a_response_is_told_by_its_error(failure: ServerError, outcome: str) -> None:
    told = of_error(failure)
    assert told is not None
    assert told[:2] == (outcome, None)


@pytest.mark.parametrize("failure", [error("unauthenticated", "no permissions"), error("internal", "oops")])
def test_what_is_no_matter_of_the_call_is_left_to_the_caller(failure: ServerError) -> None:
    assert of_error(failure) is None


def test_the_carriers_reason_is_one_short_line() -> None:
    told = of_error(error("aborted", "", sip_status_code="486", sip_status="Busy\r\nHere " + "x" * 1000))
    assert told is not None
    assert told[2].startswith("Busy Here x")
    assert len(told[2]) == 200


def test_a_callee_who_leaves_says_how_the_call_ended() -> None:
    assert of_disconnect(DisconnectReason.USER_UNAVAILABLE) == "no_answer"
    assert of_disconnect(DisconnectReason.USER_REJECTED) == "declined"
    assert of_disconnect(DisconnectReason.SIP_TRUNK_FAILURE) == "carrier_error"
    assert of_disconnect(DisconnectReason.CLIENT_INITIATED) is None
