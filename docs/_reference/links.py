"""Finds what docstrings and annotations refer to under the name by which the reference has it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .api import documented, names

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

__all__ = ["resolve"]


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.Element) -> nodes.Element | None:
    """Return a link for *node*, whose target is the private path or the bare name of something public."""
    if node.get("refdomain") != "py" and node.get("reftype") != "any":
        return None
    target = _public(node["reftarget"])
    if target is None:
        return None
    found: Any = env.domains["py"].resolve_xref(env, node.get("refdoc", ""), app.builder, "obj", target, node, contnode)
    return found


@cache
def _public(target: str) -> str | None:
    path, _, last = target.rpartition(".")
    value = _imported(path, last)
    if value is not None:
        return documented().get(id(value))
    if path:
        # A method of what is known by its bare name.
        return f"{names()[path]}.{last}" if path in names() else None
    return names().get(last)


def _imported(path: str, name: str) -> object:
    if not path.startswith("agentcore"):
        return None
    try:
        return getattr(import_module(path), name, None)
    except ImportError:
        return None
