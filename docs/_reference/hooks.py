"""A page for every hook."""

from __future__ import annotations

import ast
import doctest
import inspect
from collections.abc import Iterator
from itertools import groupby, starmap
from typing import Any

from agentcore._plugins import SPECIFICATIONS, HookKind, HookSpecification
from agentcore._plugins.screening import SCREEN

from .pages import Page, code, heading, table, toctree

__all__ = ["example", "pages", "without_example"]

_HOOKS = "agentcore.hookspecs"
_GIVEN = "from agentcore import Deny, hookimpl\n"
_PROCESS = "process"
_EXAMPLE = "Example:"

_KINDS = {
    HookKind.EVENT: (
        "event",
        "ignored",
        "contained, and told to :func:`plugin_error <agentcore.hookspecs.plugin_error>`; the agent goes on",
    ),
    HookKind.VALUE: (
        "value hook",
        "replaces ``{noun}`` for the next implementation; None leaves it",
        "ends the run with a :class:`HookError <agentcore.errors.HookError>`; so does a result of another type",
    ),
    HookKind.COLLECT: (
        "collecting hook",
        "the results of all implementations, in one list; None adds nothing",
        "contained, and told to :func:`plugin_error <agentcore.hookspecs.plugin_error>`; the others' results stay",
    ),
    HookKind.FIRST: (
        "first answer wins",
        "the first that is not None is taken, and the other implementations are not called",
        "contained, and told to :func:`plugin_error <agentcore.hookspecs.plugin_error>`; the next one is asked",
    ),
}
_SCREENED = "has the event sent with its texts and values withheld; the run goes on"
_DELIVERIES = {True: "``inline``, ``background`` or ``durable``", False: "always ``inline``"}
_ENVELOPE = "``event``, the :class:`~agentcore.Event`, for implementations that ask for it"


def pages() -> Iterator[Page]:
    """Yield the list of hooks, and a page for each."""
    yield Page("hooks/index", _index())
    for each in SPECIFICATIONS.values():
        yield Page(f"hooks/{each.name}", _page(each))


def example(name: str) -> str:
    """Return the example of a hook as a program: what it imports, and what it defines."""
    contract = inspect.getdoc(SPECIFICATIONS[name].function) or ""
    source = _GIVEN + "".join(each.source for each in doctest.DocTestParser().get_examples(contract))
    imported: dict[str, set[str]] = {}
    defined: list[str] = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom):
            imported.setdefault(node.module or "", set()).update(each.name for each in node.names)
        elif isinstance(node, ast.Import):
            imported[node.names[0].name] = set()
        else:
            defined.append(_source(source, node))
    if not any("Deny" in each for each in defined):
        imported["agentcore"].discard("Deny")
    return "\n".join(starmap(_import, sorted(imported.items(), key=_rank))) + "\n\n\n" + "\n\n\n".join(defined)


def _source(source: str, node: ast.stmt) -> str:
    # A node begins behind its decorators.
    first = min((each.lineno for each in getattr(node, "decorator_list", ())), default=node.lineno)
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def _rank(imported: tuple[str, set[str]]) -> tuple[bool, bool, str]:
    module, names = imported
    return module.startswith("agentcore"), bool(names), module


def _import(module: str, names: set[str]) -> str:
    return f"from {module} import {', '.join(sorted(names))}" if names else f"import {module}"


def without_example(_app: Any, what: str, name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """Take the example out of the docstring of a hook, whose page shows it as a program."""
    if what == "function" and name.startswith(_HOOKS) and _EXAMPLE in lines:
        del lines[lines.index(_EXAMPLE) :]


def _index() -> str:
    text = heading("Hooks") + f".. automodule:: {_HOOKS}\n   :no-members:\n\n"
    for noun, group in groupby(SPECIFICATIONS.values(), key=_noun):
        rows = [(f":doc:`{each.name}`", _kind(each), _summary(each)) for each in group]
        text += heading(noun.capitalize(), "-") + table(("hook", "kind", "what it is"), rows, "25 20 55")
    return text + toctree(SPECIFICATIONS)


def _noun(hook: HookSpecification[..., Any]) -> str:
    noun = hook.name.partition("_")[0]
    return noun if noun in ("agent", "model", "tool", "context", "knowledge", "plugin") else _PROCESS


def _kind(hook: HookSpecification[..., Any]) -> str:
    return _KINDS[hook.kind][0]


def _summary(hook: HookSpecification[..., Any]) -> str:
    first = " ".join((inspect.getdoc(hook.function) or "").partition("\n\n")[0].split())
    text = first.partition(": ")[2]
    return text[:1].upper() + text[1:]


def _page(hook: HookSpecification[..., Any]) -> str:
    kind, result, failure = _KINDS[hook.kind]
    if hook.name == SCREEN:
        failure = _SCREENED
    rows = [
        ("Kind", kind),
        ("Result", result.format(noun=hook.noun)),
        ("A failure is", failure) if hook.kind is not HookKind.VALUE else ("A failure", failure),
        ("Delivery", _DELIVERIES[_noun(hook) != _PROCESS and hook.kind is HookKind.EVENT]),
    ]
    if "event" in hook.arguments:
        rows.append(("Envelope", _ENVELOPE))
    return (
        heading(hook.name)
        + f".. autofunction:: {_HOOKS}.{hook.name}\n\n"
        + table(("", ""), rows, "20 80")
        + heading("Example", "-")
        + code(example(hook.name), "python")
    )
