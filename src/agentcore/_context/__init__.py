"""What surrounds one execution of an agent: its identity, ancestry, time, state and usage."""

from agentcore._context.current import current_context, use_context
from agentcore._context.event import Event
from agentcore._context.execution import ExecutionContext
from agentcore._context.manager import ContextManager

__all__ = ["ContextManager", "Event", "ExecutionContext", "current_context", "use_context"]
