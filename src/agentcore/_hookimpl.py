"""The decorator of implementations.  What type checkers know of it is generated: see tools/hookimpl_types.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from agentcore import _markers, hookspecs
from agentcore._markers import PROJECT
from agentcore.errors import nearest

__all__ = ["Hookimpl", "hookimpl"]

_SPECIFIED: Final = frozenset(name for name, each in vars(hookspecs).items() if hasattr(each, f"{PROJECT}_spec"))


class Hookimpl:
    """Marks a function as a hook's implementation.

    ``@hookimpl.agent_start`` names the hook.
    Type checkers then compare the function with it: the names and types of the arguments, and what is returned.
    One that does not take every argument ends with ``**_: object``, by which they know that the others are left out
    on purpose; nothing is passed to it::

        @hookimpl.agent_error
        async def report(agent: str, error: BaseException, **_: object) -> None: ...

    ``@hookimpl`` takes the hook's name from the function, which type checkers cannot, and finds mistakes when the
    plugin is registered.  With options: ``@hookimpl(timeout=5).agent_error`` and ``@hookimpl(timeout=5)``.

    Args:
        tryfirst: Run as early as possible, as in pluggy.
        trylast: Run as late as possible, as in pluggy.
        wrapper: A generator that yields once, around all other implementations, as in pluggy.  What it returns
            replaces the result, and None leaves it.
        optionalhook: Do not complain where no such hook is specified.
        specname: The hook's name, where it is not the function's.
        before: Names of plugins whose implementations must run after this one; unknown names are ignored.
        after: Names of plugins whose implementations must run before this one; unknown names are ignored.
        blocking: Run on a thread, for functions that wait or compute.
        timeout: Seconds for one execution.  None takes the configured one; ``float("inf")`` waits for ever.
        delivery: Of an event: awaited by the agent, or from a lane of the plugin's own.  None takes the plugin's
            ``delivery``, else ``"inline"``; the configuration may say otherwise.
    """

    def __init__(self, **options: Any) -> None:
        # An option that there is not is told here, and not when a function comes.
        _markers.hookimpl(**options)
        self._options = options

    def __call__(self, function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        if function is None:
            return Hookimpl(**{**self._options, **options})
        return _markers.hookimpl(**self._options)(function)

    def __getattr__(self, name: str) -> Callable[[Callable[..., Any]], Any]:
        if name not in _SPECIFIED:
            hint = "" if name.startswith("_") else f"\nhint: {nearest(name, _SPECIFIED)}"
            raise AttributeError(f"there is no hook {name!r}{hint}", name=name, obj=self)
        named: dict[str, Any] = {**self._options, "specname": name}
        return _markers.hookimpl(**named)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_SPECIFIED]

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self._options.items())
        return f"hookimpl({options})" if options else "hookimpl"


hookimpl: Final = Hookimpl()
