"""The names of the attributes that livekit-sip sets on a SIP participant, each once."""

from __future__ import annotations

from collections.abc import Mapping

CALL_ID = "sip.callID"  # the bridge's own
CALL_ID_FULL = "sip.callIDFull"  # the SIP Call-ID: once it is there, a caller's attributes are complete
CALL_TAG = "sip.callTag"
TRUNK = "sip.trunkID"
RULE = "sip.ruleID"
# Whoever is at the other end, and the number of ours that they talk to: swapped by who dialled.
THEIR_NUMBER = "sip.phoneNumber"
OUR_NUMBER = "sip.trunkPhoneNumber"
HOSTNAME = "sip.hostname"
STATUS = "sip.callStatus"  # one of these
DIALING = "dialing"  # a call that we make, before its telephone rings
RINGING = "ringing"
AUTOMATION = "automation"  # answered, and the bridge presses keys before anybody is heard
ACTIVE = "active"
HANGUP = "hangup"
HEADER = "sip.h."  # and the header's name in lower case

# There when other participants first see a caller.
AT_JOIN = frozenset({CALL_ID, TRUNK, RULE, THEIR_NUMBER, OUR_NUMBER})

# Headers of carriers that the bridge maps whatever the trunk says, by their names in lower case.
MAPPED_HEADERS: Mapping[str, str] = {
    "x-twilio-callsid": "sip.twilio.callSid",
    "x-twilio-accountsid": "sip.twilio.accountSid",
    "x-call_session_id": "sip.telnyx.callSessionID",
    "x-call_leg_id": "sip.telnyx.callLegID",
    "x-amzn-connectcontactid": "sip.amazon.contactId",
    "x-amzn-connectinitialcontactid": "sip.amazon.initialContactId",
}
# A carrier's own identifier of a call, the one that its support asks for: the first of its attributes.
_CARRIERS = tuple(dict.fromkeys(name.split(".")[1] for name in MAPPED_HEADERS.values()))
CARRIERS: Mapping[str, tuple[str, ...]] = {
    carrier: tuple(name for name in MAPPED_HEADERS.values() if name.split(".")[1] == carrier) for carrier in _CARRIERS
}
CARRIER_CALL_ID = (*(names[0] for names in CARRIERS.values()), CALL_ID_FULL)
