"""pluggy's registry of plugins, and what it takes to register any plugin with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import isgeneratorfunction
from typing import Any, NamedTuple, cast

import pluggy

from agentcore._markers import PROJECT, hookimpl, implementation_options
from agentcore._plugins.implementation import Implementation, call_mode, wanted_arguments
from agentcore._plugins.specification import EventHook, FirstResult, HookSpecification
from agentcore._provider import Provider
from agentcore.errors import PluginValidationError, nearest

__all__ = ["Registry"]

_MARK = f"{PROJECT}_impl"


class _Marked(NamedTuple):
    hook: str
    function: Callable[..., Any]
    handler: bool = False


class _StandIn:
    """What pluggy registers for each plugin: functions without arguments that lead to the real implementations.

    pluggy itself takes plain functions and methods only, and overlooks arguments that are keyword-only; here any
    callable serves, and every argument is checked (:func:`wanted_arguments`).
    """

    def __init__(self, plugin: object) -> None:
        self.plugin = plugin

    def add(self, marked: _Marked, name: str) -> None:
        def stand_in() -> None: ...

        # To pluggy a wrapper is a plain implementation: a stand-in is no generator, and we run wrappers ourselves.
        marks = getattr(hookimpl(stand_in) if marked.handler else marked.function, _MARK, {})
        setattr(stand_in, _MARK, {**marks, "wrapper": False, "specname": marked.hook})
        vars(stand_in)["target"] = marked
        setattr(self, name, stand_in)


class Registry:
    """Plugins by name, and their implementations by hook."""

    def __init__(self, specifications: Mapping[str, HookSpecification[..., Any]]) -> None:
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._plugins: dict[str, object] = {}
        self.specifications = dict(specifications)

    def register(self, plugin: object, name: str) -> list[str]:
        """Register *plugin*; returns the hooks that it implements.

        Raises:
            PluginValidationError: The name or the plugin is taken, a hook or an argument is unknown, or an
                implementation cannot be what it is marked as.  Nothing has been registered then.
        """
        self._refuse_twins(plugin, name)
        stand_in = _StandIn(plugin)
        hooks: list[str] = []
        for index, marked in enumerate(_marked(plugin)):
            if self._check(name, marked):
                stand_in.add(marked, f"implementation_{index}")
                hooks.append(marked.hook)
        self._pluggy.register(stand_in, name)
        self._plugins[name] = plugin
        return sorted(set(hooks))

    def add_specifications(self, namespace: object) -> None:
        """Add the hooks that *namespace* specifies.

        Raises:
            PluginValidationError: It specifies none, or one that there is already.
        """
        marked = [each for each in map(namespace.__dict__.get, dir(namespace)) if hasattr(each, f"{PROJECT}_spec")]
        name = str(getattr(namespace, "__name__", namespace))
        if not marked:
            raise PluginValidationError(
                f"{name!r} specifies no hooks", plugin=name, hint="mark its functions with @agentcore.hookspec."
            )
        for each in marked:
            made = _specification(cast("Callable[..., Any]", each))
            if made.name in self.specifications:
                raise PluginValidationError(f"{name!r} specifies {made.name!r}, which is a hook already", plugin=name)
            self.specifications[made.name] = made

    def _refuse_twins(self, plugin: object, name: str) -> None:
        if name in self._plugins:
            raise PluginValidationError(
                f"two plugins are named {name!r}: {self._plugins[name]!r} and {plugin!r}",
                plugin=name,
                hint="register one of them under another name, or disable one.",
            )
        for other, registered in self._plugins.items():
            if registered is plugin:
                raise PluginValidationError(f"this plugin is already registered as {other!r}", plugin=name)

    def _check(self, plugin: str, marked: _Marked) -> bool:
        specification = self.specifications.get(marked.hook)
        marks = getattr(marked.function, _MARK, {})
        if specification is None:
            if marks.get("optionalhook"):
                return False
            raise PluginValidationError(
                f"plugin {plugin!r} implements {marked.hook!r}, which is not a hook",
                plugin=plugin,
                hint=nearest(marked.hook, self.specifications),
            )
        if not marked.handler:
            wanted_arguments(plugin, specification, marked.function)
        if marks.get("wrapper") and not isgeneratorfunction(marked.function):
            raise PluginValidationError(
                f"plugin {plugin!r} marks its {marked.hook!r} as a wrapper, and it is not a generator function",
                plugin=plugin,
                hint="a wrapper is a plain function with one 'yield', around which the other implementations run.",
            )
        return True

    def unregister(self, name: str) -> object:
        """Take a plugin out; returns it."""
        self._pluggy.unregister(name=name)
        return self._plugins.pop(name)

    def block(self, name: str) -> None:
        """Refuse a name from now on."""
        self._pluggy.set_blocked(name)
        self._plugins.pop(name, None)

    def is_blocked(self, name: str) -> bool:
        """Whether the name is refused."""
        return self._pluggy.is_blocked(name)

    @property
    def plugins(self) -> Mapping[str, object]:
        """The registered plugins by name, in the order in which they came."""
        return self._plugins

    def implementations(self, hook: str) -> list[Implementation]:
        """The implementations of one hook, in the order in which they were registered."""
        caller = getattr(self._pluggy.hook, hook, None)
        found: list[pluggy.HookImpl] = [] if caller is None else caller.get_hookimpls()
        settled = [self._settle(each, self.specifications[hook]) for each in found]
        order = {name: index for index, name in enumerate(self._plugins)}
        return sorted(settled, key=lambda each: order[each.plugin])

    def _settle(self, found: pluggy.HookImpl, specification: HookSpecification[..., Any]) -> Implementation:
        marked: _Marked = vars(found.function)["target"]
        plugin = self._plugins[found.plugin_name]
        options = implementation_options(marked.function)
        marks = getattr(marked.function, _MARK, {})
        positional, keywords = (
            ((), specification.arguments)
            if marked.handler
            else wanted_arguments(found.plugin_name, specification, marked.function)
        )
        return Implementation(
            plugin=found.plugin_name,
            hook=specification.name,
            function=marked.function,
            mode="handler" if marked.handler else call_mode(marked.function, blocking=options.blocking),
            positional=positional,
            keywords=keywords,
            tryfirst=found.tryfirst,
            trylast=found.trylast,
            wrapper=bool(marks.get("wrapper")),
            before=options.before,
            after=options.after,
            priority=plugin.priority if isinstance(plugin, Provider) else 0,
            timeout=options.timeout,
        )


def _marked(plugin: object) -> Iterator[_Marked]:
    for name in dir(plugin):
        if name.startswith("__") or isinstance(getattr(type(plugin), name, None), property):
            continue
        value = getattr(plugin, name, None)
        marks = cast("dict[str, Any] | None", getattr(value, _MARK, None))
        if type(marks) is dict and callable(value):
            yield _Marked(marks.get("specname") or name, value)
    if isinstance(plugin, Provider):
        for event in plugin.events:
            yield _Marked(event, plugin.handle_event, handler=True)
        yield _Marked("agentcore_startup", hookimpl(_bare(plugin.initialize)))
        yield _Marked("agentcore_shutdown", hookimpl(_bare(plugin.aclose)))


def _bare(method: Callable[[], Any]) -> Callable[[], Any]:
    """A function of its own that calls *method*: marking the method would mark the class's."""
    return lambda: method()


def _specification(function: Callable[..., Any]) -> HookSpecification[..., Any]:
    first = getattr(function, f"{PROJECT}_spec")["firstresult"]
    return FirstResult(function) if first else EventHook(function)
