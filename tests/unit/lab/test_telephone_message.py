"""SIP messages as the small telephone reads and writes them."""

from __future__ import annotations

import pytest

from lab.telephone.message import Message, media_address, session

INVITE = (
    "INVITE sip:a@127.0.0.1 SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.1;branch=z1\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z2\r\n"
    "f: <sip:b@c>;tag=1\r\nTo: <sip:a@d>\r\ni: 17\r\nCSeq: 1 INVITE\r\nm: <sip:b@10.0.0.1:5060;x=y>\r\n\r\nbody"
)


def test_a_request_is_read_with_short_names_too() -> None:
    message = Message.parse(INVITE.encode())
    assert (message.method, message.status, message["Call-ID"], message.body) == ("INVITE", 0, "17", "body")
    assert message.all("Via") == ["SIP/2.0/UDP 10.0.0.1;branch=z1", "SIP/2.0/UDP 10.0.0.2;branch=z2"]
    assert message.contact == "sip:b@10.0.0.1:5060;x=y"
    assert message["Record-Route"] == ""


def test_a_response_goes_the_way_that_its_request_came_and_names_us() -> None:
    response = Message.parse(Message.parse(INVITE.encode()).response(180, "Ringing", "ours").encode())
    assert (response.start, response.status, response.method) == ("SIP/2.0 180 Ringing", 180, "INVITE")
    assert len(response.all("Via")) == 2
    assert response["To"] == "<sip:a@d>;tag=ours"
    assert response.response(200, "OK", "other")["To"] == "<sip:a@d>;tag=ours", "a tag is given once"
    assert response["Content-Length"] == "0"


def test_a_keep_alive_is_no_message() -> None:
    with pytest.raises(ValueError, match="no SIP message"):
        Message.parse(b"\r\n\r\n")


def test_a_session_says_where_the_sound_goes() -> None:
    assert media_address(session(("127.0.0.1", 4000))) == ("127.0.0.1", 4000)
    with pytest.raises(ValueError, match="without an address"):
        media_address("v=0\r\n")
