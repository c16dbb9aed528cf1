"""The checks of the machine, the configuration and the plugins."""

from __future__ import annotations

import platform
import re
import sys
import tempfile
from collections.abc import Collection, Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Final

from agentcore._cli.plugins import reason_of
from agentcore._cli.session import Session
from agentcore._config import Settings
from agentcore._inspection.findings import Finding
from agentcore._plugins import PluginManager, PluginStatus
from agentcore.errors import AgentCoreError, ConfigError, nearest

__all__ = ["NOT_STARTED", "configuration", "engine", "names", "packages", "plugin", "python", "state_folder"]

NOT_STARTED: Final = Finding(
    "startup", "ok", "no plugin was started up", "'agentcore doctor --start' does it, as a run would."
)

_OLDEST: Final = (3, 11)
_DISTRIBUTION: Final = "agentcore-framework"
_PROJECT_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def python() -> Finding:
    """Look at the interpreter."""
    found = f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})"
    if sys.version_info >= _OLDEST:
        return Finding("python", "ok", found)
    return Finding("python", "problem", found, "install Python 3.11 or newer.")


def packages() -> Iterator[Finding]:
    """Look at agentcore's own distribution, and at what it requires."""
    try:
        own = distribution(_DISTRIBUTION)
    except PackageNotFoundError:
        message = f"{_DISTRIBUTION} is not installed: this runs from its source"
        yield Finding("packages", "warning", message, "install it with pip.")
        return
    found: list[str] = [f"{_DISTRIBUTION} {own.version}"]
    for requirement in own.requires or ():
        name = _PROJECT_NAME.match(requirement)
        if name is None or "extra ==" in requirement:
            continue
        try:
            found.append(f"{name[0]} {version(name[0])}")
        except PackageNotFoundError:
            yield Finding("packages", "problem", f"{name[0]} is missing", f"pip install '{requirement}'")
    yield Finding("packages", "ok", ", ".join(found))


def configuration(session: Session) -> tuple[Finding, Settings | None]:
    """Look for the configuration; it is None where it cannot be used."""
    try:
        settings = session.settings()
    except ConfigError as error:
        return Finding.of_error("config", "problem", error), None
    if settings.config_path is None:
        return Finding("config", "ok", "no file is found, and the defaults hold"), settings
    return Finding("config", "ok", str(settings.config_path)), settings


def state_folder(settings: Settings) -> Finding:
    """Look whether plugins can keep what they keep, without making the folder."""
    folder = settings.state_dir
    place = next(each for each in (folder, *folder.parents) if each.exists())
    reason = _unwritable(place)
    if reason:
        advice = "name another folder, by 'state_dir' in the configuration or by AGENTCORE_STATE_DIR."
        return Finding("state", "problem", f"{folder} cannot be written to: {reason}", advice)
    return Finding("state", "ok", f"{folder}{'' if place == folder else ' (made when it is needed)'}")


def _unwritable(folder: Path) -> str:
    """Return why nothing can be written to *folder*; empty where something can."""
    if not folder.is_dir():
        return f"{folder} is not a folder"
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def plugin(status: PluginStatus) -> Finding:
    """Look at what became of a plugin."""
    check = f"plugin {status.name}"
    reason = reason_of(status)
    shown = f"{status.status}{f': {reason}' if reason else ''}"
    if status.status == "failed":
        return Finding(check, "problem" if status.required else "warning", shown, _mending(status))
    if status.error is not None:
        return Finding(check, "warning", shown, "ask its author; -vv shows the traceback.")
    brought = f" ({status.distribution} {status.version})" if status.distribution else ""
    return Finding(check, "ok", f"{shown}{brought}")


def _mending(status: PluginStatus) -> str:
    error = status.error
    if isinstance(error, AgentCoreError) and error.hint:
        return error.hint
    return f"mend it, update it, or leave it out: disabled = [{status.name!r}]."


def names(settings: Settings, plugins: PluginManager) -> Iterator[Finding]:
    """Look for names in the configuration that no plugin has."""
    known = [each.name for each in plugins.statuses()]
    for said in settings.statements:
        if said.plugin not in known:
            yield _unknown(said.plugin, said.reason, known, harmless=said.verb in ("disabled", "optional"))
    for table, configured in (("plugins", settings.plugins), ("delivery", settings.delivery)):
        for name in configured:
            if name not in known:
                yield _unknown(name, f"configured in [{table}.{name}]", known, harmless=False)
    for hook, options in settings.hooks.items():
        for name in options.order or ():
            if name not in known:
                yield _unknown(name, f"ordered in [hooks.{hook}]", known, harmless=True)


def _unknown(name: str, where: str, known: Collection[str], *, harmless: bool) -> Finding:
    message = f"no plugin named {name!r} is installed ({where})"
    return Finding("names", "warning" if harmless else "problem", message, nearest(name, known))


def engine(*, needed: bool) -> Finding:
    """Look whether the embedded model's engine can run here."""
    from agentcore.models._llama import library

    try:
        llama = library("local")
    except AgentCoreError as error:
        return Finding.of_error("local engine", "problem" if needed else "warning", error)
    found = getattr(llama, "__version__", "")
    return Finding("local engine", "ok", f"xllamacpp {found}".strip())
