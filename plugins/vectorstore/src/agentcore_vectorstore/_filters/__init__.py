"""The filter language: one meaning on every backend."""

from agentcore_vectorstore._filters.meaning import passes, same_json
from agentcore_vectorstore._filters.nodes import (
    EVERYTHING,
    And,
    Compare,
    Contains,
    Exists,
    Filter,
    Not,
    Or,
    Path,
)
from agentcore_vectorstore._filters.parser import parse_filter
from agentcore_vectorstore._filters.spec import FilterSpec, filter_of

__all__ = [
    "EVERYTHING",
    "And",
    "Compare",
    "Contains",
    "Exists",
    "Filter",
    "FilterSpec",
    "Not",
    "Or",
    "Path",
    "filter_of",
    "parse_filter",
    "passes",
    "same_json",
]
