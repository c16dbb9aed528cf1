"""agentcore: plugins for LLM agents.

Every life-cycle event of an agent is a hook; providers are plugins that implement hooks; what is installed takes part.
"""

from typing import TYPE_CHECKING

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
from agentcore._context import ContextManager, Event, ExecutionContext, current_context, use_context
from agentcore._hookimpl import hookimpl
from agentcore._lazy import lazy_names
from agentcore._markers import hookspec
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

if TYPE_CHECKING:
    from agentcore._config import SecretRef, Settings, load_settings
else:
    # Every program imports this package; few name the configuration, and its pydantic models take long to make.
    __getattr__, __dir__ = lazy_names(
        __name__, dict.fromkeys(("SecretRef", "Settings", "load_settings"), "agentcore._config")
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
