"""What the testing kit costs those who do not use it."""

import subprocess
import sys

import pytest

import agentcore.testing


def loaded_by(code: str) -> set[str]:
    """Which modules *code* leaves behind in a new interpreter."""
    show = "import sys; print('loaded', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_a_session_that_does_not_ask_does_not_import_the_framework(tmp_path):
    """Everybody who has agentcore installed has the plugin in every session."""
    (tmp_path / "test_it.py").write_text("def test_it(tmp_path): ...")
    code = f"import pytest; assert pytest.main([{str(tmp_path)!r}, '-p', 'no:cacheprovider']) == 0"
    loaded = loaded_by(code)
    assert "_agentcore_pytest" in loaded
    assert not {each for each in loaded if each.partition(".")[0] == "agentcore"}


@pytest.mark.parametrize("name", sorted(set(agentcore.testing.__all__) - {"JournalContract", "ProviderContract"}))
def test_pytest_is_imported_for_contracts_alone(name):
    """Stubs serve elsewhere, too."""
    assert "pytest" not in loaded_by(f"from agentcore.testing import {name}")
