"""What importing the models costs."""

import subprocess
import sys

import pytest

import agentcore.models

HEAVY = ["httpx2", "httpcore2", "xllamacpp", "rich", "pydantic_ai"]


def imported_by(statement: str) -> set[str]:
    """Return the modules that a new interpreter has after *statement*."""
    code = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    """Every program imports it, and most use one model."""
    assert imported_by("import agentcore.models").isdisjoint(HEAVY)


@pytest.mark.parametrize(
    ("name", "libraries"),
    [
        ("ScriptedModel", {"httpx2", "xllamacpp"}),
        ("LocalModel", {"httpx2", "xllamacpp"}),
        ("PydanticAIModel", {"httpx2", "xllamacpp", "pydantic_ai"}),
        ("choose_default", {"httpx2", "xllamacpp"}),
        ("BuiltinModels", {"httpx2", "xllamacpp"}),
    ],
)
def test_a_model_loads_its_library_when_it_is_asked(name: str, libraries: set[str]) -> None:
    """Naming it is not using it."""
    assert imported_by(f"from agentcore.models import {name}").isdisjoint(libraries)


@pytest.mark.parametrize("name", agentcore.models.__all__)
def test_everything_listed_is_there(name: str) -> None:
    """The lazy names resolve, and are listed by dir()."""
    assert getattr(agentcore.models, name) is not None
    assert name in dir(agentcore.models)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The package behaves as any module does."""
    with pytest.raises(AttributeError, match="no attribute 'GhostModel'"):
        _ = agentcore.models.GhostModel
