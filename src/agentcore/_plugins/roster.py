"""The list of all plugins: what is installed, what became of it, and what the configuration says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from agentcore._plugins.discovery import Installed, guards, installed_plugins, looks_like_guard
from agentcore._plugins.hooks import SPECIFICATIONS
from agentcore._plugins.loading import LoadError, load
from agentcore._plugins.status import PluginStatus, Stage
from agentcore.errors import ConfigError, PluginLoadError, PluginNotFoundError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel

    from agentcore._config import Settings

__all__ = ["Found", "Roster"]

_BY_PROGRAM = "registered by the program"


class Found(NamedTuple):
    """A plugin that is ready to be registered."""

    name: str
    plugin: object


class Roster:
    """Decides which plugins are loaded, and keeps book of each."""

    def __init__(self, settings: Settings, parent: Roster | None = None) -> None:
        self._settings = settings
        self._parent = parent
        self._statuses: dict[str, PluginStatus] = {}
        self._installed: dict[str, Installed] | None = None
        self._announced: set[str] = set()
        self._stumbles: set[tuple[str, str, type[BaseException]]] = set()
        self.configs: dict[str, BaseModel] = {}

    # --- loading ---

    @property
    def installed(self) -> Mapping[str, Installed]:
        """The installed plugins by name; scanned at first use."""
        if self._parent is not None:
            return self._parent.installed
        if self._installed is None:
            self._installed = {}
            for each in installed_plugins():
                self._offer(each, self._installed)
        return self._installed

    def _offer(self, plugin: Installed, offered: dict[str, Installed]) -> None:
        first = offered.setdefault(plugin.name, plugin)
        if first is plugin or (first.distribution, first.value) == (plugin.distribution, plugin.value):
            return
        error = ConfigError(
            f"two packages offer a plugin named {plugin.name!r}: {first.distribution} and {plugin.distribution}",
            hint="uninstall one of them; the first is used.",
        )
        name = f"{plugin.name} ({plugin.distribution})"
        status = _status(name, plugin, status="failed", stage="validation", error=error)
        requirement = self._settings.requirement(plugin.name, guards=looks_like_guard(plugin))
        status.required, status.reason = requirement.required, requirement.reason
        self._statuses[name] = status

    def load(self) -> Iterator[Found]:
        """Load what is enabled and not loaded yet; what fails is booked and passed over."""
        for name in sorted({*self.installed, *self._settings.enabled}):
            if name in self._statuses and self._statuses[name].status != "disabled":
                continue
            plugin = self.installed.get(name)
            decision = self._settings.decision(name, builtin=plugin is not None and plugin.builtin)
            if not decision.enabled:
                self._book_disabled(name, decision.reason)
            elif (found := self._try(name)) is not None:
                yield found

    def _book_disabled(self, name: str, reason: str) -> None:
        self._statuses[name] = _status(name, self.installed[name], status="disabled", reason=reason)

    def _try(self, name: str) -> Found | None:
        try:
            return self._load(name)
        except LoadError as failed:
            error = failed.__cause__ or failed
            self.failed(name, failed.stage, self._unknown_module(name, error) or error)
            return None

    def _unknown_module(self, name: str, error: BaseException) -> PluginNotFoundError | None:
        """Make the error for what was meant to be a module's name and is nothing's; None where it is a module's."""
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if name in self.installed or missing is None or not f"{name.partition(':')[0]}.".startswith(f"{missing}."):
            return None
        unknown = self.unknown(name)
        unknown.__cause__ = error
        return unknown

    def _load(self, name: str) -> Found:
        source = self.installed.get(name) or name
        self._statuses[name] = _status(name, source, status="loaded")
        loaded = load(name, source, self._settings.plugin_config(name), path=self._settings.config_path)
        self._statuses[name].load_time = loaded.seconds
        if loaded.config is not None:
            self.configs[name] = loaded.config
        return Found(name, loaded.plugin)

    def load_one(self, name: str) -> Found:
        """Load one installed plugin, whatever the configuration says.

        Raises:
            PluginNotFoundError: It is not installed.
            PluginLoadError: It failed.
        """
        if name not in self.installed:
            raise self.unknown(name)
        try:
            return self._load(name)
        except LoadError as failed:
            raise _refusal(name, failed.stage, failed.__cause__) from failed.__cause__

    # --- keeping book ---

    def admits(self, name: str) -> bool:
        """Say whether the program may register a plugin of this name; books one that it may not."""
        if name in self._statuses and self._statuses[name].status == "blocked":
            return False
        # That autoload is off says nothing of what the program registers itself.
        if name not in self._settings.disabled:
            return True
        reason = self._settings.decision(name).reason
        self._statuses.setdefault(name, PluginStatus(name=name, status="disabled", source=_BY_PROGRAM, reason=reason))
        return False

    def registered(self, name: str, hooks: Iterable[str]) -> None:
        """Book a plugin that takes part from now on, and what it implements."""
        status = self._statuses.get(name)
        if status is None or status.status != "loaded":
            self._statuses[name] = status = PluginStatus(name=name, status="loaded", source=_BY_PROGRAM)
        self._implements(status, hooks)

    def gained(self, hook: str, plugins: Iterable[str]) -> None:
        """Book that *plugins* implement a hook that was not there when they were registered."""
        for name in plugins:
            self._implements(self._statuses[name], {*self._statuses[name].hooks, hook})

    def _implements(self, status: PluginStatus, hooks: Iterable[str]) -> None:
        found = set(hooks)
        status.hooks = tuple(each for each in SPECIFICATIONS if each in found) + tuple(
            sorted(found - set(SPECIFICATIONS))
        )
        self._require(status, guards(found))

    def _require(self, status: PluginStatus, guard: bool) -> None:
        requirement = self._settings.requirement(status.name, guards=guard)
        status.required, status.reason = requirement.required, requirement.reason

    def failed(self, name: str, stage: Stage, error: BaseException, *, announced: bool = False) -> None:
        """Book that it cannot be used, and whether everybody has been told."""
        status = self._statuses[name]
        guard = guards(status.hooks) or looks_like_guard(self.installed.get(name, status.source))
        status.status, status.stage, status.error = "failed", stage, error
        self._require(status, guard)
        if announced:
            self._announced.add(name)
        else:
            self._announced.discard(name)

    def stumbled(self, name: str, hook: str, error: BaseException) -> bool:
        """Book a failure in a run; says whether it is the first of its kind."""
        status = self._statuses.get(name)
        if status is not None:
            status.failures += 1
            status.error = error
        kind = (name, hook, type(error))
        first = kind not in self._stumbles
        self._stumbles.add(kind)
        return first

    def removed(self, name: str) -> None:
        """Forget it."""
        self._statuses.pop(name, None)
        self.configs.pop(name, None)

    def blocked(self, name: str) -> None:
        """Book that its name is refused."""
        source = self._statuses[name].source if name in self._statuses else ""
        self._statuses[name] = PluginStatus(name=name, status="blocked", source=source, reason="blocked by the program")

    def statuses(self) -> list[PluginStatus]:
        """Every status, by name."""
        return [self._statuses[name] for name in sorted(self._statuses)]

    def failures(self) -> list[PluginStatus]:
        """The plugins that cannot be used."""
        return [each for each in self.statuses() if each.status == "failed"]

    def unannounced(self) -> list[PluginStatus]:
        """The failures that nobody has been told of; the next call leaves them out.

        A plugin that is not there, and must be, is :meth:`check`'s to tell.
        """
        refused = self._missing() - self._optional()
        found = [each for each in self.failures() if each.name not in self._announced | refused]
        self._announced.update(each.name for each in found)
        return found

    def knows(self, name: str) -> bool:
        """Whether a plugin of this name is installed or was registered."""
        return name in self._known()

    def _known(self) -> set[str]:
        known = {*self.installed, *self._statuses}
        return known if self._parent is None else known | self._parent._known()

    # --- checking ---

    def check(self) -> None:
        """Raise where no agent may run; see :meth:`PluginManager.check_required`."""
        self.check_loaded()
        if self._parent is None:
            self._check_names(self._known() - self._missing())

    def check_loaded(self) -> None:
        """Raise where a plugin that must not fail has; see :meth:`PluginManager.check_loaded`."""
        missing = self._missing()
        for status in self.failures():
            if status.required and status.name not in missing:
                raise _refusal(status.name, status.stage, status.error, status.reason) from status.error

    def _missing(self) -> set[str]:
        """The plugins that were to be loaded and are not installed."""
        return {each.name for each in self.failures() if isinstance(each.error, PluginNotFoundError)}

    def _check_names(self, known: set[str]) -> None:
        for name, where, absent in self._named():
            # What is disabled need not be there, unless it looks like a slip of the pen for something that is.
            if name not in known and (not absent or get_close_matches(name, known, n=1)):
                raise PluginNotFoundError(
                    f"no plugin named {name!r} is installed ({where})", plugin=name, hint=nearest(name, known)
                )

    def _optional(self) -> set[str]:
        """The plugins that may be absent, as they are said to be."""
        said = {each.plugin for each in self._settings.statements if each.verb == "optional"}
        return said - {*self._settings.required}

    def _named(self) -> Iterator[tuple[str, str, bool]]:
        """The plugins that the configuration names: the name, where, and whether it may be absent."""
        settings = self._settings
        optional = self._optional()
        for said in settings.statements:
            yield said.plugin, said.reason, said.plugin in optional or not settings.decision(said.plugin).enabled
        for table, names in (("plugins", settings.plugins), ("delivery", settings.delivery)):
            for name in names:
                # That autoload is off says of no plugin that it is not there.
                absent = name in optional or name in settings.disabled
                yield name, f"configured in [{table}.{name}]", absent
        for hook, options in settings.hooks.items():
            for name in options.order or ():
                yield name, f"ordered in [hooks.{hook}]", True

    def unknown(self, name: str) -> PluginNotFoundError:
        """Make the error for a name that nobody has."""
        hint = nearest(name, self._known() - {name})
        return PluginNotFoundError(f"no plugin named {name!r} is installed", plugin=name, hint=hint)


def _status(name: str, source: Installed | str, **more: object) -> PluginStatus:
    if isinstance(source, str):
        return PluginStatus(name=name, source=source, **more)  # type: ignore[arg-type]
    return PluginStatus(
        name=name,
        source=source.value,
        distribution=source.distribution,
        version=source.version,
        **more,  # type: ignore[arg-type]
    )


def _refusal(name: str, stage: Stage | None, error: BaseException | None, reason: str = "") -> PluginLoadError:
    why = f" ({reason})" if reason else ""
    return PluginLoadError(
        f"the required plugin {name!r}{why} failed at {stage}: {type(error).__name__}: {error}",
        plugin=name,
        hint=f"mend it, or say that the program may start without it: optional = [{name!r}], or disabled = [{name!r}].",
    )
