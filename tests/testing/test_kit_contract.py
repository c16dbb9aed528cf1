"""The contract of providers finds what is wrong with them, and calls it by its name."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest

FAULTY = Path(__file__).parent / "faulty"

Failed = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Failed:
    """What fails of the contract, by provider and test, with what the test says."""
    folder = tmp_path_factory.mktemp("contract")
    for name in ("faulty_providers", "heavy_provider"):
        text = (FAULTY / f"{name}.py").read_text(encoding="utf-8")
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junit-xml=report.xml", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=170)
    assert done.returncode == 1, done.stdout
    failed: Failed = defaultdict(dict)
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        assert case.find("error") is None, done.stdout
        failure = case.find("failure")
        faults = failed[case.attrib["classname"].rpartition(".Test")[2]]
        if failure is not None:
            faults[case.attrib["name"]] = failure.attrib["message"]
    return failed


@pytest.mark.parametrize("provider", ["Sound", "Module"])
def test_a_sound_provider_passes(failed: Failed, provider: str):
    """Written as a class, or with functions of every kind."""
    assert failed[provider] == {}


FAULTS = {
    "Raising": ("it_never_raises_into_a_run", "agent_error: LookupError: no such outcome  ("),
    "Misspelt": ("it_fits_the_hooks", "'agent_compleet', which is not a hook"),
    "Narrow": ("it_tolerates_unknown_fields", "unexpected keyword argument 'added_later'"),
    "Forgetful": ("it_tolerates_duplicates", "KeyError: 'UNIQUE constraint failed'"),
    "Single": ("it_tolerates_reordering_across_runs", "AssertionError: another run has ended"),
    "Unsafe": ("it_serves_runs_at_the_same_time", "RuntimeError: reentered"),
    "Hanging": ("it_ends_in_time", "did not finish 'tool_start' within 0.2 s"),
    "Swallowing": ("it_lets_itself_be_cancelled", "agent_start swallows its cancellation"),
    "Stubborn": ("it_lets_itself_be_cancelled", "agent_start goes on waiting when it is cancelled"),
    "Blocking": ("it_does_not_block_the_event_loop", "the event loop stands still in handle_event ("),
    "LeavingTask": ("it_leaves_no_task_behind", "the task of <coroutine object sleep"),
    "LeavingThread": ("it_leaves_no_thread_behind", "the thread 'cleaner' is left"),
    "LeavingFile": ("it_leaves_no_file_open", "/dev/null is left open"),
    "ClosingOnce": ("it_closes_twice", "agentcore_shutdown: ValueError: closed already"),
    "ClosingUsed": ("it_closes_unused", "has no attribute 'last'"),
    "Unready": ("it_starts_up", "setup: ConnectionError: no server at localhost:1"),
    "StartingOnce": ("it_can_be_started_up_again", "threads can only be started once"),
    "Unpicklable": ("it_can_be_pickled_where_it_claims_to", "it cannot be pickled: TypeError: cannot pickle"),
    "Credulous": ("it_checks_its_config", "it accepts unknown keys"),
    "Anything": ("it_checks_its_config", "it accepts anything as 'path'"),
    "Telling": ("it_shows_no_secret_of_its_config", "'api_key' would be shown"),
    "Printing": ("it_never_prints", "it prints 'agent_start"),
    "Changing": ("it_leaves_alone_what_it_is_given", "agent_complete changes 'input' from {'ticket': 'x'} to {}"),
    "OverBudget": ("it_is_light_to_import", "modules, and not 1 at most: "),
}

MORE = {"Single": ["it_serves_runs_at_the_same_time"], "OverBudget": ["it_prints_nothing_when_it_is_imported"]}
"""What else such a provider does not do."""


@pytest.mark.parametrize("provider", FAULTS)
def test_a_fault_is_found_and_named(failed: Failed, provider: str):
    """By the test for it alone, whose name says what the provider does not do, and whose message what happened."""
    test, message = FAULTS[provider]
    assert set(failed[provider]) == {f"test_{test}", *(f"test_{each}" for each in MORE.get(provider, ()))}
    assert message in failed[provider][f"test_{test}"]


def test_what_is_heavy_to_import_is_found(failed: Failed):
    """By name; and what is printed then."""
    found = failed["Heavy"]
    assert "it imports 'wsgiref'\n  it imports 'email.mime'" in found["test_it_is_light_to_import"]
    assert "it prints 'hello from the heavy provider'" in found["test_it_prints_nothing_when_it_is_imported"]
    assert len(found) == 2


def test_a_contract_is_of_a_provider(failed: Failed):
    """Whoever does not say which is told what to override."""
    from agentcore.testing import ProviderContract

    class TestNothing(ProviderContract): ...

    with pytest.raises(NotImplementedError, match=r"TestNothing must override make_provider\(\)"):
        TestNothing().make_provider()
