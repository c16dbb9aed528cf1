"""``agentcore metrics``: what a person reads and what a program reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import Result
from metrics_support import Command, Events, connect

from agentcore import ExecutionContext, Usage
from agentcore_metrics import MetricsProvider


def text(result: Result) -> str:
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return "\n".join(line.rstrip() for line in result.stdout.splitlines())


# --- tables ---

NARROW = """\
Runs by agent
                                                      model   tool
agent         runs  errors     p50       p95     p99  calls  calls  trend
────────────────────────────────────────────────────────────────────────────────
triage           4       3  3.00 s    3.00 s  3.00 s      1      2             █
a-very-long…     1       0  75.5 s  ▶ 75.5 s  75.5 s      1      0  █
researcher       1       0  900 ms    900 ms  900 ms      1      1             █

total            6       3  3.00 s    57.4 s  71.9 s      3      3  ▂          █

                                   tokens          tokens              cost with
agent                                  in  cached     out        cost   children
────────────────────────────────────────────────────────────────────────────────
triage                                 10       0       5     unknown   $0.00123
a-very-long-name-of-an-agent-…  1,234,567       0  98,765     unknown    unknown
researcher                          1,200     200      80  ▶ $0.00123   $0.00123

total                           1,235,777     200  98,850    $0.00123
                                                            + unknown

denials: 1 (guard 1)
plugin errors: 1 (vectorstore 1)
retries: 1 (small 1)"""

WIDE = """\
Runs by agent, since 2026-09-22 13:14 UTC
                                                    model   tool                tokens          tokens              cost with
agent       runs  errors     p50       p95     p99  calls  calls  trend             in  cached     out        cost   children
─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
triage         4       3  3.00 s  ▶ 3.00 s  3.00 s      1      2             █      10       0       5     unknown   $0.00123
researcher     1       0  900 ms    900 ms  900 ms      1      1             █   1,200     200      80  ▶ $0.00123   $0.00123

total          5       3  3.00 s    3.00 s  3.00 s      2      3             █   1,210     200      85    $0.00123
                                                                                                         + unknown

denials: 1 (guard 1)
plugin errors: 1 (vectorstore 1)
retries: 1 (small 1)"""  # noqa: E501

RUN = """\
began 2026-09-22 14:13:18 UTC
                                      tokens          tokens
what               outcome  duration      in  cached     out       cost
───────────────────────────────────────────────────────────────────────
run triage         ok         1.50 s      10       0       5    unknown
  tool researcher  ok         950 ms
  run researcher   ok         900 ms   1,200     200      80   $0.00123
    model large    ok         800 ms   1,200     200      80   $0.00123
    tool search    error     12.3 ms
      ValueError
  model small      ok         250 ms      10       0       5    unknown
  tool delete      denied    0.00 ms
    DeniedError

with children                          1,210     200      85   $0.00123
                                                              + unknown"""


def test_narrow_terminal_shows_two_tables(command: Command, history: ExecutionContext) -> None:
    """A name is cut where there is no room for it, a number never; what is not known is called unknown."""
    assert text(command(width=80)) == NARROW


def test_wide_terminal_shows_one_table(command: Command, history: ExecutionContext) -> None:
    """The same columns beside each other; --since leaves out what began earlier."""
    assert text(command("--since", "1h", width=160)) == WIDE


@pytest.mark.parametrize("width", [80, 160])
def test_a_run_is_shown_with_everything_below_it(command: Command, history: ExecutionContext, width: int) -> None:
    """In the order in which things began, with durations, outcomes, errors, own usage and total."""
    assert text(command("--run", history.context_id, width=width)) == f"Run {history.context_id}\n{RUN}"


VIEWS = [[], *(["--by", by] for by in ("agent", "model", "tool", "day", "outcome")), ["--since", "2h"]]


@pytest.mark.parametrize("width", [80, 120, 160])
@pytest.mark.parametrize("view", VIEWS, ids=" ".join)
def test_tables_fit_the_terminal(command: Command, history: ExecutionContext, width: int, view: list[str]) -> None:
    """No line is longer than the terminal is wide, headers are whole, and nothing but a long name is cut."""
    shown = text(command(*view, width=width))
    assert max(map(len, shown.splitlines())) <= width
    assert {"errors", "p50", "p95", "p99", "calls"} <= set(shown.split())
    assert all(word.startswith("a-very-long") for word in shown.split() if "…" in word)


def test_numbers_are_never_cut(provider: MetricsProvider, command: Command, context: ExecutionContext) -> None:
    """Where even the numbers do not fit, lines are longer than the terminal is wide."""
    Events(provider).model(context, usage=Usage(requests=1, input_tokens=123_456_789_012))
    Events(provider).run(context, duration=1234.5)
    shown = text(command(width=20))
    assert "123,456,789,012" in shown
    assert "1,234 s" in shown


def test_names_cannot_command_the_terminal(command: Command, events: Events, context: ExecutionContext) -> None:
    """A model may ask for a tool whose name moves the cursor, or looks like a style; it is shown as it is."""
    events.tool(context, tool="\x1b[2J[red]x\n")
    assert "\\x1b[2J[red]x\\n" in text(command("--by", "tool"))


def test_day_is_that_of_utc(command: Command, history: ExecutionContext) -> None:
    """Days come in their order, whatever happened on them."""
    shown = text(command("--by", "day"))
    assert re.findall(r"^day .UTC.|^2026\S+", shown, re.MULTILINE) == ["day (UTC)", "2026-09-21", "2026-09-22"]


def test_a_call_that_was_never_made_has_no_unknown_cost(
    command: Command, events: Events, context: ExecutionContext
) -> None:
    """The request was denied: nobody will send a bill."""
    events.model(context, usage=Usage(), outcome="denied", duration=0.0)
    events.run(context, outcome="denied")
    total = command.json()["total"]
    assert (total["model_calls"], total["unpriced_calls"], total["cost_usd"]) == (1, 0, None)
    assert command.json("--run", context.context_id)["run"]["usage"]["unpriced_calls"] == 0
    assert text(command("--by", "model")).splitlines()[-3].split()[-1] == "-"


def test_incidents_alone_are_shown(provider: MetricsProvider, command: Command) -> None:
    """A plugin that could not be loaded is worth a line before the first run."""
    provider.plugin_error(None, "vectorstore", "import", ImportError("gone"))
    result = command()
    assert result.stdout.splitlines()[-1] == "plugin errors: 1 (vectorstore 1)"
    assert result.stderr == "No runs are recorded.\n"


# --- one run ---


def test_a_run_that_has_not_ended_is_told_of_by_its_calls(
    command: Command, events: Events, context: ExecutionContext
) -> None:
    """So is one whose process was killed, and one of which only a child is known."""
    child = context.fork("middle").fork("child")
    events.model(child)
    assert text(command("--run", context.context_id)).splitlines()[2:] == [
        "                                            tokens          tokens",
        "what                  outcome     duration      in  cached     out     cost",
        "───────────────────────────────────────────────────────────────────────────",
        "run ?                 unfinished         -",
        "  run ?               unfinished         -",
        "    run child         unfinished         -",
        "      model scripted  ok            250 ms      10       0       2  unknown",
    ]


def test_a_run_that_has_not_ended_began_with_the_first_of_its_calls(
    command: Command, events: Events, context: ExecutionContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which need not be the first that ended."""
    monkeypatch.setattr("agentcore_metrics._hooks.time", lambda: 1_790_000_000.0)
    for duration in (1.0, 3.0, 2.0):
        events.tool(context, duration=duration)
    run = command.json("--run", context.context_id)["run"]
    assert run["started"] == run["children"][0]["started"] == "2026-09-21T14:13:17+00:00"


def test_the_beginning_of_an_id_is_enough(command: Command, history: ExecutionContext) -> None:
    """Where it is that of one run only."""
    assert command.json("--run", history.context_id[:20])["run"]["context_id"] == history.context_id


def test_runs_that_shared_a_context_are_told_apart(
    command: Command, events: Events, context: ExecutionContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one is shown, with the calls that it made itself."""
    clock = 1_790_000_000.0
    monkeypatch.setattr("agentcore_metrics._hooks.time", lambda: clock)
    for model in ("first", "second"):
        events.model(context, model=model, duration=0.25)
        events.run(context, duration=0.5)
        clock += 1
    run = command.json("--run", context.context_id)["run"]
    assert [each["name"] for each in run["children"]] == ["second"]


def test_unknown_run_is_an_error_that_names_the_latest(command: Command, history: ExecutionContext) -> None:
    """There is no other place to look an id up."""
    result = command("--run", "no-such-run")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: the ledger has no run 'no-such-run'\nhint: the latest are '")
    assert result.stderr.count("(triage)") == 3


def test_ambiguous_run_is_an_error_that_names_some(command: Command, events: Events) -> None:
    """Ten runs share at most sixteen first digits."""
    contexts = [ExecutionContext("triage") for _ in range(40)]
    for each in contexts:
        events.run(each)
    first = max("0123456789abcdef", key=lambda digit: sum(each.context_id.startswith(digit) for each in contexts))
    result = command("--run", first)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: several runs begin with {first!r}: '{first}")
    assert result.stderr.endswith("hint: write more of the id.\n")


def test_unknown_run_of_an_empty_ledger(command: Command, provider: MetricsProvider) -> None:
    """There is none to name."""
    provider.plugin_error(None, "broken", "import", ImportError())
    assert command("--run", "x").stderr == "Error: the ledger has no run 'x'\nhint: it holds none yet.\n"


# --- bad input ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "3x"], "'3x' is not a span of time: write a number and s, m, h, d or w, as 30m, 24h or 7d"),
        (["--since", "-1h"], "'-1h' is not a span of time"),
        (["--by", "modle"], "'modle' is not one of 'agent', 'model', 'tool', 'day', 'hour', 'outcome'"),
        (["--run", "x", "--since", "1h"], "--run shows one run: leave out --since."),
        (["--run", "x", "--by", "agent"], "--run shows one run: leave out --by."),
        (["--run", ""], "--run needs the id of a run, or how it begins."),
    ],
    ids=" ".join,
)
def test_bad_input_is_refused(command: Command, arguments: list[str], message: str) -> None:
    """Before the ledger is looked at; the message says what to write."""
    result = command(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr


@pytest.mark.parametrize("span", ["90s", "2m", "1.5h", "24h", "7d", "2w", " 24 h", f"{'9' * 400}w"])
def test_spans_of_time(command: Command, history: ExecutionContext, span: str) -> None:
    """Seconds, minutes, hours, days and weeks; a span that is longer than time is all of it."""
    assert command("--since", span).exit_code == 0


def test_since_leaves_out_what_began_earlier(command: Command, history: ExecutionContext) -> None:
    """A run counts by its beginning."""
    runs = {span: command.json("--since", span)["total"]["runs"] for span in ("50s", "62s", "63s", "2d")}
    assert runs == {"50s": 0, "62s": 2, "63s": 5, "2d": 6}


def test_no_ledger_is_told(command: Command, path: Path) -> None:
    """It says what makes one; a program gets zeros, and nobody an error."""
    note = f"No metrics yet: {str(path)!r} is made when an agent runs here with this plugin enabled.\n"
    result = command()
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", note)
    assert command("--json").stderr == note
    found = command.json()
    assert found["groups"] == found["incidents"] == []
    assert found["total"] == {
        "runs": 0,
        "errors": 0,
        "duration": {"p50": None, "p95": None, "p99": None},
        "model_calls": 0,
        "tool_calls": 0,
        "cost_with_children_usd": None,
        "input_tokens": 0,
        "cached_tokens": 0,
        "output_tokens": 0,
        "reasoning_tokens": 0,
        "cache_write_tokens": 0,
        "input_audio_tokens": 0,
        "output_audio_tokens": 0,
        "cached_answers": 0,
        "cost_usd": None,
        "unpriced_calls": 0,
    }
    assert not path.exists()
    assert command("--run", "x").exit_code == 1


def test_nothing_in_that_time_is_told(command: Command, history: ExecutionContext) -> None:
    """An empty table would look like an answer."""
    result = command("--since", "1s", "--by", "tool")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No tool calls are recorded in that time.\n")
    assert command.json("--since", "1s")["total"]["runs"] == 0


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--run", "x"]], ids=" ".join)
def test_a_file_that_is_no_ledger_is_an_error(path: Path, command: Command, arguments: list[str]) -> None:
    """It names the file and says what to do."""
    path.write_bytes(b"notes of mine, and none of yours" * 100)
    result = command(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: the ledger {str(path)!r} cannot be read: it is not a database\n"
        "hint: if it cannot be repaired, move it away: the next run begins a new one.\n"
    )


def test_a_newer_ledger_is_an_error(path: Path, command: Command) -> None:
    """It is not read by guesswork."""
    connection = connect(path)
    connection.execute(f"PRAGMA application_id = {0x61634D31}; PRAGMA user_version = 4")
    connection.close()
    result = command()
    assert result.exit_code == 1
    assert "was written by a newer version of agentcore-metrics (schema 4, known here: 3)" in result.stderr


def test_reading_does_not_keep_writers_waiting(
    provider: MetricsProvider, command: Command, events: Events, context: ExecutionContext
) -> None:
    """And what the process itself has just measured is part of the answer."""
    for runs in range(1, 4):
        events.run(context)
        assert command.json()["total"]["runs"] == runs
    assert provider.dropped == 0


def test_command_reads_the_state_folder_of_a_provider_that_was_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line need not start the plugins to ask them for their commands."""
    monkeypatch.setenv("AGENTCORE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    written = MetricsProvider(path=tmp_path / "state" / "metrics.db")
    Events(written).run(ExecutionContext("triage"))
    written.close()
    assert Command(MetricsProvider()).json()["total"]["runs"] == 1
