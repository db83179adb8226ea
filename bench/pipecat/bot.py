"""The pipecat bot: its quickstart pipeline on its LiveKit transport, everything at its defaults.

One process a call, warm: everything is imported before the call, then `{"url", "token", "room"}` comes as one line
on stdin and the pipeline is built, as pipecat's own runner does. The log is at WARNING, which only helps it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from loguru import logger
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3  # noqa: F401 - loads it early
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.openai.tts import OpenAITTSService
from pipecat.transports.livekit.transport import LiveKitParams, LiveKitTransport
from pipecat.workers.runner import WorkerRunner

GREETING = "Hello, how can I help you?"
INSTRUCTIONS = "You answer the telephone of a small business. Answer in one or two short sentences."


async def answer(url: str, token: str, room: str) -> None:
    """Build the pipeline, greet the caller, converse until they hang up."""
    openai = {"api_key": os.environ["OPENAI_API_KEY"], "base_url": os.environ["OPENAI_BASE_URL"]}
    params = LiveKitParams(audio_in_enabled=True, audio_out_enabled=True)
    transport = LiveKitTransport(url=url, token=token, room_name=room, params=params)
    stt = DeepgramSTTService(api_key=os.environ["DEEPGRAM_API_KEY"], base_url=os.environ["DEEPGRAM_BASE_URL"])
    user, assistant = LLMContextAggregatorPair(
        LLMContext([{"role": "system", "content": INSTRUCTIONS}]),
        user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer()),
    )
    llm, tts = OpenAILLMService(**openai), OpenAITTSService(**openai)
    worker = PipelineWorker(Pipeline([transport.input(), stt, user, llm, tts, transport.output(), assistant]))

    @transport.event_handler("on_first_participant_joined")
    async def greet(_transport: LiveKitTransport, _participant: str) -> None:
        await worker.queue_frame(TTSSpeakFrame(GREETING))

    @transport.event_handler("on_participant_disconnected")
    async def hang_up(_transport: LiveKitTransport, _participant: str) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


def main() -> None:
    """Say that this process is warm, wait for a call, answer it."""
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    print("warm", flush=True)
    line = sys.stdin.readline()
    if line.strip():
        asyncio.run(answer(**json.loads(line)))


if __name__ == "__main__":
    main()
