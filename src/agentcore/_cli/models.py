"""Which model an agent asks, and why."""

from __future__ import annotations

from typing import Any

from agentcore._agents import BaseAgent, DeclarativeAgent
from agentcore._run import chosen_model

__all__ = ["announcement", "use_model"]


def use_model(agent: BaseAgent[Any], name: str) -> None:
    """Have *agent* ask the model *name*, whichever it was declared with.

    Agents in code choose theirs themselves; where they leave it to the default, the settings say it.
    """
    if isinstance(agent, DeclarativeAgent):
        agent.model = name


async def announcement(agent: BaseAgent[Any], *, given: str | None) -> str:
    """Return which model is taken, and why; empty where the agent's code decides it.

    Args:
        agent: Who asks.
        given: What ``--model`` says; None where it was not given.
    """
    if not isinstance(agent, DeclarativeAgent):
        return ""
    model = agent.model
    if isinstance(model, str):
        return f"model: {model} ({'the agent names it' if given is None else 'given by --model'})"
    if model is not None:
        return f"model: {model.name} (the agent brings it)"
    choice = await chosen_model(agent.get_plugin_manager())
    return f"model: {choice.name} ({choice.reason})"
