"""What a carrier's answer means."""

from __future__ import annotations

import pytest
from livekit.api.twirp_client import ServerError

from switchboard.outbound.outcome import in_words, of_error, of_sip_status


def error(code: str, message: str, **metadata: str) -> ServerError:
    return ServerError(code, message, status=400, metadata=metadata)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (302, "carrier_error"),
        (400, "carrier_error"),
        (403, "carrier_error"),
        (404, "wrong_number"),
        (408, "no_answer"),
        (480, "no_answer"),
        (484, "wrong_number"),
        (486, "busy"),
        (487, "no_answer"),
        (500, "carrier_error"),
        (503, "carrier_error"),
        (600, "busy"),
        (603, "declined"),
        (604, "wrong_number"),
        (608, "declined"),
    ],
)
def test_a_final_response_has_an_outcome_and_a_line(status: int, outcome: str) -> None:
    assert of_sip_status(status) == outcome
    assert str(status) in in_words(of_sip_status(status), status, "")


def test_no_final_response_but_a_success_is_an_answer() -> None:
    assert [status for status in range(200, 700) if of_sip_status(status) == "answered"] == list(range(200, 300))


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
