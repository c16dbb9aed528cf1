"""``agentcore new-plugin``."""

from __future__ import annotations

import getpass
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from agentcore._cli import plugin_names, rendering
from agentcore.testing import FakeEntryPoints

Run = Callable[..., str]

FILES = [
    ".github/workflows/ci.yml",
    ".gitignore",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "src/agentcore_error_webhook/__init__.py",
    "src/agentcore_error_webhook/py.typed",
    "tests/test_plugin.py",
    "tox.ini",
]


def written(folder: Path) -> list[str]:
    """The files in *folder* and below."""
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


def project_table(folder: Path) -> dict[str, Any]:
    """What the package says of itself."""
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package as it is written, with the longest name that there can be; it is installed into ``site`` beside it."""
    folder = tmp_path_factory.mktemp("written")
    name = "w" * plugin_names._LONGEST
    arguments = (name, "--directory", "package", "--description", 'It\'s "quoted" \\ $x €', "--author", 'A "B" \\ é')
    subprocess.run([sys.executable, "-m", "agentcore", "new-plugin", *arguments], cwd=folder, check=True, timeout=120)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", "site", "./package"], cwd=folder, check=True, timeout=120)
    return folder / "package"


@pytest.fixture
def tool(package: Path) -> Run:
    """Runs a tool in the package, as its own tox does, and shows what it said where it failed."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=package,
            env={**os.environ, "PYTHONPATH": str(package.parent / "site"), "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_its_tests_pass(tool: Run) -> None:
    """All of them, without a warning, and with nothing but what the framework and pytest bring."""
    said = tool("pytest", "-W", "error", "-p", "no:asyncio", "-p", "no:cacheprovider")
    assert re.search(r"^=+ \d+ passed", said, re.MULTILINE), said


def test_its_style_is_clean(tool: Run) -> None:
    """By the rules that it brings; lines are not too long however long the name is."""
    tool("ruff", "check", "--no-cache")
    tool("ruff", "format", "--check", "--no-cache")


def test_mypy_is_content(tool: Run) -> None:
    """In strict mode, as it is configured there."""
    tool("mypy")


@pytest.mark.skipif(find_spec("pyright") is None, reason="pyright is not installed")
def test_pyright_is_content(tool: Run) -> None:
    """In strict mode, as it is configured there."""
    tool("pyright", "--pythonpath", sys.executable)


def test_texts_are_written_as_they_were_given(package: Path) -> None:
    """Quotes, backslashes and letters that are not ASCII arrive."""
    table = project_table(package)
    assert table["description"] == 'It\'s "quoted" \\ $x €'
    assert table["authors"] == [{"name": 'A "B" \\ é'}]
    assert 'A "B" \\ é' in (package / "LICENSE").read_text(encoding="utf-8")
    assert 'It\'s "quoted" \\ $x €' in (package / "README.md").read_text(encoding="utf-8")


def test_nothing_is_left_to_fill_in(invoke: Any, project: Path) -> None:
    """No placeholder is left, and every file ends with one line end."""
    assert invoke("new-plugin", "mine").exit_code == 0
    folder = project / "agentcore-mine"
    for name in written(folder):
        text = (folder / name).read_text(encoding="utf-8")
        assert re.search(r"\$(?!\{\{)", text) is None, name
        assert text == text.rstrip("\n") + "\n" * bool(text), name


def test_it_says_what_it_wrote_and_what_comes_next(invoke: Any, project: Path) -> None:
    """The tree of files is the result; the next commands are said beside it."""
    result = invoke("new-plugin", "error-webhook")
    assert result.exit_code == 0
    assert written(project / "agentcore-error-webhook") == FILES
    drawn = [line.strip() for line in result.stdout.splitlines()]
    assert drawn[0] == f"agentcore-error-webhook{os.sep}"
    assert [each for each in drawn if not each.endswith(("/", os.sep))] == [Path(each).name for each in FILES]
    assert "  python -m pytest agentcore-error-webhook\n" in result.stderr


@pytest.mark.parametrize(
    "name",
    ["error-webhook", "Error_Webhook", "error.webhook", " error  webhook ", "agentcore-error-webhook", "ERROR-WEBHOOK"],
)
def test_names_are_written_in_one_way(invoke: Any, project: Path, name: str) -> None:
    """Dashes, dots, underlines, spaces and capitals make no other name, nor does the prefix."""
    assert invoke("new-plugin", name).exit_code == 0
    folder = project / "agentcore-error-webhook"
    assert written(folder) == FILES
    table = project_table(folder)
    assert table["name"] == "agentcore-error-webhook"
    assert table["entry-points"] == {"agentcore": {"error-webhook": "agentcore_error_webhook:Plugin"}}


@pytest.mark.parametrize("name", ["class", "import", "none", "json", "x"])
def test_words_of_python_are_names_like_others(invoke: Any, project: Path, name: str) -> None:
    """The prefix keeps the package from them."""
    assert invoke("new-plugin", name).exit_code == 0
    assert (project / f"agentcore-{name}" / "src" / f"agentcore_{name}" / "__init__.py").is_file()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "'' cannot be the name of a plugin"),
        ("9lives", "'9lives' cannot be the name of a plugin"),
        ("../x", "'../x' cannot be the name of a plugin"),
        ("a/b", "'a/b' cannot be the name of a plugin"),
        ("-", "'-' cannot be the name of a plugin"),
        ("café", "'café' cannot be the name of a plugin"),
        ("w" * 51, "is longer than 50 characters"),
        ("agentcore", "'agentcore' is the framework's own name"),
        ("agent_input", "'agent-input' is a hook's name"),
        ("framework", "a distribution 'agentcore-framework' is installed"),
        ("Framework", "a distribution 'agentcore-framework' is installed"),
    ],
)
def test_a_name_that_cannot_be_taken(invoke: Any, project: Path, name: str, said: str) -> None:
    """The error says which, why, and what to do, and nothing is written."""
    before = sorted(project.iterdir())
    result = invoke("new-plugin", "--", name)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert said in result.stderr
    assert "\nhint: take " in result.stderr
    assert sorted(project.iterdir()) == before


@pytest.mark.parametrize("taken", ["rate-limit", "rate_limit", "Rate.Limit"])
def test_a_name_that_a_plugin_has(invoke: Any, project: Path, fake_entry_points: FakeEntryPoints, taken: str) -> None:
    """Whatever way it is written in."""
    fake_entry_points.add(taken, "somebody:plugin")
    result = invoke("new-plugin", "rate-limit")
    assert result.exit_code == 2
    assert f"error: a plugin {taken!r} is installed" in result.stderr
    assert not (project / "agentcore-rate-limit").exists()


def test_a_name_that_a_module_has(invoke: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not installed, too, would be hidden, or hide the new one."""
    (project / "agentcore_mine.py").touch()
    monkeypatch.syspath_prepend(project)
    result = invoke("new-plugin", "mine")
    assert result.exit_code == 2
    assert "a package 'agentcore_mine' can be imported already" in result.stderr


@pytest.mark.parametrize("option", ["--description", "--author"])
@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x1b[0m"], ids=["empty", "blank", "two-lines", "escape"])
def test_a_text_that_is_not_one_line(invoke: Any, project: Path, option: str, text: str) -> None:
    """It is refused by the option's name."""
    result = invoke("new-plugin", "mine", option, text)
    assert result.exit_code == 2
    assert f"error: {option} takes one line of text, and not {text!r}" in result.stderr
    assert not (project / "agentcore-mine").exists()


def test_nothing_is_overwritten(invoke: Any, project: Path) -> None:
    """A folder that holds something is left alone, and so is a file."""
    folder = project / "agentcore-mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    result = invoke("new-plugin", "mine")
    assert (result.exit_code, written(folder)) == (2, ["notes.txt"])
    assert "error: 'agentcore-mine' is not empty\nhint: remove it, or name another folder by --directory." in (
        result.stderr
    )
    result = invoke("new-plugin", "mine", "--directory", "crew.py")
    assert result.exit_code == 2
    assert "error: 'crew.py' is no folder" in result.stderr


@pytest.mark.parametrize("folder", ["new/and/deep", "empty", "."])
def test_it_is_written_where_the_user_wants_it(
    invoke: Any, project: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Into a new folder, an empty one, or an empty one that the user is in."""
    (project / "empty").mkdir()
    if folder == ".":
        monkeypatch.chdir(project / "empty")
    assert invoke("new-plugin", "error-webhook", "--directory", folder).exit_code == 0
    assert written(Path(folder)) == FILES


def test_a_repository_without_a_commit_is_empty(invoke: Any, project: Path) -> None:
    """As one that was made on a server and cloned."""
    subprocess.run(["git", "init", "--quiet", "cloned"], cwd=project, check=True)
    assert invoke("new-plugin", "error-webhook", "--directory", "cloned").exit_code == 0
    assert set(FILES) < set(written(project / "cloned"))


@pytest.mark.parametrize("there", [True, False], ids=["empty-folder", "new-folder"])
def test_nothing_is_left_where_writing_fails(
    invoke: Any, project: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """A disk that is full after some files leaves what was there, and the error says which folder and why."""
    if there:
        (project / "mine").mkdir()
    write = Path.write_text

    def full(path: Path, text: str, **options: Any) -> int:
        if path.name == "tox.ini":
            write(path, text[:10], **options)
            raise OSError(28, "No space left on device", str(path))
        return write(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    result = invoke("new-plugin", "mine", "--directory", "mine")
    assert result.exit_code == 2
    assert "error: the package cannot be written to 'mine': No space left on device\nhint: name another folder" in (
        result.stderr
    )
    assert (project / "mine").exists() is there
    assert not there or not list((project / "mine").iterdir())


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(invoke: Any, project: Path) -> None:
    """The error says so."""
    project.chmod(0o500)
    try:
        result = invoke("new-plugin", "mine")
    finally:
        project.chmod(0o700)
    assert result.exit_code == 2
    assert "error: the package cannot be written to 'agentcore-mine': Permission denied" in result.stderr


@pytest.mark.parametrize("license", rendering.LICENSES)
def test_licences(invoke: Any, project: Path, license: str) -> None:
    """The text of the one that was chosen is there; where there is none, the metadata says that there is none."""
    assert invoke("new-plugin", "mine", "--license", license).exit_code == 0
    folder = project / "agentcore-mine"
    table = project_table(folder)
    if license == "none":
        assert table["license"] == "LicenseRef-Proprietary"
        assert not (folder / "LICENSE").exists()
    else:
        assert table["license"] == license
        assert f"{license.partition('-')[0]} License" in (folder / "LICENSE").read_text(encoding="utf-8")


def test_the_author_is_whom_git_names(invoke: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the user of the machine."""
    config = project / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    config.write_text("[user]\nname = Ada Lovelace\n")
    invoke("new-plugin", "one")
    config.write_text("")
    monkeypatch.setenv("LOGNAME", "countess")
    invoke("new-plugin", "two")
    monkeypatch.setenv("PATH", "")
    invoke("new-plugin", "three")
    authors = [project_table(project / f"agentcore-{name}")["authors"] for name in ("one", "two", "three")]
    assert authors == [[{"name": "Ada Lovelace"}], [{"name": "countess"}], [{"name": "countess"}]]


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 4711"), OSError("No username set")], ids=repr)
def test_an_author_whom_nobody_knows(
    invoke: Any, project: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """In a container neither git nor the system may have a name."""

    def unknown() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", unknown)
    monkeypatch.setenv("PATH", "")
    assert invoke("new-plugin", "mine").exit_code == 0
    assert project_table(project / "agentcore-mine")["authors"] == [{"name": "The author"}]
