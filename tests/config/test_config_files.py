"""Finding and reading the configuration file."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentcore._config import Settings, load_settings
from agentcore._config.files import position_in
from agentcore.errors import ConfigError

Load = Callable[..., Settings]
Write = Callable[..., Path]


def test_without_a_file_the_defaults_hold(load: Load, project: Path) -> None:
    """No configuration at all is fine: everything is loaded, and state goes to the current folder."""
    settings = load()
    assert settings.config_path is None
    assert settings.autoload
    assert settings.state_dir == project / ".agentcore"
    assert settings.hook_timeout == 30.0


def test_own_file_is_found(load: Load, write: Write) -> None:
    """agentcore.toml holds its settings at the top level."""
    path = write('model = "tiny"')
    settings = load()
    assert (settings.config_path, settings.model) == (path, "tiny")


def test_table_in_pyproject_is_found(load: Load, write: Write) -> None:
    """[tool.agentcore] in pyproject.toml does as well."""
    path = write('[project]\nname = "x"\n[tool.agentcore]\nmodel = "tiny"', "pyproject.toml")
    settings = load()
    assert (settings.config_path, settings.model) == (path, "tiny")


def test_nearest_file_wins_over_those_above(load: Load, write: Write, project: Path) -> None:
    """The search goes upwards and ends at the first file, whichever of the two it is."""
    write('model = "far"')
    near = write('[tool.agentcore]\nmodel = "near"', "a/pyproject.toml")
    (project / "a/b/c").mkdir(parents=True)
    settings = load(start=project / "a/b/c")
    assert (settings.config_path, settings.model) == (near, "near")


def test_search_follows_the_folder_and_not_its_spelling(load: Load, write: Write, project: Path) -> None:
    """A start with ".." in it is where it leads to."""
    write('model = "wrong"', "a/agentcore.toml")
    path = write('model = "right"', "b/agentcore.toml")
    assert load(start=project / "a" / ".." / "b").config_path == path


@pytest.mark.parametrize("start", ["a", "."])
def test_pyproject_without_the_table_is_passed_over(load: Load, write: Write, project: Path, start: str) -> None:
    """Another tool's pyproject.toml, broken or not UTF-8 too, neither ends the search nor hides agentcore.toml."""
    path = write('model = "far"')
    (project / "a").mkdir()
    (project / start / "pyproject.toml").write_bytes(b'[project]\nname = \xff"broken')
    assert load(start=project / "a").config_path == path


@pytest.mark.parametrize("text", ['[project]\ndependencies = ["agentcore-framework"]', 'tool = "agentcore"'])
def test_pyproject_that_only_mentions_agentcore_is_passed_over(load: Load, write: Write, text: str) -> None:
    """A dependency is no configuration."""
    write(text, "pyproject.toml")
    assert load().config_path is None


def test_two_configurations_in_one_folder_are_an_error_that_names_both(load: Load, write: Write) -> None:
    """One of them would be ignored, with whatever it disables or requires."""
    own, shared = write(""), write("[tool.agentcore]", "pyproject.toml")
    with pytest.raises(ConfigError, match="two configurations") as caught:
        load()
    assert str(own) in str(caught.value)
    assert str(shared) in str(caught.value)
    assert load(environ={"AGENTCORE_CONFIG": str(shared)}).config_path == shared


def test_variable_names_the_file(load: Load, write: Write) -> None:
    """AGENTCORE_CONFIG beats what the search would find; a relative path starts at the current folder."""
    write('model = "found"')
    path = write('model = "named"', "conf/other.toml")
    for name in (str(path), "conf/other.toml"):
        settings = load(environ={"AGENTCORE_CONFIG": name})
        assert (settings.config_path, settings.model) == (path, "named")
        assert settings.state_dir == path.parent / ".agentcore"


def test_empty_variable_names_no_file(load: Load, write: Write) -> None:
    """An empty AGENTCORE_CONFIG is as good as none."""
    path = write("")
    assert load(environ={"AGENTCORE_CONFIG": " "}).config_path == path


def test_variable_may_name_a_pyproject(load: Load, write: Write) -> None:
    """A pyproject.toml keeps its form wherever it is."""
    path = write('[tool.agentcore]\nmodel = "named"', "other/pyproject.toml")
    assert load(environ={"AGENTCORE_CONFIG": str(path)}).model == "named"


@pytest.mark.parametrize("text", ["", "# agentcore\n[tool.other]"])
def test_named_pyproject_must_have_the_table(load: Load, write: Write, text: str) -> None:
    """Who names a file wants it used."""
    path = write(text, "other/pyproject.toml")
    with pytest.raises(ConfigError, match="AGENTCORE_CONFIG names a file without") as caught:
        load(environ={"AGENTCORE_CONFIG": str(path)})
    assert caught.value.path == path


@pytest.mark.parametrize("name", ["missing.toml", "file/missing.toml"])
def test_named_file_must_exist(load: Load, write: Write, name: str) -> None:
    """A missing file is an error that names the variable and the file."""
    write("", "file")
    with pytest.raises(ConfigError, match=r"AGENTCORE_CONFIG names a file that does not exist.*missing\.toml"):
        load(environ={"AGENTCORE_CONFIG": name})


def test_named_file_in_a_home_that_is_not_known_is_an_error(load: Load) -> None:
    """A "~" that leads nowhere is said to."""
    with pytest.raises(ConfigError, match="AGENTCORE_CONFIG"):
        load(environ={"AGENTCORE_CONFIG": "~nobody-of-that-name/agentcore.toml"})


def test_named_file_in_the_home_folder_is_found(load: Load, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A "~" that no shell has expanded is expanded."""
    path = write("", "home/mine.toml")
    monkeypatch.setenv("HOME", str(path.parent))
    assert load(environ={"AGENTCORE_CONFIG": "~/mine.toml"}).config_path == path


def test_pipe_serves_as_a_file_but_has_no_folder(load: Load, project: Path) -> None:
    """What a shell hands over as <(command) is read, and state stays out of its folder."""
    pipe = project / "devices" / "pipe"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=('model = "piped"',), daemon=True)
    writer.start()
    settings = load(environ={"AGENTCORE_CONFIG": str(pipe)})
    writer.join()
    assert settings.model == "piped"
    assert settings.state_dir == project / ".agentcore"


@pytest.mark.parametrize(
    ("text", "line", "column", "fault"),
    [
        ("model = local", 1, 9, "Invalid value"),
        ('model = "a"\n\nstrict = yes\n', 3, 10, "Invalid value"),
        ("# ä\r\nmodel ? 1", 2, 7, "Expected '='"),
        ("enabled = [\n  1,", 2, 5, "Unclosed array|Invalid value"),
        ("enabled = [\n", 2, 1, "Unclosed array|Invalid value"),
        ('model = "a', 1, 11, "Unterminated string"),
        ("a = 1\na = 2\n", 2, 6, "Cannot overwrite"),
    ],
    ids=[
        "unquoted",
        "third line",
        "line end of Windows",
        "end in a list",
        "end after a line",
        "end in a text",
        "twice",
    ],
)
def test_malformed_toml_is_an_error_with_line_and_column(
    load: Load, write: Write, text: str, line: int, column: int, fault: str
) -> None:
    """The error has the file, and the place both as numbers and in its text; at the end of the file too."""
    path = write("")
    path.write_bytes(text.encode())
    with pytest.raises(ConfigError, match=fault) as caught:
        load()
    error = caught.value
    assert (error.path, error.line, error.column) == (path, line, column)
    assert str(error).startswith(f"{path}:{line}:{column}: not TOML: ")
    assert error.__cause__ is not None


def test_place_is_taken_from_the_error_where_it_has_one() -> None:
    """Newer Pythons say the place in attributes, and word the message as before."""
    error = ValueError("Invalid value (at end of document)")
    vars(error).update(lineno=3, colno=7)
    assert position_in(error, "irrelevant") == ("Invalid value", (3, 7))


def test_malformed_pyproject_with_the_table_is_an_error(load: Load, write: Write) -> None:
    """A broken file that configures agentcore is not passed over: it may hold what must not be lost."""
    write("[tool.agentcore]\nrequired = [guard]", "pyproject.toml")
    with pytest.raises(ConfigError, match=r"pyproject\.toml:2:13: not TOML"):
        load()


def test_text_that_is_not_utf8_is_an_error_with_its_place(load: Load, project: Path) -> None:
    """The place is that of the first wrong byte; the file's content travels with no part of the error."""
    (project / "agentcore.toml").write_bytes('token = "hunter2"\nmodel = "é'.encode() + b'\xff"')
    with pytest.raises(ConfigError, match=r"agentcore\.toml:2:11: not UTF-8") as caught:
        load()
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_file_of_another_unicode_encoding_is_an_error(load: Load, project: Path, encoding: str) -> None:
    """An editor's wrong choice is named."""
    (project / "agentcore.toml").write_text('model = "x"', encoding=encoding)
    with pytest.raises(ConfigError, match=r"UTF-8|not TOML"):
        load()


def test_byte_order_mark_is_passed_over(load: Load, project: Path) -> None:
    """Some editors write one."""
    (project / "agentcore.toml").write_text('model = "x"', encoding="utf-8-sig")
    assert load().model == "x"


def test_folder_in_the_place_of_the_file_is_an_error(load: Load, project: Path) -> None:
    """A folder of that name is no configuration."""
    (project / "agentcore.toml").mkdir()
    with pytest.raises(ConfigError, match="this is a folder"):
        load()


def test_file_that_cannot_be_read_is_an_error_with_the_reason(load: Load, project: Path) -> None:
    """The operating system's reason is passed on, and the cause kept."""
    (project / "agentcore.toml").symlink_to("agentcore.toml")
    with pytest.raises(ConfigError, match=r"agentcore\.toml: the configuration cannot be read: .") as caught:
        load()
    assert isinstance(caught.value.__cause__, OSError)


def test_name_that_is_no_path_is_an_error(load: Load) -> None:
    """A NUL cannot be in a path."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load(environ={"AGENTCORE_CONFIG": "a\0b"})


@pytest.mark.parametrize(
    ("text", "fault"),
    [("a = " + "[" * 100_000, "nested too deeply|not TOML"), ("a = " + "9" * 10_000, "not TOML")],
    ids=["deep", "long number"],
)
def test_toml_that_python_gives_up_on_is_an_error(load: Load, write: Write, text: str, fault: str) -> None:
    """Python's own limits do not come through as other errors."""
    write(text)
    with pytest.raises(ConfigError, match=fault):
        load()


def test_tool_agentcore_must_be_a_table(load: Load, write: Write) -> None:
    """A value where the table belongs is an error."""
    write("[tool]\n\nagentcore = 5", "pyproject.toml")
    with pytest.raises(ConfigError, match=r"pyproject\.toml:3:1: \[tool\.agentcore\] must be a table"):
        load()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary() | st.text().map(str.encode) | st.text("[]{}=.\"'#\nabel1 ").map(str.encode))
def test_any_content_is_either_settings_or_a_config_error(project: Path, content: bytes) -> None:
    """No file whatever makes loading fail in another way."""
    (project / "agentcore.toml").write_bytes(content)
    fault = None
    try:
        load_settings(start=project, environ={})
    except ConfigError as error:
        fault = error
    assert fault is None or fault.path == project / "agentcore.toml"


def test_current_folder_that_is_gone_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program whose folder was removed under it is told."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(ConfigError, match="current folder"):
        load_settings(environ={})
    monkeypatch.chdir(tmp_path)


def test_search_starts_at_the_current_folder(write: Write, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a start, and with the process's own environment."""
    path = write('model = "file"')
    monkeypatch.chdir(project)
    monkeypatch.setenv("AGENTCORE_MODEL", "environment")
    monkeypatch.delenv("AGENTCORE_CONFIG", raising=False)
    settings = load_settings()
    assert (settings.config_path, settings.model) == (path, "environment")
