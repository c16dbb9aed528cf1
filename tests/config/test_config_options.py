"""What may be written into the configuration, and what is said of the rest."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentcore._config import Settings
from agentcore.errors import ConfigError

Load = Callable[..., Settings]
Write = Callable[..., Path]

EVERYTHING = """\
model = "local"
state_dir = "state"
autoload = false
enabled = ["a", "package.module", "a"]
disabled = ["vectorstore"]
required = ["guard"]
optional = ["cache"]
strict = true
hook_timeout = "1m"
middleware = ["agentcore:LoggingMiddleware", "my.pack:Outer.inner"]

[plugins.metrics]
port = 9464
[hooks.agent_start]
order = ["b", "a", "b"]
timeout = "5s"
[hooks.agent_complete]
timeout = "off"
[delivery.metrics]
timeout = 7
[models.fast]
server = "http://localhost:8080"
[agents.triage]
input = "ticket: str"
"""


def test_every_setting_is_read(load: Load, write: Write, project: Path) -> None:
    """All that the configuration knows, in one file."""
    write(EVERYTHING)
    settings = load()
    assert settings.model == "local"
    assert settings.state_dir == project / "state"
    assert not settings.autoload
    assert settings.enabled == ("a", "package.module", "guard")
    assert settings.disabled == ("vectorstore",)
    assert settings.required == ("guard",)
    assert settings.strict
    assert settings.hook_timeout == 60.0
    assert settings.middleware == ("agentcore:LoggingMiddleware", "my.pack:Outer.inner")
    assert settings.plugin_config("metrics") == {"port": 9464}
    assert settings.models == {"fast": {"server": "http://localhost:8080"}}
    assert settings.agents == {"triage": {"input": "ticket: str"}}
    assert settings.order_for("agent_start") == ("b", "a")


@pytest.mark.parametrize(
    ("hook", "plugin", "timeout"),
    [
        ("agent_start", "metrics", 7.0),
        ("agent_start", "other", 5.0),
        ("agent_complete", "other", math.inf),
        ("agent_error", "metrics", 7.0),
        ("agent_error", "other", None),
    ],
)
def test_timeout_of_a_plugin_comes_before_that_of_a_hook(
    load: Load, write: Write, hook: str, plugin: str, timeout: float | None
) -> None:
    """The delivery's is taken first, the hook's next, and None where neither is configured."""
    write(EVERYTHING)
    assert load().timeout_for(hook, plugin) == timeout


def test_what_is_not_configured_is_empty(load: Load) -> None:
    """Hooks and plugins that nobody configured have no order and no settings."""
    settings = load()
    assert settings.order_for("agent_start") == ()
    assert settings.plugin_config("metrics") == {}
    assert settings.timeout_for("agent_start", "metrics") is None


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("model = 'x'\ndisable = ['y']", (2, 1), "unknown key 'disable'", "did you mean 'disabled'?"),
        ("[hooks.agent_start]\ntimeot = 5", (2, 1), "unknown key 'hooks.agent_start.timeot'", "mean 'timeout'?"),
        ("[delivery]\nx = {timout = 5}", (2, 6), "unknown key 'delivery.x.timout'", "did you mean 'timeout'?"),
        ("zzz = 1", (1, 1), "unknown key 'zzz'", "known: 'agents', 'autoload'"),
        ("autoload = 'no'", (1, 1), "key 'autoload': must be true or false", ""),
        ("strict = 1", (1, 1), "key 'strict': must be true or false", ""),
        ("disabled = 'vectorstore'", (1, 1), "key 'disabled': must be a list", 'write disabled = ["…"].'),
        ("enabled = [\n1]", (1, 1), "key 'enabled[0]': must be a text in quotes", ""),
        ("enabled = ['']", (1, 1), "key 'enabled[0]': the name of a plugin is neither empty", ""),
        ("enabled = [' x']", (1, 1), "key 'enabled[0]': the name of a plugin is neither empty", ""),
        ("enabled = ['no:x']", (1, 1), "key 'enabled[0]': 'no:x' is no plugin's name", "disabled"),
        ("model = ''", (1, 1), "key 'model': must not be empty", ""),
        ("state_dir = ' '", (1, 1), "key 'state_dir': must not be empty", ""),
        ("hook_timeout = '5 parsecs'", (1, 1), "key 'hook_timeout': not a duration", "'5s'"),
        ("hook_timeout = 0", (1, 1), "key 'hook_timeout': a timeout must be longer than zero", "'off'"),
        ("middleware = ['os.system']", (1, 1), "key 'middleware[0]': not a reference", "'package.module:attribute'"),
        ("plugins = 5", (1, 1), "key 'plugins': must be a table", ""),
        ("[plugins]\nmetrics = 5", (2, 1), "key 'plugins.metrics': must be a table", ""),
        ("[hooks]\nagent_start = 5", (2, 1), "key 'hooks.agent_start': must be a table", ""),
        ("disabled=['x']\nrequired=['x']", (2, 1), "key 'required': plugin 'x' is both disabled and required", "one"),
        ("required=['x']\noptional=['x']", (2, 1), "key 'optional': plugin 'x' is both required and optional", "one"),
    ],
    ids=lambda value: value.replace("\n", " ") if isinstance(value, str) and "=" in value else "",
)
def test_wrong_setting_is_an_error_at_its_place(
    load: Load, write: Write, text: str, place: tuple[int, int], message: str, hint: str
) -> None:
    """The error names the key, the file, the line and the column, says what is wrong and what would be right."""
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load()
    error = caught.value
    assert error.message.startswith(f"{path}:{place[0]}:{place[1]}: {message}")
    assert hint in error.hint
    assert (error.path, error.line, error.column) == (path, *place)


def test_place_in_a_pyproject_is_found_too(load: Load, write: Write) -> None:
    """The key is looked for under tool.agentcore alone."""
    write("disable = 1\n[tool.agentcore]\ndisable = []", "pyproject.toml")
    with pytest.raises(ConfigError, match=r"pyproject\.toml:3:1: unknown key 'disable'"):
        load()


def test_all_problems_of_a_file_are_listed(load: Load, write: Write) -> None:
    """One error, with the place and the hint of each, in the order of the file."""
    path = write('disable = ["x"]\nstrict = "yes"\n\n[hooks.agent_start]\ntimeout = "soon"\n')
    with pytest.raises(ConfigError) as caught:
        load()
    first, *problems = str(caught.value).splitlines()
    assert first == f"{path}: 3 problems"
    assert [line.split(" (")[0] for line in problems] == [
        "  1:1: unknown key 'disable'",
        "  2:1: key 'strict': must be true or false",
        "  5:1: key 'hooks.agent_start.timeout': not a duration",
    ]
    assert "(did you mean 'disabled'? Known: " in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"hook_timout": 5}, "unknown argument 'hook_timout'\nhint: did you mean 'hook_timeout'?"),
        ({"hook_timeout": "never"}, "argument 'hook_timeout': not a duration"),
        ({"disabled": "x"}, "argument 'disabled': must be a list"),
    ],
)
def test_wrong_argument_is_an_error_that_names_the_argument(
    load: Load, write: Write, overrides: dict[str, Any], message: str
) -> None:
    """The file has no part in it."""
    write("")
    with pytest.raises(ConfigError) as caught:
        load(overrides=overrides)
    assert str(caught.value).startswith(message)
    assert caught.value.path is None


def test_settings_do_not_show_tables_that_may_hold_secrets(load: Load, write: Write) -> None:
    """Printing the settings prints nobody's tables."""
    write('[plugins.x]\nkey = "hunter2"\n[models.x]\nkey = "hunter2"\n[agents.x]\nkey = "hunter2"')
    settings = load()
    assert settings.plugin_config("x") == {"key": "hunter2"}
    assert "hunter2" not in f"{settings!r} {settings}"


def test_settings_cannot_be_changed(load: Load) -> None:
    """They are frozen."""
    with pytest.raises(ValueError, match="frozen"):
        load().strict = True


def test_error_about_a_setting_has_its_place(load: Load, write: Write) -> None:
    """Who finds a fault later, as a plugin that is not installed, can say where it is written."""
    path = write("\n[plugins.metrcs]\nport = 1\n")
    error = load().error("no plugin named 'metrcs'", "plugins", "metrcs", hint="did you mean 'metrics'?")
    assert str(error) == f"{path}:2:10: no plugin named 'metrcs'\nhint: did you mean 'metrics'?"


def test_error_about_a_missing_key_has_the_place_of_its_table(load: Load, write: Write) -> None:
    """The nearest thing that is written stands in for what is not."""
    write("\n[plugins.metrics]\n")
    error = load().error("no port", "plugins", "metrics", "port")
    assert (error.line, error.column) == (2, 10)


def test_error_without_a_file_has_no_place(load: Load) -> None:
    """Where no file is, nothing is in it."""
    error = load().error("no such model", "model")
    assert (str(error), error.path, error.line) == ("no such model", None, None)


@pytest.mark.parametrize("content", [None, b"model = ", b"\xff"], ids=["gone", "not TOML", "not UTF-8"])
def test_error_about_a_file_that_has_changed_has_no_line(load: Load, write: Write, content: bytes | None) -> None:
    """A file that cannot be read any more does not hide what was to be said."""
    path = write('model = "x"')
    settings = load()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert str(settings.error("no such model", "model")) == f"{path}: no such model"
