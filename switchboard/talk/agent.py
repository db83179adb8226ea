"""What every agent on the telephone has: its prompt, the caller's data, a hand-over that forgets nothing, a goodbye."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any, ClassVar, cast

from livekit import rtc
from livekit.agents import (
    NOT_GIVEN,
    Agent,
    ChatContext,
    FlushSentinel,
    FunctionTool,
    ModelSettings,
    RunContext,
    function_tool,
    llm,
    stt,
)
from livekit.agents.llm import ChatChunk, RawFunctionTool, Tool
from livekit.agents.llm.tool_context import (
    find_function_tools,  # pyright: ignore[reportUnknownVariableType]
)

from switchboard.livekit_api.internals import keeps_recogniser
from switchboard.speech.end_of_turn import SentenceTurns
from switchboard.talk.conversation import Conversation
from switchboard.talk.filling import fill_instructions, values_of
from switchboard.talk.hooks import GUARDS
from switchboard.talk.tool_limits import limited
from switchboard.talk.tool_names import tool_name

Ctx = RunContext[Conversation[Any]]

_STYLE = """# How you speak
You are on the telephone. Answer in one or two short sentences, in plain spoken words: no lists, no markdown, no
emoji. Ask one thing at a time. Say numbers, prices and times as people say them. If you did not understand, ask.
To say goodbye, always use the tool end_call and nothing else."""


def _tool_names(agent: type[Agent]) -> set[str]:
    """The tools that a class defines, by name."""
    tools = cast("list[FunctionTool[..., Any] | RawFunctionTool[..., Any]]", find_function_tools(agent))
    return {tool.info.name for tool in tools}


class PhoneAgent(Agent):
    """A conversation partner: its words are in `prompts/NAME.md`, its tools are methods of a subclass.

    A subclass in `agents/NAME.py` is called by that file's name, unless it sets `name` itself. Colleagues to hand over
    to, a voice and tools of MCP servers are in the table: `[agent.NAME]`.
    """

    name: ClassVar[str]
    tool_within_s: ClassVar[float] = 10.0
    """Seconds that a tool of this class may take; the caller is told "one moment" meanwhile."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        package, _, file = cls.__module__.rpartition(".")
        if package == "agents" and "name" not in vars(cls):
            cls.name = file
        for name, member in list(vars(cls).items()):
            if isinstance(member, FunctionTool):
                tool = cast("FunctionTool[..., Any]", member)
                setattr(cls, name, limited(tool, lambda agent: agent.tool_within_s))
        for name, guard in GUARDS.items():
            if name in vars(cls):
                setattr(cls, name, guard(vars(cls)[name], getattr(PhoneAgent, name)))

    def __init__(
        self, conversation: Conversation[Any], chat_ctx: ChatContext | None = None, handed_over: bool = False
    ) -> None:
        self.conversation = conversation
        self.prompt = conversation.roster.prompts.load(self.name, conversation.language)
        self._handed_over = handed_over
        self._remote: dict[str, Any] = {}
        # A tool that the class defines wins over one of the table's.
        own = _tool_names(type(self))
        colleagues = [tool for tool in self._hand_over_tools() if tool.info.name not in own]
        self._own = own | {tool.info.name for tool in colleagues}
        self._remote = {tool.info.name: tool for tool in conversation.equipment.tools.of(self.name, self._own)}
        thinks, speaks = conversation.equipment.models(self.name)
        super().__init__(
            instructions=self._all_it_is_told(),
            chat_ctx=chat_ctx or conversation.equipment.said,
            tools=[*colleagues, *self._remote.values()],
            llm=thinks or NOT_GIVEN,
            tts=speaks or NOT_GIVEN,
        )
        # On the instance: a class that overrides it would have livekit-agents connect anew at every hand-over. An
        # agent whose class does override it keeps its own.
        if keeps_recogniser(type(self)):
            self.stt_node = self._hear

    def llm_node(
        self, chat_ctx: ChatContext, tools: list[Tool], model_settings: ModelSettings
    ) -> AsyncIterable[ChatChunk | str | FlushSentinel]:
        """What the model thinks, and words of ours where it does not."""
        answer = Agent.default.llm_node(self, chat_ctx, tools, model_settings)
        net = self.conversation.equipment.never_silent
        return net.thinking(answer) if net else answer

    def tts_node(self, text: AsyncIterable[str], model_settings: ModelSettings) -> AsyncIterable[rtc.AudioFrame]:
        """The sound of what is said, and of fixed words where the voice fails."""
        net = self.conversation.equipment.never_silent
        if net is None:
            return Agent.default.tts_node(self, text, model_settings)
        return net.speaking(text, lambda words: Agent.default.tts_node(self, words, model_settings))

    def _all_it_is_told(self) -> str:
        spoken = (
            ""
            if self.prompt.language == self.conversation.language
            else (f"\nThe caller speaks the language with the code {self.conversation.language}: speak only that.")
        )
        conversation = self.conversation
        values = values_of(conversation.call, conversation.area, self.name, conversation.route_data)
        own = fill_instructions(self.prompt.instructions, values)
        away = conversation.equipment.tools.briefing(self.name)
        return f"{own}\n\n{_STYLE}{spoken}\n\n{conversation.briefing()}{away}"

    def _hear(
        self, audio: AsyncIterable[rtc.AudioFrame], model_settings: ModelSettings
    ) -> AsyncIterable[stt.SpeechEvent]:
        """What the recogniser hears; where turns end by the words, the reply is begun before the turn is over."""
        events = Agent.default.stt_node(self, audio, model_settings)
        turns = self.session.turn_detection
        return turns.anticipate(events) if isinstance(turns, SentenceTurns) else events

    async def on_enter(self) -> None:
        if self._handed_over:
            await self.session.generate_reply(
                instructions="You have just taken over this call. Say in one sentence who you are and go on "
                "with what the caller asked for; do not ask again for what they have said already."
            )

    async def on_data_changed(self, key: str, value: Any) -> None:
        """Called when our own servers change data during the call, `value` None where it has gone. Override to react.

        `self.conversation.data` has the new value already. The default tells the model.
        """
        await self._tell_anew()

    async def on_unverified_changed(self, key: str, value: Any) -> None:
        """Called when the caller's side changes what it says: anybody can send it. `self.conversation.unverified` has
        the new value already. The default tells the model."""
        await self._tell_anew()

    async def take_tools(self) -> None:
        """Called when tools of MCP servers came or went. What this agent has been given once, it keeps: asked while its
        server is away, it says so."""
        there = {tool.info.name: tool for tool in self.conversation.equipment.tools.of(self.name, self._own)}
        if there.keys() - self._remote.keys():
            own = [tool for tool in self.tools if tool not in self._remote.values()]
            self._remote |= there
            await self.update_tools([*own, *self._remote.values()])
        await self._tell_anew()

    async def _tell_anew(self) -> None:
        """Tell the model what is known now, unless it has been told: a thousand changes at once are told once."""
        told = self._all_it_is_told()
        if told != self.instructions:
            await self.update_instructions(told)

    def tools_of_its_trade(self) -> list[llm.Tool | llm.Toolset]:
        """Its tools, without those that end the call or hand it over."""
        colleagues = {tool_name(f"transfer_to_{name}") for name in self.conversation.equipment.hand_over(self.name)}
        others = colleagues | _tool_names(PhoneAgent)
        return [tool for tool in self.tools if getattr(getattr(tool, "info", None), "name", None) not in others]

    def _hand_over_tools(self) -> list[FunctionTool[..., Any]]:
        """A tool for each colleague of the table."""
        return [self._hand_over_tool(*one) for one in self.conversation.equipment.hand_over(self.name).items()]

    def _hand_over_tool(self, colleague: str, what_for: str) -> FunctionTool[..., Any]:
        async def hand_over() -> PhoneAgent:
            return self.hand_over_to(colleague)

        called = colleague.replace("_", " ")
        description = f"Hand the caller over to {called}: {what_for.strip().rstrip('.')}."
        return function_tool(hand_over, name=tool_name(f"transfer_to_{colleague}"), description=description)

    def hand_over_to(self, name: str) -> PhoneAgent:
        """The colleague `name`, who has heard everything that was said. Return it from a tool."""
        history = self.chat_ctx.copy(exclude_instructions=True, exclude_function_call=True)
        return self.conversation.roster.agent_class(name)(self.conversation, history, handed_over=True)

    @function_tool
    async def end_call(self, ctx: Ctx, goodbye: str) -> None:
        """End the call. Use it when the caller says goodbye or has nothing more to ask.

        Args:
            goodbye: What you say to the caller as your last words, in their language.
        """
        await ctx.userdata.line.hang_up(goodbye)
