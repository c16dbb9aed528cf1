"""The main job, as the README tells it: run an agent on a real model, find its answer by meaning, see it measured."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = [pytest.mark.providers, pytest.mark.timeout(900)]


@pytest.mark.model
def test_an_answer_of_the_embedded_model_is_found_by_meaning_and_measured(command: Any) -> None:
    """The answer is printed, and two later processes find it and its figures."""
    answer = command("run", str(EXAMPLES / "summary.toml"), "--input", f"@{EXAMPLES / 'report.txt'}")
    text = answer.stdout.strip()
    assert len(text.split()) >= 5, answer.stderr
    assert "local" in answer.stderr, "the command says which model it took"

    hits = json.loads(command("search", "the shop could not take money", "--fusion", "vector", "--json").stdout)
    assert [hit["text"] for hit in hits] == [text]

    figures = json.loads(command("metrics", "--json").stdout)
    assert figures["total"]["runs"] == 1
    assert figures["total"]["errors"] == 0
    assert figures["total"]["input_tokens"] > 100
    assert figures["total"]["output_tokens"] > 5
    assert figures["total"]["duration"]["p50"] > 0


@pytest.mark.model
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing else ends a process so")
def test_an_answer_whose_process_was_killed_is_found_once(start: Any, command: Any) -> None:
    """Killed as soon as its answer is printed, a real run has left it in the journal; the next command delivers it."""
    with start("run", str(EXAMPLES / "summary.toml"), "--input", f"@{EXAMPLES / 'report.txt'}") as process:
        text = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    assert len(text.split()) >= 5
    for _ in range(2):
        hits = json.loads(command("search", "the shop could not take money", "--fusion", "vector", "--json").stdout)
        assert [hit["text"] for hit in hits] == [text]


def test_search_finds_by_meaning_what_shares_no_word(command: Any) -> None:
    """Of two stored answers the one that means the same comes first, though it has none of the query's words."""
    for text in ("The cat slept on the sofa.", "Quarterly revenue grew by nine percent."):
        command("run", str(EXAMPLES / "summary.toml"), "--input", "anything", "--model", f"scripted:{text}")
    hits = json.loads(command("search", "earnings went up", "--fusion", "vector", "--json").stdout)
    assert hits[0]["text"] == "Quarterly revenue grew by nine percent."


@pytest.mark.parametrize(
    ("arguments", "code", "said", "file"),
    [
        pytest.param(("search", "anything"), 1, "nothing is stored yet", "memory.db", id="search"),
        pytest.param(("metrics",), 0, "No metrics yet", "metrics.db", id="metrics"),
    ],
)
def test_asking_before_the_first_run(
    command: Any, project: Path, arguments: tuple[str, ...], code: int, said: str, file: str
) -> None:
    """The answer is that there is nothing, and where it was looked for; nothing is made by looking."""
    result = command(*arguments, check=False)
    assert (result.stdout, result.returncode) == ("", code)
    assert said in result.stderr
    assert str(project / ".agentcore" / file) in result.stderr
    assert list(project.iterdir()) == []


DISABLING: list[Any] = [
    pytest.param("[plugins]\n", {}, ("-p", "no:vectorstore"), "-p no:vectorstore", id="flag"),
    pytest.param("", {"AGENTCORE_DISABLED_PLUGINS": "vectorstore"}, (), "AGENTCORE_DISABLED_PLUGINS", id="environment"),
    pytest.param('disabled = ["vectorstore"]\n', {}, (), "agentcore.toml", id="config"),
]


@pytest.mark.parametrize(("config", "env", "flags", "reason"), DISABLING)
def test_a_disabled_plugin_stores_nothing_and_says_why(
    command: Any,
    plugins: Callable[..., dict[str, Any]],
    project: Path,
    config: str,
    env: dict[str, str],
    flags: tuple[str, ...],
    reason: str,
) -> None:
    """Nothing is stored, metrics go on, and the list names who disabled it."""
    (project / "agentcore.toml").write_text(config, encoding="utf-8")
    run = ("run", str(EXAMPLES / "summary.toml"), "--input", "anything", "--model", "scripted:an answer")
    command(*flags, *run, env=env)
    assert sorted(each.name for each in (project / ".agentcore").glob("*.db")) == ["metrics.db"]

    row = plugins(*flags, env=env)["vectorstore"]
    assert row["status"] == "disabled"
    assert reason in row["reason"]


@pytest.mark.parametrize(
    ("config", "env", "call"),
    [
        pytest.param('disabled = ["vectorstore"]\n', {}, "", id="config"),
        pytest.param("", {"AGENTCORE_DISABLED_PLUGINS": "vectorstore"}, "", id="environment"),
        pytest.param("", {"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": "1"}, "", id="autoload off"),
    ],
)
def test_a_disabled_plugin_is_never_imported(
    python: Any, project: Path, config: str, env: dict[str, str], call: str
) -> None:
    """After a run its module is not among those that were imported."""
    (project / "agentcore.toml").write_text(config, encoding="utf-8")
    program = (
        "import sys; from agentcore import Agent; from agentcore.models import ScriptedModel\n"
        "Agent('a', model=ScriptedModel(['done'])).run_sync('go')\n"
        "print(sorted(each for each in sys.modules if each.startswith('agentcore_vectorstore')))"
    )
    assert python(program, env=env).stdout.strip() == "[]"


def test_autoload_stays_on_where_its_switch_says_zero(python: Any) -> None:
    """``AGENTCORE_DISABLE_PLUGIN_AUTOLOAD=0`` means what it says."""
    program = (
        "from agentcore import get_plugin_manager\n"
        "print(*(each.name for each in get_plugin_manager().statuses() if each.status == 'loaded'))"
    )
    loaded = python(program, env={"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": "0"}).stdout.split()
    assert {"vectorstore", "metrics"} <= set(loaded)
