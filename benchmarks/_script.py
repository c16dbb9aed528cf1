"""The run that every framework makes: label a ticket, with a model that answers from a script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel

__all__ = [
    "ANSWER",
    "INPUT_TOKENS",
    "INSTRUCTIONS",
    "OUTPUT_TOKENS",
    "QUERY",
    "TICKET",
    "Label",
    "Pause",
    "Run",
    "no_pause",
    "search",
]

Run: TypeAlias = Callable[[], Awaitable[object]]
"""Makes one run; returns the validated label, or a result that has it as its ``output``."""

Pause: TypeAlias = Callable[[], Awaitable[None]]
"""What a model awaits before it answers."""

INSTRUCTIONS: Final = "Label the ticket."
TICKET: Final = "It crashes when I click save."
ANSWER: Final = '{"label": "bug"}'
QUERY: Final = "crash on save"
INPUT_TOKENS: Final = 5
OUTPUT_TOKENS: Final = 2


class Label(BaseModel):
    """The typed output."""

    label: Literal["bug", "question"]


async def search(query: str) -> str:
    """Search the handbook."""
    return "page 3"


async def no_pause() -> None:
    """Answer at once."""
