"""Every error has a code, and says what it means and what to do."""

import inspect
from importlib import import_module

import pytest

from agentcore import errors
from agentcore.errors import AgentCoreError

PACKAGES = ("agentcore.errors", "agentcore_vectorstore.errors")


def _errors() -> list[type[AgentCoreError]]:
    """Every public error there is, in whatever package; those of packages that are not installed are left out."""
    found: list[type[AgentCoreError]] = []
    waiting: list[type[AgentCoreError]] = [AgentCoreError]
    for name in PACKAGES:
        try:
            import_module(name)
        except ImportError:
            continue
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        # A private subclass is caught as what it is, and has its code.
        if each in vars(import_module(each.__module__)).values() and each.__module__.endswith("errors"):
            found.append(each)
    return sorted(found, key=lambda each: each.__name__)


@pytest.mark.parametrize("error", _errors(), ids=lambda each: each.__name__)
def test_an_error_has_a_code_of_its_own(error: type[AgentCoreError]) -> None:
    """The class itself says its code, in lower case with hyphens."""
    assert "code" in vars(error)
    assert error.code == error.code.lower()
    assert error.code.replace("-", "").isalpha()


def test_no_two_errors_share_a_code() -> None:
    """A code leads to one class."""
    codes = [each.code for each in _errors()]
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("error", _errors(), ids=lambda each: each.__name__)
def test_an_error_says_what_to_do(error: type[AgentCoreError]) -> None:
    """The docstring's first paragraph says what is wrong, the next what whoever meets it can do."""
    meaning, _, advice = (inspect.getdoc(error) or "").partition("\n\n")
    assert meaning
    assert advice


def test_the_module_lists_and_draws_every_error() -> None:
    """Each class is in ``__all__`` and in the tree at the top of the module."""
    own = {name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, AgentCoreError)}
    assert own <= set(errors.__all__)
    assert [name for name in own if name not in (errors.__doc__ or "")] == []


def test_a_code_reaches_programs() -> None:
    """A subclass that says nothing is known by the code of the class above it."""

    class Special(errors.InputError):
        pass

    assert Special("no").code == "input"
