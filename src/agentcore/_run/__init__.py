"""The steps of a run: asking a model, calling tools, and reading answers, with every event around them."""

from agentcore._run.asking import ask, ask_again
from agentcore._run.calling import call_tools
from agentcore._run.limits import DEFAULT_LIMITS, Limits, RunawayError
from agentcore._run.outcomes import outcome_of
from agentcore._run.resolving import chosen_model, resolve_model, resolved_model

__all__ = [
    "DEFAULT_LIMITS",
    "Limits",
    "RunawayError",
    "ask",
    "ask_again",
    "call_tools",
    "chosen_model",
    "outcome_of",
    "resolve_model",
    "resolved_model",
]
