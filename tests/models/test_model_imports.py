"""What importing agentcore and its models costs, and the names that are imported on use."""

import subprocess
import sys
from types import ModuleType

import pytest

import agentcore
import agentcore.models

HEAVY = ["httpx2", "httpcore2", "xllamacpp", "rich", "pydantic_ai"]

DEPENDENCIES = "import asyncio, attrs, logging, pluggy; from pydantic import BaseModel"
"""What no use of agentcore goes without."""

ON_USE = {
    "agentcore._cli",
    "agentcore._config",
    "agentcore._delivery",
    "agentcore._signature",
    "agentcore.testing",
    "annotated_types",
    "csv",
    "email",
    "importlib.metadata",
    "json",
    "pydantic.networks",
    "pydantic.type_adapter",
    "pydantic.types",
    "sqlite3",
    "tempfile",
    "tomllib",
}
"""What only the configuration, signatures, journals, command lines or discovery need."""

PLUGIN = """
from agentcore import ExecutionContext, Provider, hookimpl
class Counter(Provider):
    @hookimpl
    def agent_start(self, context): ...
Counter(); ExecutionContext("main")
"""


def imported_by(statement: str) -> set[str]:
    """Return the modules that a new interpreter has after *statement*."""
    return set(output_of(f"{statement}\nimport sys; print(*sys.modules)").split())


def output_of(code: str) -> str:
    """Return what *code* prints in a new interpreter."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("statement", ["import agentcore", PLUGIN], ids=["import", "plugin"])
def test_importing_agentcore_loads_what_every_use_of_it_needs(statement: str) -> None:
    """The rest is imported by whoever uses it first."""
    assert (imported_by(statement) - imported_by(DEPENDENCIES)).isdisjoint(ON_USE)


def test_importing_agentcore_makes_no_pydantic_model() -> None:
    """Each takes a millisecond, and loads half of pydantic."""
    code = "import agentcore; from pydantic import BaseModel; print(*BaseModel.__subclasses__())"
    assert "agentcore" not in output_of(code)


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


@pytest.mark.parametrize(
    ("package", "name"),
    [(package, name) for package in (agentcore, agentcore.models) for name in package.__all__],
    ids=lambda each: each.__name__ if isinstance(each, ModuleType) else each,
)
def test_everything_listed_is_there(package: ModuleType, name: str) -> None:
    """The lazy names resolve, and are listed by dir()."""
    assert name in dir(package)
    assert getattr(package, name) is not None


def test_lazy_names_can_be_imported_at_once() -> None:
    """By name and by a star, as all others."""
    code = "from agentcore import Settings\nfrom agentcore import *\nprint(load_settings.__name__, Settings().strict)"
    assert output_of(code).split() == ["load_settings", "False"]


@pytest.mark.parametrize("package", [agentcore, agentcore.models], ids=lambda each: each.__name__)
def test_an_unknown_name_is_an_attribute_error(package: ModuleType) -> None:
    """The package behaves as any module does."""
    with pytest.raises(AttributeError, match=rf"module '{package.__name__}' has no attribute 'GhostModel'"):
        _ = package.GhostModel
