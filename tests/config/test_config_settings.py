"""Which source decides."""

import copy
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentcore._config import Decision, Requirement, Settings, load_settings
from agentcore.errors import ConfigError

Load = Callable[..., Settings]
Write = Callable[..., Path]


def test_plugin_is_enabled_by_default(load: Load) -> None:
    """Nobody has said anything."""
    assert load().decision("x") == Decision(True, "autoload is on (the default)")
    assert load().requirement("x") == Requirement(False, "nothing requires it")


def test_decision_says_who_made_it(load: Load, write: Write) -> None:
    """Each source is called by what an operator knows it as."""
    path = write('disabled = ["file-off"]\nenabled = ["file-on"]\nrequired = ["file-must"]\nautoload = false')
    settings = load(
        environ={
            "AGENTCORE_DISABLED_PLUGINS": "env-off",
            "AGENTCORE_PLUGINS": "env-on",
            "AGENTCORE_REQUIRED_PLUGINS": "env-must",
        },
        flags=["no:flag-off", "flag-on"],
        overrides={"disabled": ["code-off"], "enabled": ["code-on"], "required": ["code-must"]},
    )
    assert {name: settings.decision(name) for name in ("file-off", "env-off", "flag-off", "code-off")} == {
        "file-off": Decision(False, f"disabled in {path}"),
        "env-off": Decision(False, "disabled by AGENTCORE_DISABLED_PLUGINS"),
        "flag-off": Decision(False, "disabled by -p no:flag-off"),
        "code-off": Decision(False, "disabled by argument 'disabled'"),
    }
    assert {name: settings.decision(name) for name in ("file-on", "env-on", "flag-on", "code-on")} == {
        "file-on": Decision(True, f"enabled in {path}"),
        "env-on": Decision(True, "enabled by AGENTCORE_PLUGINS"),
        "flag-on": Decision(True, "enabled by -p flag-on"),
        "code-on": Decision(True, "enabled by argument 'enabled'"),
    }
    assert {name: settings.decision(name) for name in ("file-must", "env-must", "code-must")} == {
        "file-must": Decision(True, f"required in {path}"),
        "env-must": Decision(True, "required by AGENTCORE_REQUIRED_PLUGINS"),
        "code-must": Decision(True, "required by argument 'required'"),
    }
    assert settings.decision("other") == Decision(False, f"autoload is off ({path})")


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        ({"environ": {"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": "1"}}, "(AGENTCORE_DISABLE_PLUGIN_AUTOLOAD)"),
        ({"overrides": {"autoload": False}}, "(argument 'autoload')"),
    ],
)
def test_reason_names_what_switched_autoload_off(load: Load, sources: dict[str, Any], reason: str) -> None:
    """Where nothing names the plugin, the switch is the reason."""
    assert load(**sources).decision("x") == Decision(False, f"autoload is off {reason}")


def test_environment_enables_what_the_file_disables(load: Load, write: Write) -> None:
    """The stronger source has the last word on a plugin, and only on that one."""
    write('disabled = ["a", "b"]')
    settings = load(environ={"AGENTCORE_PLUGINS": "a"})
    assert settings.decision("a").enabled
    assert not settings.decision("b").enabled
    assert (settings.enabled, settings.disabled) == (("a",), ("b",))


def test_plugin_that_a_stronger_source_disables_is_not_required(load: Load, write: Write) -> None:
    """Who disables it on the command line wants to run without it."""
    write('required = ["guard"]\nstrict = true')
    settings = load(flags=["no:guard"])
    assert settings.required == ()
    assert settings.requirement("guard", guards=True) == Requirement(False, "disabled by -p no:guard")


def test_plugin_that_is_required_is_enabled(load: Load, write: Write) -> None:
    """Requiring overrides a weaker source that disables, and autoload that is off."""
    write('disabled = ["guard"]\nautoload = false')
    settings = load(environ={"AGENTCORE_REQUIRED_PLUGINS": "guard"})
    assert settings.required == settings.enabled == ("guard",)
    assert settings.disabled == ()


def test_plugin_that_is_enabled_again_is_required_as_before(load: Load, write: Write) -> None:
    """Enabling says nothing of whether it is required."""
    path = write('required = ["guard"]')
    settings = load(environ={"AGENTCORE_DISABLED_PLUGINS": "guard"}, flags=["guard"])
    assert settings.requirement("guard") == Requirement(True, f"required in {path}")


@pytest.mark.parametrize(
    ("text", "guards", "requirement"),
    [
        ("", True, Requirement(True, "it implements value hooks")),
        ("", False, Requirement(False, "nothing requires it")),
        ("strict = true", False, Requirement(True, "strict is on ({path})")),
        ("strict = true\noptional = ['x']", False, Requirement(False, "optional in {path}")),
        ("optional = ['x']", True, Requirement(False, "optional in {path}")),
        ("required = ['x']", False, Requirement(True, "required in {path}")),
        ("disabled = ['x']", True, Requirement(False, "disabled in {path}")),
        ("autoload = false\nstrict = true", True, Requirement(False, "autoload is off ({path})")),
    ],
    ids=lambda value: value.replace("\n", " ") if isinstance(value, str) else None,
)
def test_requirement_follows_name_then_strict_then_role(
    load: Load, write: Write, text: str, guards: bool, requirement: Requirement
) -> None:
    """What is said of the plugin by name comes first, strict next, and then whether it guards anything."""
    path = write(text)
    expected = Requirement(requirement.required, requirement.reason.format(path=path))
    assert load().requirement("x", guards=guards) == expected


def test_optional_and_required_follow_the_stronger_source(load: Load, write: Write) -> None:
    """Either may be overridden by the other."""
    write('required = ["a"]\noptional = ["b"]')
    settings = load(environ={"AGENTCORE_OPTIONAL_PLUGINS": "a", "AGENTCORE_REQUIRED_PLUGINS": "b"})
    assert settings.required == ("b",)
    assert not settings.requirement("a").required


@pytest.mark.parametrize("flag", ["", " ", "no:", "no: "])
def test_flag_without_a_name_is_an_error(load: Load, flag: str) -> None:
    """The error shows both forms of the flag."""
    with pytest.raises(ConfigError, match=r"-p without a plugin's name\nhint: write -p NAME .* -p no:NAME"):
        load(flags=[flag])


@pytest.mark.parametrize("flag", ["no:no:x", " x"])
def test_flag_with_a_name_that_no_plugin_has_is_an_error(load: Load, flag: str) -> None:
    """The error names the flag."""
    with pytest.raises(ConfigError, match=r"^flag -p: "):
        load(flags=[flag])


def test_argument_of_none_says_nothing(load: Load, write: Write) -> None:
    """A caller may pass on what it was not given."""
    write('model = "m"')
    assert load(overrides={"model": None, "disabled": None}).model == "m"


def test_state_folder_is_relative_to_whoever_names_it(load: Load, write: Write, project: Path) -> None:
    """The file's is beside the file; the environment's and the code's are in the current folder."""
    write('state_dir = "s"')
    inner = project / "inner"
    inner.mkdir()
    assert load(start=inner).state_dir == project / "s"
    assert load(start=inner, environ={"AGENTCORE_STATE_DIR": "e"}).state_dir == inner / "e"
    assert load(start=inner, overrides={"state_dir": Path("c")}).state_dir == inner / "c"
    assert load(start=inner, overrides={"state_dir": project / "abs"}).state_dir == project / "abs"


def test_usual_state_folder_is_beside_the_file(load: Load, write: Write, project: Path) -> None:
    """However deep the program starts."""
    write("")
    (project / "a/b").mkdir(parents=True)
    assert load(start=project / "a/b").state_dir == project / ".agentcore"


def test_state_folder_may_be_in_the_home_folder(load: Load, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A "~" is expanded, and an error where it leads nowhere."""
    monkeypatch.setenv("HOME", str(project))
    assert load(environ={"AGENTCORE_STATE_DIR": "~/s"}).state_dir == project / "s"
    with pytest.raises(ConfigError, match="AGENTCORE_STATE_DIR"):
        load(environ={"AGENTCORE_STATE_DIR": "~nobody-of-that-name/s"})


def test_tables_are_merged_key_by_key(load: Load, write: Write) -> None:
    """The code overrides single keys of the file's tables; lists are replaced whole."""
    write("""
        [plugins.x]
        a = 1
        b = {c = 2, d = [3]}
        [plugins.y]
        a = 1
        [hooks.agent_start]
        order = ["p"]
        timeout = 5
        [delivery.p]
        timeout = 5
    """)
    changes = {
        "plugins": {"x": {"b": {"d": [4]}}, "z": {}},
        "hooks": {"agent_start": {"timeout": 6}, "agent_error": {"timeout": 7}},
    }
    settings = load(overrides=changes)
    assert settings.plugins == {"x": {"a": 1, "b": {"c": 2, "d": [4]}}, "y": {"a": 1}, "z": {}}
    assert settings.order_for("agent_start") == ("p",)
    assert settings.timeout_for("agent_start", "q") == 6.0
    assert settings.timeout_for("agent_error", "q") == 7.0
    assert settings.timeout_for("agent_error", "p") == 5.0
    assert changes["plugins"] == {"x": {"b": {"d": [4]}}, "z": {}}


def test_middleware_of_the_stronger_source_replaces_the_weaker_ones(load: Load, write: Write) -> None:
    """An order cannot be merged."""
    write('middleware = ["a:b"]')
    assert load(overrides={"middleware": ["c:d"]}).middleware == ("c:d",)
    assert load(overrides={"middleware": []}).middleware == ()


def test_settings_without_any_source_are_the_defaults(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be made by hand is what loading finds where there is nothing."""
    monkeypatch.chdir(project)
    assert Settings() == load_settings(environ={})


def test_settings_survive_copying_and_pickling(load: Load, write: Write) -> None:
    """They can be sent to another process, reasons and all."""
    write('disabled = ["a"]\n[plugins.a]\nb = 1')
    settings = load()
    for again in (pickle.loads(pickle.dumps(settings)), copy.deepcopy(settings)):
        assert again == settings
        assert again.decision("a") == settings.decision("a")


names = st.sampled_from(["a", "b", "c"])
lists = st.lists(names, max_size=3)
sources = st.fixed_dictionaries({"enabled": lists, "disabled": lists})
STRONGEST_FIRST = ("code", "flags", "environment", "file")


def quoted(plugins: Sequence[str]) -> str:
    """Return *plugins* as a TOML list."""
    return f"[{', '.join(map(repr, plugins))}]"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(said=st.fixed_dictionaries(dict.fromkeys(STRONGEST_FIRST, sources)), autoload=st.booleans(), name=names)
def test_strongest_source_that_names_a_plugin_decides(
    project: Path, said: dict[str, dict[str, list[str]]], autoload: bool, name: str
) -> None:
    """Whatever the sources say, the strongest that names the plugin wins; within one, disabling does."""
    file, environment = said["file"], said["environment"]
    (project / "agentcore.toml").write_text(
        f"autoload = {str(autoload).lower()}\n"
        f"enabled = {quoted(file['enabled'])}\ndisabled = {quoted(file['disabled'])}"
    )
    loaded = load_settings(
        start=project,
        environ={
            "AGENTCORE_PLUGINS": ",".join(environment["enabled"]),
            "AGENTCORE_DISABLED_PLUGINS": ",".join(environment["disabled"]),
        },
        flags=[*said["flags"]["enabled"], *(f"no:{plugin}" for plugin in said["flags"]["disabled"])],
        overrides=said["code"],
    )
    naming = (source for source in STRONGEST_FIRST if name in said[source]["enabled"] + said[source]["disabled"])
    strongest = next(naming, None)
    expected = autoload if strongest is None else name not in said[strongest]["disabled"]
    assert loaded.decision(name).enabled is expected
    assert (name in loaded.enabled) is (strongest is not None and expected)
    assert (name in loaded.disabled) is (strongest is not None and not expected)


singles = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["m1", "m2"]),
        "strict": st.booleans(),
        "autoload": st.booleans(),
        "hook_timeout": st.integers(1, 9),
    },
)


def as_toml(values: dict[str, Any]) -> str:
    """Return *values* as the lines of a file."""
    return "\n".join(
        f"{key} = {str(each).lower() if not isinstance(each, str) else repr(each)}" for key, each in values.items()
    )


def as_environment(values: dict[str, Any]) -> dict[str, str]:
    """Return *values* as variables."""
    names = {"model": "MODEL", "strict": "STRICT", "hook_timeout": "HOOK_TIMEOUT"}
    found = {f"AGENTCORE_{names[key]}": str(each) for key, each in values.items() if key in names}
    if "autoload" in values:
        found["AGENTCORE_DISABLE_PLUGIN_AUTOLOAD"] = str(not values["autoload"])
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(file=singles, environment=singles, code=singles)
def test_strongest_source_that_makes_a_setting_decides(
    project: Path, file: dict[str, Any], environment: dict[str, Any], code: dict[str, Any]
) -> None:
    """Code over environment over file over defaults, setting by setting."""
    path = project / "agentcore.toml"
    path.write_text(as_toml(file))
    loaded = load_settings(start=project, environ=as_environment(environment), overrides=code)
    defaults = {"model": None, "strict": False, "autoload": True, "hook_timeout": 30.0}
    expected = {**defaults, **file, **environment, **code}
    assert {key: getattr(loaded, key) for key in defaults} == expected
    for key in defaults:
        origin = loaded.origin(key)
        assert origin.startswith("argument") is (key in code)
        assert origin.startswith("AGENTCORE_") is (key in environment and key not in code)
        assert (origin == str(path)) is (key in file and key not in environment and key not in code)
