"""The plain worker: what LiveKit's documentation shows, and nothing more. What Switchboard is measured against.

Turn handling, processes, audio and text are all at livekit-agents' defaults for `start`. Only the health port is
not: the workers that are compared run side by side, and the default is one fixed port.
Run by the benchmark as `python -m livekit.agents start bench/plain.py`.
"""

from __future__ import annotations

import os

from livekit import rtc
from livekit.agents import Agent, AgentServer, AgentSession, JobContext
from livekit.plugins import deepgram, openai

GREETING = "Hello, how can I help you?"
INSTRUCTIONS = "You answer the telephone of a small business. Answer in one or two short sentences."

server = AgentServer(port=0)


@server.rtc_session(agent_name=os.environ.get("LIVEKIT_AGENT_NAME", "plain"))
async def answer(ctx: JobContext) -> None:
    """Connect, wait for the caller, choose the model that suits the line, greet."""
    await ctx.connect()
    caller = await ctx.wait_for_participant()
    by_telephone = caller.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP
    session: AgentSession[None] = AgentSession(
        stt=deepgram.STT(
            model="nova-2-phonecall" if by_telephone else "nova-2-general",
            base_url=os.environ["DEEPGRAM_BASE_URL"] + "/v1/listen",
        ),
        llm=openai.LLM(model="gpt-4.1-mini"),
        tts=openai.TTS(),
    )
    await session.start(agent=Agent(instructions=INSTRUCTIONS), room=ctx.room)
    await session.say(GREETING)
