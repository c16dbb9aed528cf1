"""Agents: what users declare and run."""

from agentcore._agents.base import BaseAgent
from agentcore._agents.declarative import Agent, DeclarativeAgent
from agentcore._agents.function import FunctionAgent
from agentcore._agents.process import (
    aclose,
    get_plugin_manager,
    new_plugin_manager,
    set_plugin_manager,
    state_dir,
)
from agentcore._agents.result import RunResult
from agentcore._agents.stream import RunStream

__all__ = [
    "Agent",
    "BaseAgent",
    "DeclarativeAgent",
    "FunctionAgent",
    "RunResult",
    "RunStream",
    "aclose",
    "get_plugin_manager",
    "new_plugin_manager",
    "set_plugin_manager",
    "state_dir",
]
