"""agentcore: plugins for LLM agents.

Every life-cycle event of an agent is a hook; providers are plugins that implement hooks; what is installed takes part.
"""

from agentcore._agents import (
    Agent,
    BaseAgent,
    DeclarativeAgent,
    FunctionAgent,
    RunResult,
    RunStream,
    aclose,
    get_plugin_manager,
    new_plugin_manager,
    set_plugin_manager,
    state_dir,
)
from agentcore._config import SecretRef, Settings, load_settings
from agentcore._context import ContextManager, Event, ExecutionContext, current_context, use_context
from agentcore._markers import hookimpl, hookspec
from agentcore._middleware import LoggingMiddleware, ProviderMiddleware
from agentcore._plugins import PluginManager, PluginStatus
from agentcore._provider import Provider
from agentcore._run import Limits
from agentcore._tools import Tool, tool
from agentcore.errors import AgentCoreError, DeniedError, Deny
from agentcore.types import (
    Delivery,
    Document,
    Hit,
    KnowledgeQuery,
    Message,
    ModelDelta,
    ModelRequest,
    ModelResponse,
    ModelSettings,
    ToolCall,
    Usage,
)

__all__ = [
    "Agent",
    "AgentCoreError",
    "BaseAgent",
    "ContextManager",
    "DeclarativeAgent",
    "Delivery",
    "DeniedError",
    "Deny",
    "Document",
    "Event",
    "ExecutionContext",
    "FunctionAgent",
    "Hit",
    "KnowledgeQuery",
    "Limits",
    "LoggingMiddleware",
    "Message",
    "ModelDelta",
    "ModelRequest",
    "ModelResponse",
    "ModelSettings",
    "PluginManager",
    "PluginStatus",
    "Provider",
    "ProviderMiddleware",
    "RunResult",
    "RunStream",
    "SecretRef",
    "Settings",
    "Tool",
    "ToolCall",
    "Usage",
    "aclose",
    "current_context",
    "get_plugin_manager",
    "hookimpl",
    "hookspec",
    "load_settings",
    "new_plugin_manager",
    "set_plugin_manager",
    "state_dir",
    "tool",
    "use_context",
]
