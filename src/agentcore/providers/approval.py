"""``approval``: a person is asked before a named tool is called.

An example of a guard that denies (:class:`~agentcore.Deny`): the one call ends, the model is told why, and the run
goes on.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from math import inf
from typing import Annotated, ClassVar, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from agentcore import Deny, ExecutionContext, ToolCall, hookimpl
from agentcore.providers._forks import BeginsAnew
from agentcore.providers._terminal import ask_terminal

__all__ = ["ApprovalProvider", "Ask"]

_logger = logging.getLogger("agentcore.approval")

Ask: TypeAlias = Callable[[str, float | None, threading.Event], str | None]
"""Asks a question and returns the answer; blocks.

It gets the question, the seconds to wait (None: for ever), and an event that is set when the answer is not wanted any
more.  None is no answer; an :exc:`OSError` says that nobody can be asked.
"""

_NOBODY: Final = (
    "the tool %r was denied: there is no terminal to ask on; run the program in the foreground of one, "
    "or name in [plugins.approval] tools only what needs approval"
)
_LONGEST: Final = 2_000
"""Characters of arguments that are shown."""


class ApprovalProvider(BeginsAnew):
    """Asks ``yes``, ``no`` or ``always`` on the terminal; whatever is not a clear yes denies the call.

    One question is asked at a time, however many runs there are.
    ``always`` holds for the tool, as long as the program runs.
    Where there is no terminal, and when nobody answers in time, the call is denied.
    """

    class Config(BaseModel):
        """The table ``[plugins.approval]``."""

        model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

        tools: tuple[str, ...] = ("*",)
        """Which tools; patterns as "delete_*" are possible."""
        timeout: Annotated[float, Field(gt=0)] = 120.0
        """Seconds for an answer, from when the question is shown."""

    def __init__(self, config: Config | None = None, *, ask: Ask = ask_terminal) -> None:
        """Prepare.

        Args:
            config: None leaves everything as usual.
            ask: How to ask; a program with a window of its own asks there.
        """
        self._config = config or self.Config()
        self._ask = ask
        self._always: set[str] = set()
        super().__init__()

    def begin(self) -> None:
        """Make the thread that asks: it is one, so that questions come in turn, on whichever loops the runs are."""
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="agentcore approval")
        self._asked: set[threading.Event] = set()
        """The questions that stand, each to be set when it is withdrawn."""

    @hookimpl(blocking=True)
    def agentcore_shutdown(self) -> None:
        """Withdraw what is asked, and end the thread; what comes later begins anew."""
        asking, asked = self._asking, list(self._asked)
        self.begin()
        for each in asked:
            each.set()
        asking.shutdown()

    # Last, so that what was approved is what is called; a person is not a plugin that hangs.
    @hookimpl(trylast=True, timeout=inf)
    async def tool_call(self, context: ExecutionContext, call: ToolCall) -> None:
        """Ask whether the tool may be called."""
        if not any(fnmatchcase(call.name, pattern) for pattern in self._config.tools):
            return
        withdrawn, asked = threading.Event(), self._asked
        asked.add(withdrawn)
        loop = asyncio.get_running_loop()
        try:
            refusal = await loop.run_in_executor(self._asking, self._refusal, context.agent_id, call, withdrawn)
        finally:
            # Cancelled, or past the run's deadline: the question must not keep the next one waiting.
            withdrawn.set()
            asked.discard(withdrawn)
        if refusal:
            raise Deny(refusal)

    def _refusal(self, agent: str, call: ToolCall, withdrawn: threading.Event) -> str:
        """Return why the tool may not be called; empty where it may."""
        # Either may have come about while this one waited for an earlier question.
        if withdrawn.is_set():
            return f"calling {call.name!r} must be approved, and nobody can be asked any more"
        if call.name in self._always:
            return ""
        try:
            answer = self._ask(_question(agent, call), self._config.timeout, withdrawn)
        except OSError:
            _logger.warning(_NOBODY, call.name)
            return f"calling {call.name!r} must be approved by a person, and there is nobody to ask"
        if answer is None:
            return f"calling {call.name!r} must be approved, and nobody has answered in time"
        if answer.strip().lower() in ("a", "always"):
            self._always.add(call.name)
        elif answer.strip().lower() not in ("y", "yes"):
            return f"calling {call.name!r} was not approved"
        return ""


def _question(agent: str, call: ToolCall) -> str:
    # As ASCII: what a model says must not move the cursor, or read from right to left.
    arguments = json.dumps(dict(call.arguments), default=repr)
    if len(arguments) > _LONGEST:
        arguments = f"{arguments[:_LONGEST]}... ({len(arguments)} characters)"
    wish = f"The agent {agent!a} wants to call the tool {call.name!a} with:"
    return f"\n{wish}\n  {arguments}\nAllow it? [y]es / [n]o / [a]lways: "
