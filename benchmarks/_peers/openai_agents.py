"""OpenAI Agents SDK: its runner with tracing switched off."""

from __future__ import annotations

from typing import Any

from agents import Agent, AgentHooks, Model, ModelResponse, RunConfig, RunHooks, Runner, Usage, function_tool
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

from benchmarks._script import (
    ANSWER,
    INPUT_TOKENS,
    INSTRUCTIONS,
    OUTPUT_TOKENS,
    QUERY,
    TICKET,
    Label,
    Pause,
    Run,
    search,
)

__all__ = ["make"]


class _RunObserver(RunHooks[Any]):
    async def on_agent_start(self, context: Any, agent: Any) -> None:
        pass

    async def on_agent_end(self, context: Any, agent: Any, output: Any) -> None:
        pass

    async def on_llm_start(self, context: Any, agent: Any, system_prompt: Any, input_items: Any) -> None:
        pass

    async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
        pass


class _AgentObserver(AgentHooks[Any]):
    async def on_start(self, context: Any, agent: Any) -> None:
        pass

    async def on_end(self, context: Any, agent: Any, output: Any) -> None:
        pass

    async def on_llm_start(self, context: Any, agent: Any, system_prompt: Any, input_items: Any) -> None:
        pass

    async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
        pass


class _Model(Model):
    def __init__(self, pause: Pause) -> None:
        self._pause = pause

    async def get_response(
        self, system_instructions: Any, input: Any, model_settings: Any, tools: Any, *args: Any, **options: Any
    ) -> ModelResponse:
        await self._pause()
        usage = Usage(
            requests=1,
            input_tokens=INPUT_TOKENS,
            output_tokens=OUTPUT_TOKENS,
            total_tokens=INPUT_TOKENS + OUTPUT_TOKENS,
        )
        asks = bool(tools) and input[-1].get("type") != "function_call_output"
        return ModelResponse(output=[_call() if asks else _message()], usage=usage, response_id=None)

    def stream_response(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError


def _call() -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(
        arguments=f'{{"query": "{QUERY}"}}', call_id="1", name="search", type="function_call"
    )


def _message() -> ResponseOutputMessage:
    text = ResponseOutputText(annotations=[], text=ANSWER, type="output_text")
    return ResponseOutputMessage(id="1", content=[text], role="assistant", status="completed", type="message")


def make(*, observers: bool, tool: bool, pause: Pause) -> Run:
    """One observer is the run's hooks, the other the agent's: it has no place for more."""
    agent = Agent(
        name="triage",
        instructions=INSTRUCTIONS,
        model=_Model(pause),
        output_type=Label,
        hooks=_AgentObserver() if observers else None,
        tools=[function_tool(search)] if tool else [],
    )
    config = RunConfig(tracing_disabled=True)
    hooks = _RunObserver() if observers else None

    async def run() -> object:
        return (await Runner.run(agent, TICKET, run_config=config, hooks=hooks)).final_output

    return run
