"""Google ADK: its in-memory runner, with a session for each run, which is deleted afterwards."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.runners import InMemoryRunner
from google.genai import types

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


class _Observer(BasePlugin):
    async def before_agent_callback(self, *, agent: Any, callback_context: Any) -> None:
        pass

    async def after_agent_callback(self, *, agent: Any, callback_context: Any) -> None:
        pass

    async def before_model_callback(self, *, callback_context: Any, llm_request: Any) -> None:
        pass

    async def after_model_callback(self, *, callback_context: Any, llm_response: Any) -> None:
        pass


class _Model(BaseLlm):
    tool: bool
    pause: Any

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        await self.pause()
        part = types.Part(text=ANSWER)
        if self.tool and not _has_result(llm_request):
            part = types.Part(function_call=types.FunctionCall(id="1", name="search", args={"query": QUERY}))
        usage = types.GenerateContentResponseUsageMetadata(
            prompt_token_count=INPUT_TOKENS,
            candidates_token_count=OUTPUT_TOKENS,
            total_token_count=INPUT_TOKENS + OUTPUT_TOKENS,
        )
        yield LlmResponse(content=types.Content(role="model", parts=[part]), usage_metadata=usage)


def _has_result(request: LlmRequest) -> bool:
    return any(part.function_response for part in request.contents[-1].parts or [])


def make(*, observers: bool, tool: bool, pause: Pause) -> Run:
    """An observer is a plugin."""
    agent = LlmAgent(
        name="triage",
        model=_Model(model="scripted", tool=tool, pause=pause),
        instruction=INSTRUCTIONS,
        output_schema=Label,
        tools=[search] if tool else [],
    )
    runner = InMemoryRunner(agent, plugins=[_Observer("first"), _Observer("second")] if observers else [])
    sessions: Any = runner.session_service
    message = types.Content(role="user", parts=[types.Part(text=TICKET)])

    async def run() -> object:
        session = await sessions.create_session(app_name=runner.app_name, user_id="user")
        last: Any = None
        async for event in runner.run_async(user_id="user", session_id=session.id, new_message=message):
            last = event
        await sessions.delete_session(app_name=runner.app_name, user_id="user", session_id=session.id)
        return Label.model_validate_json(last.content.parts[0].text)

    return run
