"""agentcore: plugins for LLM agents.

Every life-cycle event of an agent is a hook; providers are plugins that implement hooks; what is installed takes part.
"""

from agentcore._context import ContextManager, Event, ExecutionContext, current_context, use_context
from agentcore._markers import hookimpl, hookspec
from agentcore._middleware import LoggingMiddleware, ProviderMiddleware
from agentcore._plugins import PluginManager, PluginStatus
from agentcore._provider import Provider
from agentcore.errors import AgentCoreError, Deny

__all__ = [
    "AgentCoreError",
    "ContextManager",
    "Deny",
    "Event",
    "ExecutionContext",
    "LoggingMiddleware",
    "PluginManager",
    "PluginStatus",
    "Provider",
    "ProviderMiddleware",
    "current_context",
    "hookimpl",
    "hookspec",
    "use_context",
]
