"""Every error agentcore raises.

The tree; behind each class the builtin it also is::

    AgentCoreError
    ├── ConfigError                  ValueError
    ├── SignatureError               ValueError
    ├── ContextError                 ValueError
    ├── PluginError
    │   ├── PluginNotFoundError      LookupError
    │   ├── PluginLoadError          RuntimeError
    │   ├── PluginValidationError    TypeError
    │   ├── HookError                RuntimeError
    │   └── HookTimeoutError         TimeoutError
    ├── Deny                         PermissionError   (raised by plugins)
    ├── DeniedError                  PermissionError   (raised by runs)
    ├── RunError
    │   ├── InputError               ValueError
    │   ├── OutputError              ValueError
    │   ├── LimitError               RuntimeError
    │   ├── DeadlineError            TimeoutError
    │   └── RunCancelledError        RuntimeError
    ├── ModelError                   RuntimeError
    │   ├── ModelNotFoundError       LookupError
    │   ├── ModelConnectionError     ConnectionError
    │   ├── ModelTimeoutError        TimeoutError
    │   ├── ModelAuthenticationError PermissionError
    │   ├── ModelRateLimitError
    │   └── ModelResponseError
    ├── ToolError                    RuntimeError
    │   └── ToolNotFoundError        LookupError
    ├── JournalError                 OSError
    └── RecordedError                                  (read from the journal)

A message says which thing, why, and what to do; what to do stands on a line of its own that starts with ``hint:``.
No message carries a secret.
Each class has a ``code``, by which logs, records and searches know it whatever language or wording a message has.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

__all__ = [
    "AgentCoreError",
    "ConfigError",
    "ContextError",
    "DeadlineError",
    "DeniedError",
    "Deny",
    "HookError",
    "HookTimeoutError",
    "InputError",
    "JournalError",
    "LimitError",
    "ModelAuthenticationError",
    "ModelConnectionError",
    "ModelError",
    "ModelNotFoundError",
    "ModelRateLimitError",
    "ModelResponseError",
    "ModelTimeoutError",
    "OutputError",
    "PluginError",
    "PluginLoadError",
    "PluginNotFoundError",
    "PluginValidationError",
    "RecordedError",
    "RunCancelledError",
    "RunError",
    "SignatureError",
    "ToolError",
    "ToolNotFoundError",
    "nearest",
]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the entry of *known* nearest to *name*, and what there is.

    The empty string when *known* is empty.
    """
    # Few programs misspell a name, and all of them import this module.
    from difflib import get_close_matches

    names = sorted(set(known))
    if not names:
        return ""
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    # The close ones first: of many names only some are listed.
    listed = [*close, *(each for each in names if each not in close)]
    listing = ", ".join(repr(each) for each in listed[:20]) + (", …" if len(listed) > 20 else "")
    return f"did you mean {close[0]!r}? Known: {listing}." if close else f"known: {listing}."


class AgentCoreError(Exception):
    """The base of every error here.

    Nothing raises it itself: catch it for any error of agentcore's own.  What a function, a tool or a model of yours
    raises stays what it is.
    """

    code: ClassVar[str] = "agentcore"
    """The name of the class for programs and searches.  It stays when a class is renamed; no two classes share one."""

    hint: str
    """What to do about it; empty where nothing can be advised."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def message(self) -> str:
        """The message without the hint."""
        return str(self.args[0])

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class ConfigError(AgentCoreError, ValueError):
    """The configuration cannot be used: a file, a variable or a flag.

    The message names the setting and who made it: correct it there.
    """

    code: ClassVar[str] = "config"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        path: Path | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        where = "" if path is None else f"{path}:" + (f"{line}:{column}: " if line is not None else " ")
        super().__init__(where + message, hint=hint)
        self.path = path
        """The file at fault; None where the setting came from elsewhere."""
        self.line = line
        """Counted from 1; None when the fault has no single place."""
        self.column = column
        """Counted from 1; None when the fault has no single place."""


class SignatureError(AgentCoreError, ValueError):
    """A signature string cannot be read; the message shows the place.

    Correct the text where the caret points.
    """

    code: ClassVar[str] = "signature"

    def __init__(self, message: str, *, text: str, position: int, hint: str = "") -> None:
        line_start = text.rfind("\n", 0, position) + 1
        line_end = text.find("\n", position)
        line_start = max(line_start, position - 60)
        line = text[line_start : min(line_end if line_end >= 0 else len(text), position + 60)].replace("\t", " ")
        caret = " " * (position - line_start) + "^"
        super().__init__(f"{message} (at position {position})\n  {line}\n  {caret}", hint=hint)
        self.text = text
        """The whole signature."""
        self.position = position
        """Index into *text* of the first character at fault, from 0; ``len(text)`` for a missing end."""


class ContextError(AgentCoreError, ValueError):
    """An execution context was used in a way it cannot serve.

    The message says what was asked of it; nothing has been changed.
    """

    code: ClassVar[str] = "context"


class PluginError(AgentCoreError):
    """Something about one plugin.

    The message names the plugin.  Those below it say more.
    """

    code: ClassVar[str] = "plugin"

    def __init__(self, message: str, *, plugin: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.plugin = plugin
        """The plugin's registered name."""


class PluginNotFoundError(PluginError, LookupError):
    """No plugin of that name is installed.

    Install it, or correct the name; ``agentcore plugins`` lists those that there are.
    """

    code: ClassVar[str] = "plugin-not-found"


class PluginLoadError(PluginError, RuntimeError):
    """A plugin that the program requires could not be loaded.

    The cause is what it raised.  Mend it, or name it in ``optional`` or ``disabled``: then the program starts without.
    """

    code: ClassVar[str] = "plugin-load"


class PluginValidationError(PluginError, TypeError):
    """A plugin does not fit the hooks: an unknown hook or argument, a second plugin of the same name.

    The message names both sides that do not fit: correct the plugin, or take another name.
    """

    code: ClassVar[str] = "plugin-validation"


class HookError(PluginError, RuntimeError):
    """A value hook's implementation failed, and a guard that fails closes the door.

    The run ends with it; the cause is what the implementation raised.  Mend the plugin, or disable it where nothing
    needs its guard.
    """

    code: ClassVar[str] = "hook"

    def __init__(self, message: str, *, plugin: str, hook: str, hint: str = "") -> None:
        super().__init__(message, plugin=plugin, hint=hint)
        self.hook = hook
        """The hook's name."""


class HookTimeoutError(PluginError, TimeoutError):
    """An implementation did not end within its time.

    That of an event is told to ``plugin_error``; that of a value hook is the cause of a :class:`HookError`.
    Give it more time, by ``@hookimpl(timeout=)`` or in the configuration.
    """

    code: ClassVar[str] = "hook-timeout"

    def __init__(self, *, plugin: str, hook: str, timeout: float) -> None:
        super().__init__(f"plugin {plugin!r} did not finish {hook!r} within {timeout:g} s", plugin=plugin)
        self.hook = hook
        """The hook's name."""
        self.timeout = timeout
        """In seconds."""


class Deny(AgentCoreError, PermissionError):
    """Raised by the implementation of a value hook: this must not go on.

    The run, or the one tool call, ends with the outcome ``denied``, and *reason* is what its caller is told.
    """

    code: ClassVar[str] = "deny"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class DeniedError(AgentCoreError, PermissionError):
    """A plugin denied it.  The :class:`Deny` is the cause.

    Whoever asked may be shown *reason*; what is asked again is denied again.
    """

    code: ClassVar[str] = "denied"

    def __init__(self, *, plugin: str, hook: str, reason: str) -> None:
        super().__init__(f"denied by plugin {plugin!r} ({hook}): {reason}")
        self.plugin = plugin
        """The registered name of the plugin that said no."""
        self.hook = hook
        """The value hook in which it did."""
        self.reason = reason
        """Its words."""


class RunError(AgentCoreError):
    """A run of an agent cannot go on.

    Nothing raises it itself: catch it for those below it.
    """

    code: ClassVar[str] = "run"


class InputError(RunError, ValueError):
    """The input does not fit the agent's signature, or the arguments of a call the tool's parameters.

    The message names the fields at fault.  Of a run's input it tells before anything has happened; of a tool's
    arguments it tells the model, which may call again.
    """

    code: ClassVar[str] = "input"


class OutputError(RunError, ValueError):
    """The model's answer did not fit the output, however often it was asked again.

    The message names the fields at fault.  Ask for less, allow more ``retries``, or take a larger model.
    """

    code: ClassVar[str] = "output"


class LimitError(RunError, RuntimeError):
    """A run reached its limit of steps or tokens.

    What it consumed is in ``context.total_usage``.  Raise ``limits``, or find out why it takes so much.
    """

    code: ClassVar[str] = "limit"


class DeadlineError(RunError, TimeoutError):
    """A run reached its deadline.

    Give it more time, by ``Limits(timeout=)`` or where its context's deadline was set.
    """

    code: ClassVar[str] = "deadline"


class RunCancelledError(RunError, RuntimeError):
    """A run was cancelled through its context; a cancellation of its task stays an :class:`asyncio.CancelledError`.

    The message has the reason that was given to ``context.cancel()``.
    """

    code: ClassVar[str] = "run-cancelled"


class ModelError(AgentCoreError, RuntimeError):
    """A model could not answer.

    Those below it say why, as far as that is known.  Where *retryable* is true, the run has asked again as often as its
    ``retries`` allow, unless a part of the answer had been read.
    """

    code: ClassVar[str] = "model"

    def __init__(self, message: str, *, model: str, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.model = model
        """The model's name."""
        self.retryable = retryable
        """Whether the same request may succeed when it is sent again."""
        self.partial = False
        """Whether a part of the answer had been passed on to the reader of the run's stream."""


class ModelNotFoundError(ModelError, LookupError):
    """There is no such model: no plugin resolves the name, or the server does not have it.

    Correct the name, or install what serves it; the hint names the nearest.
    """

    code: ClassVar[str] = "model-not-found"


class ModelConnectionError(ModelError, ConnectionError):
    """The model's server, or the package index that the embedded model is fetched from, cannot be reached.

    Start the server, correct its ``base_url``, or look to the network.
    """

    code: ClassVar[str] = "model-connection"


class ModelTimeoutError(ModelError, TimeoutError):
    """The model's server did not answer in time.

    Give it more time by ``ModelSettings(timeout=)``, or ask for a shorter answer.
    """

    code: ClassVar[str] = "model-timeout"


class ModelAuthenticationError(ModelError, PermissionError):
    """The model's server refused the key.

    Correct the key, in the environment or in the configuration.
    """

    code: ClassVar[str] = "model-authentication"


class ModelRateLimitError(ModelError):
    """The model's server asks to wait.

    The run has waited and asked again, as often as its ``retries`` allow: ask later, or run fewer agents at once.
    """

    code: ClassVar[str] = "model-rate-limit"

    def __init__(self, message: str, *, model: str, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, model=model, hint=hint, retryable=True)
        self.retry_after = retry_after
        """Seconds the server asked for; None where it did not say."""


class ModelResponseError(ModelError):
    """The model's server answered with an error or with something that cannot be read.

    The message has the server's own words.
    """

    code: ClassVar[str] = "model-response"

    def __init__(
        self, message: str, *, model: str, hint: str = "", status: int | None = None, retryable: bool = False
    ) -> None:
        super().__init__(message, model=model, hint=hint, retryable=retryable)
        self.status = status
        """The HTTP status; None where there was none."""


class ToolError(AgentCoreError, RuntimeError):
    """A tool cannot be made, or it failed; of a failure the model is told the message.

    Raise it in a tool to choose the words that the model is told.
    """

    code: ClassVar[str] = "tool"


class ToolNotFoundError(ToolError, LookupError):
    """The model asked for a tool that the agent does not have.

    The model is told which tools there are, and the run goes on.
    """

    code: ClassVar[str] = "tool-not-found"


class JournalError(AgentCoreError, OSError):
    """The journal of events cannot be read or written.

    The message names the file or the lane.  ``agentcore journal check`` says what is wrong with a file, and
    ``agentcore journal set-aside`` moves it away, so that a new one begins.
    """

    code: ClassVar[str] = "journal"


class RecordedError(AgentCoreError):
    """An error that happened in a run, as the journal kept it.

    Durable providers get it in place of the error itself, which was gone with the process that raised it.
    """

    code: ClassVar[str] = "recorded"

    def __init__(self, message: str, *, type: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.type = type
        """Its class as ``module.name``; the name alone for builtins."""
