"""The commands that the plugin adds."""

from agentcore_vectorstore._commands.knowledge import knowledge_command
from agentcore_vectorstore._commands.search import search_command

__all__ = ["knowledge_command", "search_command"]
