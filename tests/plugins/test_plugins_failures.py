"""Installed plugins that cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentcore import PluginManager, Settings
from agentcore.errors import ConfigError, PluginValidationError

FAILURES: dict[str, tuple[str, str, str, type[BaseException], str]] = {
    "raises at import": ("raise ValueError('broken')", "", "import", ValueError, "broken"),
    "exits at import": ("raise SystemExit(3)", "", "import", SystemExit, "3"),
    "cancels at import": ("import asyncio; raise asyncio.CancelledError", "", "import", BaseException, ""),
    "needs what is not there": ("import not_there_at_all", "", "import", ModuleNotFoundError, "not_there_at_all"),
    "is no Python": ("def", "", "import", SyntaxError, "invalid syntax"),
    "has no such attribute": ("x = 1", "Absent", "import", AttributeError, "Absent"),
    "misspells a hook": (
        "from agentcore import hookimpl\n@hookimpl\ndef tool_exceute(): ...",
        "",
        "validation",
        PluginValidationError,
        "did you mean 'tool_execute'",
    ),
    "misspells an argument": (
        "from agentcore import hookimpl\n@hookimpl\ndef tool_start(tol): ...",
        "",
        "validation",
        PluginValidationError,
        "did you mean 'tool'",
    ),
    "names a text": ("text = 'text'", "text", "validation", PluginValidationError, "names 'str', which cannot be"),
    "names None": ("nothing = None", "nothing", "validation", PluginValidationError, "names 'NoneType'"),
    "names a function": ("def make(): ...", "make", "validation", PluginValidationError, "is not marked"),
    "exits when it is looked at": (
        "class Odd:\n    def __dir__(self): raise SystemExit(3)\nodd = Odd()",
        "odd",
        "validation",
        SystemExit,
        "3",
    ),
    "lists no events": (
        "from agentcore import Provider\nclass P(Provider): ...",
        "P",
        "validation",
        PluginValidationError,
        "lists no events",
    ),
    "raises in its constructor": (
        "class P:\n    def __init__(self): raise ConnectionError('no database')",
        "P",
        "setup",
        ConnectionError,
        "no database",
    ),
    "exits in its constructor": (
        "class P:\n    def __init__(self): raise SystemExit(3)",
        "P",
        "setup",
        SystemExit,
        "3",
    ),
    "demands arguments": ("class P:\n    def __init__(self, path): ...", "P", "setup", TypeError, "path"),
    "raises in startup": (
        "from agentcore import hookimpl\n@hookimpl\ndef agentcore_startup(): raise ConnectionError('no database')",
        "",
        "setup",
        ConnectionError,
        "no database",
    ),
    "exits in startup": (
        "from agentcore import hookimpl\n@hookimpl\nasync def agentcore_startup(): raise SystemExit(3)",
        "",
        "setup",
        SystemExit,
        "3",
    ),
    "raises in initialize": (
        "from agentcore import Provider\nclass P(Provider):\n    events = ('tool_start',)\n"
        "    async def initialize(self): raise ConnectionError('no database')",
        "P",
        "setup",
        ConnectionError,
        "no database",
    ),
}


@pytest.mark.parametrize(("text", "target", "stage", "error", "message"), FAILURES.values(), ids=FAILURES)
async def test_failing_plugin(
    text: str,
    target: str,
    stage: str,
    error: type[BaseException],
    message: str,
    site: Any,
    make_manager: Callable[..., PluginManager],
    failures: Any,
    arguments: Callable[..., dict[str, Any]],
    status_of: Callable[..., Any],
) -> None:
    """However a plugin fails before it is used, the others load; its status and ``plugin_error``, once, say why."""
    site.install("broken", text, target=target)
    module = site.install("watcher", site.OBSERVER)
    manager = make_manager()
    manager.load()
    for _ in range(2):
        await manager.startup()
    await manager.hook.tool_start(**arguments("tool_start"))

    assert sys.modules[module].seen == ["search"]
    assert status_of(manager, "watcher").status == "loaded"
    status = status_of(manager, "broken")
    assert (status.status, status.stage, status.required) == ("failed", stage, False)
    assert isinstance(status.error, error)
    assert message in str(status.error)
    assert [(plugin, hook, told) for plugin, hook, told in failures.told] == [("broken", stage, status.error)]
    assert manager.get_plugin("broken") is None
    await manager.aclose()


async def test_failing_again_is_told_again(
    site: Any, make_manager: Callable[..., PluginManager], failures: Any
) -> None:
    """A plugin that is loaded anew, after another one took its place for a while, and fails anew is told of anew."""
    site.install("broken", "raise ValueError('broken')")
    manager = make_manager()
    manager.load()
    await manager.startup()
    manager.register(object(), "broken")
    manager.unregister("broken")
    manager.load()
    await manager.startup()
    assert failures.kinds == [("broken", "import", ValueError)] * 2


@pytest.mark.parametrize(
    ("table", "target", "message"),
    [
        ({"limit": "many"}, "Store", "plugin 'store'"),
        ({"pathh": "disk"}, "Store", "path"),
        ({"path": "disk"}, "Plain", "plugin 'store' takes no config, and [tool.agentcore.plugins.store] sets ['path']"),
    ],
    ids=["wrong type", "unknown key", "no config"],
)
def test_wrong_config(
    table: dict[str, Any],
    target: str,
    message: str,
    site: Any,
    configured: Callable[..., Settings],
    status_of: Callable[..., Any],
) -> None:
    """A plugin whose table in the config does not fit is failed at config, by an error with the nearest key."""
    site.install("store", site.STORE, target=target)
    manager = PluginManager(configured(plugins={"store": table}))
    manager.load()
    status = status_of(manager, "store")
    assert (status.status, status.stage) == ("failed", "config")
    assert isinstance(status.error, ConfigError)
    assert message in str(status.error)
    if "pathh" in table:
        assert "did you mean 'path'" in str(status.error)


def test_two_packages_offer_one_name(
    site: Any, make_manager: Callable[..., PluginManager], failures: Any, status_of: Callable[..., Any]
) -> None:
    """Of two packages that offer a name the first is used; the other one is failed, by an error that names both."""
    site.install("watcher", site.OBSERVER)
    site.module("other_watcher", site.OBSERVER)
    site.distribution("zz-watcher", watcher="other_watcher")
    manager = make_manager()
    manager.load()
    assert manager.get_plugin("watcher") is sys.modules["agentcore_watcher"]
    assert "other_watcher" not in sys.modules
    twin = status_of(manager, "watcher (zz-watcher)")
    assert (twin.status, twin.stage, twin.source, twin.required) == ("failed", "validation", "other_watcher", False)
    assert (
        str(twin.error) == "two packages offer a plugin named 'watcher': agentcore-watcher and zz-watcher\n"
        "hint: uninstall one of them; the first is used."
    )


def test_one_package_that_is_found_twice(site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that lies in two folders of the path is one."""
    site.install("watcher", site.OBSERVER)
    folder = tmp_path / "again"
    folder.mkdir()
    for each in site.folder.iterdir():
        each_copy = folder / each.name
        if each.is_dir():
            each_copy.mkdir()
            for file in each.iterdir():
                (each_copy / file.name).write_bytes(file.read_bytes())
        else:
            each_copy.write_bytes(each.read_bytes())
    monkeypatch.syspath_prepend(folder)
    manager = PluginManager()
    manager.load()
    assert [(each.name, each.status) for each in manager.statuses() if "watcher" in each.name] == [
        ("watcher", "loaded")
    ]


def test_one_module_under_two_names(site: Any, manager: PluginManager, status_of: Callable[..., Any]) -> None:
    """One object that two entry points name is one plugin; the second name is failed."""
    site.module("shared_watcher", site.OBSERVER)
    site.distribution("shared", first="shared_watcher", second="shared_watcher")
    manager.load()
    assert status_of(manager, "first").status == "loaded"
    assert status_of(manager, "second").stage == "validation"
    assert "already registered as 'first'" in str(status_of(manager, "second").error)


def test_plugins_that_demand_a_circle(site: Any, manager: PluginManager, status_of: Callable[..., Any]) -> None:
    """Of installed plugins that demand an order which cannot be, the last is failed and the others take part."""
    for name, other in (("one", "two"), ("two", "one")):
        site.install(name, f"from agentcore import hookimpl\n@hookimpl(before={other!r})\ndef tool_start(): ...\n")
    manager.load()
    assert [each.plugin for each in manager.implementations("tool_start")] == ["one"]
    assert status_of(manager, "two").stage == "validation"
    assert "circle" in str(status_of(manager, "two").error)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("raise KeyboardInterrupt", ""),
        ("class Odd:\n    def __dir__(self): raise KeyboardInterrupt\nodd = Odd()", "odd"),
    ],
    ids=["import", "registration"],
)
def test_keyboard_interrupt_while_loading(text: str, target: str, site: Any, manager: PluginManager) -> None:
    """Who presses Ctrl-C while plugins are loaded stops the program."""
    site.install("slow", text, target=target)
    with pytest.raises(KeyboardInterrupt):
        manager.load()
