"""What became of a call that we made: the carrier's answer in six words that an operator can act on."""

from __future__ import annotations

from typing import Literal

from livekit.api.twirp_client import ServerError

Outcome = Literal["answered", "busy", "declined", "no_answer", "wrong_number", "carrier_error"]

# SIP responses (RFC 3261, section 21; 607 and 608: RFC 8197 and 8688). Whatever is not here is the carrier's.
_BY_SIP_STATUS: dict[int, Outcome] = {
    404: "wrong_number",
    408: "no_answer",
    410: "wrong_number",
    480: "no_answer",
    484: "wrong_number",
    485: "wrong_number",
    486: "busy",
    487: "no_answer",  # we stopped the ringing
    600: "busy",
    603: "declined",
    604: "wrong_number",
    607: "declined",
    608: "declined",
}
_HINTS = {
    401: "the trunk's username and password are wrong",
    402: "the account has no credit",
    403: "the carrier forbids it: caller ID not verified, country not enabled, or the server's address not allowed",
    407: "the trunk's username and password are wrong",
    429: "too many calls at once for this trunk",
    488: "no codec or encryption in common: see media_encryption of the trunk",
    503: "the carrier is overloaded, or the trunk's limit of calls is reached",
}
_WORDS: dict[Outcome, str] = {
    "answered": "answered",
    "busy": "busy",
    "declined": "declined: the call was refused",
    "no_answer": "no answer",
    "wrong_number": "wrong number: nobody has it",
    "carrier_error": "carrier error",
}


def of_sip_status(status: int) -> Outcome:
    """The outcome that a final SIP response means."""
    return "answered" if 200 <= status < 300 else _BY_SIP_STATUS.get(status, "carrier_error")


def of_error(error: ServerError) -> tuple[Outcome, int | None, str] | None:
    """Outcome, SIP status and reason of a dial that the bridge gave up; None where it is no matter of the call."""
    raw = error.metadata.get("sip_status_code", "")
    if raw.isdigit():
        status = int(raw)
        return of_sip_status(status), status, _one_line(error.metadata.get("sip_status", ""))
    text = error.message.casefold()
    if error.code == "deadline_exceeded" or "sip request timed out" in text:
        return "no_answer", None, "it rang until the time was up"
    if "auth" in text and error.code == "failed_precondition":
        return "carrier_error", None, "the carrier asks for a username and password: see username_env of the trunk"
    if "transaction failed to complete" in text:
        return "carrier_error", None, "the trunk's address does not answer"
    if "lookup" in text or "no such host" in text or "missing address" in text:
        return "carrier_error", None, "the trunk's address cannot be found"
    if error.code == "canceled":
        return "carrier_error", None, _one_line(error.message)
    return None


def in_words(outcome: Outcome, status: int | None, reason: str) -> str:
    """One line for people: `busy (486 Busy Here)`."""
    words = _WORDS[outcome]
    said = " ".join(part for part in (str(status) if status else "", reason) if part)
    words += f" ({said})" if said else ""
    hint = _HINTS.get(status or 0) if outcome == "carrier_error" else None
    return f"{words}: {hint}" if hint else words


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
