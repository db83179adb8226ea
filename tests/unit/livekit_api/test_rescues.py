"""The generation of an agent, as it stands among attributes."""

from __future__ import annotations

import pytest
from livekit.protocol.agent_dispatch import AgentDispatch

from switchboard.livekit_api.rescues import GENERATION, after, as_attribute, generation_of, is_after


def test_an_agent_without_a_generation_is_the_first() -> None:
    assert generation_of({"tier": "gold"}) == 1


def test_a_generation_is_read_as_it_was_written() -> None:
    assert as_attribute(17) == {"switchboard.generation": "17"}
    assert generation_of(as_attribute(17)) == 17


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "1.5", "²", "9" * 5000])
def test_an_attribute_that_is_no_generation_is_the_first(text: str) -> None:
    assert generation_of({GENERATION: text}) == 1


def test_a_dispatch_made_again_is_known_by_its_generation() -> None:
    lost = AgentDispatch(id="AD_1", agent_name="switchboard", attributes={"tier": "gold"})
    again = after(lost, 2)
    assert dict(again.attributes) == {"tier": "gold", GENERATION: "2"}
    assert is_after(AgentDispatch(id="AD_2", agent_name="switchboard", attributes={GENERATION: "2"}), again)
    assert not is_after(lost, again)
