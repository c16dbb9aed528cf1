"""Whether what is to be a plugin fits the hooks."""

from __future__ import annotations

from agentcore._inspection.hooks import hook_findings
from agentcore._plugins.naming import canonical_name

__all__ = ["assert_hooks_valid"]


def assert_hooks_valid(plugin: object) -> None:
    """Assert that a plugin (a module, an object, a class, not registered anywhere) fits the hooks.

    Every hook that it implements is one, takes its arguments by their names, and has their types where it is annotated;
    no function is named as a hook without being marked as its implementation.
    ``agentcore plugins check`` says the same, of what is installed, and more.

    Raises:
        AssertionError: It does not; every fault is listed, with its file and line.
    """
    __tracebackhide__ = True
    wrong = [each for each in hook_findings(plugin, canonical_name(plugin)) if each.level != "ok"]
    if wrong:
        lines = [f"{each.path}:{each.line}: {each.message}\n    hint: {each.advice}" for each in wrong]
        raise AssertionError("\n".join([f"{canonical_name(plugin)!r} does not fit the hooks:", *lines]))
