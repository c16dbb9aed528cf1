"""The environment variables AGENTCORE_*."""

import math
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from agentcore._config import KNOWN_VARIABLES, ConfigWarning, Settings, load_settings
from agentcore.errors import ConfigError

Load = Callable[..., Settings]
Write = Callable[..., Path]

ON = ["1", "true", "yes", "on", "TRUE", "On", " 1 "]
OFF = ["0", "false", "no", "off", "False", "OFF", "", "  "]


@pytest.mark.parametrize("value", ON)
def test_autoload_is_switched_off_by_a_yes(load: Load, value: str) -> None:
    """The variable says "disable": every way to say yes does."""
    assert not load(environ={"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": value}).autoload


@pytest.mark.parametrize("value", OFF)
def test_autoload_stays_on_by_a_no(load: Load, value: str) -> None:
    """A zero is a no, and so is an empty variable."""
    assert load(environ={"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": value}).autoload


@pytest.mark.parametrize("value", ["0", "false", "no", "off"])
def test_no_in_the_environment_overrides_the_file(load: Load, write: Write, value: str) -> None:
    """A no is an answer."""
    write("autoload = false\nstrict = true")
    settings = load(environ={"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": value, "AGENTCORE_STRICT": value})
    assert settings.autoload
    assert not settings.strict


def test_empty_variables_leave_the_file_as_it_is(load: Load, write: Write) -> None:
    """An empty variable is no answer, for whatever setting."""
    write('autoload = false\nstrict = true\nmodel = "m"\nstate_dir = "s"\nhook_timeout = 5\ndisabled = ["x"]')
    assert load(environ=dict.fromkeys(KNOWN_VARIABLES, " ")) == load()


@pytest.mark.parametrize("name", ["AGENTCORE_DISABLE_PLUGIN_AUTOLOAD", "AGENTCORE_STRICT"])
@pytest.mark.parametrize("value", ["2", "maybe", "nope", "y", "none", "-1"])
def test_anything_else_is_neither_yes_nor_no(load: Load, name: str, value: str) -> None:
    """A switch that is not understood is an error that names the variable."""
    with pytest.raises(ConfigError, match=f"^{name}: must be true or false$"):
        load(environ={name: value})


def test_plugins_are_named_between_commas(load: Load) -> None:
    """Blanks and empty names between the commas are passed over."""
    settings = load(
        environ={
            "AGENTCORE_PLUGINS": " a, package.module ,,a,",
            "AGENTCORE_DISABLED_PLUGINS": "b,c",
            "AGENTCORE_REQUIRED_PLUGINS": "d",
            "AGENTCORE_OPTIONAL_PLUGINS": ",",
        }
    )
    assert settings.enabled == ("a", "package.module", "d")
    assert settings.disabled == ("b", "c")
    assert settings.required == ("d",)


def test_single_settings_come_from_variables(load: Load, write: Write) -> None:
    """Each of them overrides the file's."""
    write('model = "m"\nhook_timeout = 5\nstrict = false')
    settings = load(
        environ={"AGENTCORE_MODEL": "local", "AGENTCORE_HOOK_TIMEOUT": "off", "AGENTCORE_STRICT": "1"},
    )
    assert (settings.model, settings.hook_timeout, settings.strict) == ("local", math.inf, True)
    assert settings.origin("model") == "AGENTCORE_MODEL"


def test_all_wrong_variables_are_listed(load: Load) -> None:
    """One error for all of them."""
    with pytest.raises(ConfigError) as caught:
        load(
            environ={
                "AGENTCORE_STRICT": "maybe",
                "AGENTCORE_HOOK_TIMEOUT": "soon",
                "AGENTCORE_DISABLED_PLUGINS": "guard",
                "AGENTCORE_REQUIRED_PLUGINS": "guard",
            }
        )
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 problems"
    assert {line.split(":")[0].strip() for line in lines[1:]} == {
        "AGENTCORE_STRICT",
        "AGENTCORE_HOOK_TIMEOUT",
        "AGENTCORE_REQUIRED_PLUGINS",
    }


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("AGENTCORE_PLUGIN", "AGENTCORE_PLUGINS"),
        ("AGENTCORE_DISABLE_PLUGINS", "AGENTCORE_DISABLED_PLUGINS"),
        ("AGENTCORE_DISABLED_PLUGIN", "AGENTCORE_DISABLED_PLUGINS"),
        ("AGENTCORE_DISABLE_AUTOLOAD", "AGENTCORE_DISABLE_PLUGIN_AUTOLOAD"),
        ("AGENTCORE_STATEDIR", "AGENTCORE_STATE_DIR"),
        ("AGENTCORE_MODELS", "AGENTCORE_MODEL"),
        ("AGENTCORE_CONFG", "AGENTCORE_CONFIG"),
        ("AGENTCORE_REQUIRED_PLUGIN", "AGENTCORE_REQUIRED_PLUGINS"),
    ],
)
def test_variable_that_looks_misspelt_is_warned_of(load: Load, name: str, near: str) -> None:
    """The warning names both, points to the caller, and does not show the value."""
    with pytest.warns(ConfigWarning, match=f"{name}.*\n.*{near}'") as caught:
        load(environ={name: "hunter2"})
    assert len(caught) == 1
    assert "hunter2" not in str(caught[0].message)
    assert issubclass(ConfigWarning, UserWarning)


@pytest.mark.parametrize(
    "name",
    [
        *(
            *sorted(KNOWN_VARIABLES - {"AGENTCORE_CONFIG"}),
            "AGENTCORE_MODEL_KEY",
            "AGENTCORE_VECTORSTORE_URL",
            "PLUGINS",
        ),
        *(
            "XAGENTCORE_PLUGIN",
            "AGENTCORE_",
        ),
    ],
)
def test_other_variables_are_nobodys_business(load: Load, name: str) -> None:
    """Neither known variables nor those of plugins and other programs are warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(environ={name: "1"})


def test_warning_points_to_the_caller(project: Path) -> None:
    """The line in the warning is that of whoever loads the settings."""
    with pytest.warns(ConfigWarning) as caught:
        load_settings(start=project, environ={"AGENTCORE_PLUGIN": "x"})
    assert caught[0].filename == __file__
