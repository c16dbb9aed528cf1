"""Where middleware comes from: code, plugins, the configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentcore import PluginManager, ProviderMiddleware, Settings
from agentcore._plugins.scoping import all_middleware
from agentcore.errors import ConfigError, PluginValidationError


class Note(ProviderMiddleware):
    """Notes what passes."""

    def __init__(self, label: str, seen: list[Any]) -> None:
        self.label = label
        self.seen = seen

    def pre_execute(self, provider: str, event: str, data: Any) -> None:
        """Note it."""
        self.seen.append((f"{self.label} pre", provider, event, data["tool"]))

    def post_execute(self, provider: str, event: str, result: Any) -> None:
        """Note it."""
        self.seen.append((f"{self.label} post", provider, event, result))


async def test_by_hook(arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]) -> None:
    """A plugin brings middleware through ``register_middleware``, once, and takes it along when it leaves."""
    seen: list[Any] = []
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda: None), "one")
    manager.register(plugin(register_middleware=lambda: [Note("theirs", seen)]), "bringing")
    for _ in range(2):
        await manager.startup()
    await manager.hook.tool_start(**arguments("tool_start"))
    assert [each[0] for each in seen] == ["theirs pre", "theirs post"]
    manager.unregister("bringing")
    await manager.hook.tool_start(**arguments("tool_start"))
    assert len(seen) == 2


async def test_by_hook_again_after_a_shutdown(
    arguments: Callable[..., dict[str, Any]], plugin: Callable[..., Any]
) -> None:
    """A manager that is started up again asks again, and has the middleware once."""
    seen: list[Any] = []
    manager = PluginManager()
    manager.register(plugin(tool_start=lambda: None), "one")
    manager.register(plugin(register_middleware=lambda: [Note("theirs", seen)]), "bringing")
    for _ in range(2):
        await manager.startup()
        await manager.aclose()
    await manager.startup()
    await manager.hook.tool_start(**arguments("tool_start"))
    assert [each[0] for each in seen] == ["theirs pre", "theirs post"]


async def test_nonsense_by_hook(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    failures: Any,
    make_manager: Callable[..., PluginManager],
) -> None:
    """What a plugin returns that is no middleware is its failure; the rest of what it brings is used."""
    seen: list[Any] = []
    manager = make_manager(
        one=plugin(tool_start=lambda: None),
        odd=plugin(register_middleware=lambda: ["nonsense", Note, Note("theirs", seen)]),
    )
    await manager.startup()
    await manager.hook.tool_start(**arguments("tool_start"))
    assert failures.kinds == [("odd", "register_middleware", PluginValidationError)] * 2
    assert [each[0] for each in seen] == ["theirs pre", "theirs post"]


def test_nonsense_by_code() -> None:
    """What is no middleware is refused at once."""
    manager = PluginManager()
    with pytest.raises(PluginValidationError, match="'nonsense' is not middleware\nhint: derive its class"):
        manager.add_middleware("nonsense")  # type: ignore[arg-type]


async def test_by_config(
    arguments: Callable[..., dict[str, Any]],
    plugin: Callable[..., Any],
    configured: Callable[..., Settings],
    site: Any,
) -> None:
    """The configuration names middleware, classes and instances, outermost first; it comes once, at startup."""
    site.module(
        "company_middleware",
        "from agentcore import ProviderMiddleware\n"
        "seen = []\n"
        "class First(ProviderMiddleware):\n"
        "    def pre_execute(self, provider, event, data):\n"
        "        seen.append((type(self).__name__, event))\n"
        "class Second(First): ...\n"
        "second = Second()\n",
    )
    manager = PluginManager(configured(middleware=["company_middleware:First", "company_middleware:second"]))
    manager.register(plugin(tool_start=lambda: None), "one")
    for _ in range(2):
        await manager.startup()
        await manager.hook.tool_start(**arguments("tool_start"))
        await manager.aclose()
    import company_middleware  # type: ignore[import-not-found]  # pyright: ignore[reportMissingImports]

    assert company_middleware.seen == [("First", "tool_start"), ("Second", "tool_start")] * 2


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("no_such_module:Middleware", "the middleware 'no_such_module:Middleware' cannot be made: ModuleNotFoundError"),
        ("odd_middleware:Absent", "cannot be made: AttributeError"),
        ("odd_middleware:Demanding", "cannot be made: TypeError"),
        ("odd_middleware:Exiting", "cannot be made: SystemExit"),
        ("odd_middleware:text", "'odd_middleware:text' is 'str', not a ProviderMiddleware"),
    ],
    ids=["no module", "no attribute", "demanding", "exiting", "text"],
)
async def test_wrong_config(reference: str, message: str, configured: Callable[..., Settings], site: Any) -> None:
    """Middleware of the configuration that cannot be used is an error at every start, and adds nothing."""
    site.module(
        "odd_middleware",
        "from agentcore import ProviderMiddleware\n"
        "made = []\n"
        "class Fine(ProviderMiddleware):\n"
        "    def pre_execute(self, provider, event, data): ...\n"
        "class Demanding(ProviderMiddleware):\n"
        "    def __init__(self, level): ...\n"
        "class Exiting(ProviderMiddleware):\n"
        "    def __init__(self): raise SystemExit(1)\n"
        "text = 'text'\n",
    )
    manager = PluginManager(configured(middleware=["odd_middleware:Fine", reference]))
    for _ in range(2):
        with pytest.raises(ConfigError, match=message):
            await manager.startup()
    assert list(all_middleware(manager)) == []
