"""What a provider is beside its hooks: a module to import, a config to check, maybe an object to send elsewhere."""

from __future__ import annotations

import pickle
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from agentcore._config import validate_plugin_config
from agentcore._inspection.config import plain_secrets
from agentcore._inspection.hooks import implementations_in
from agentcore._inspection.imports import import_cost
from agentcore._plugins.loading import config_model
from agentcore._plugins.naming import canonical_name
from agentcore.errors import ConfigError
from agentcore.testing._provider._setting import ProviderTests, failed

__all__ = ["PackageContract"]


class PackageContract(ProviderTests):
    """It is light to import, says what it can be told, and travels where it claims to."""

    def test_it_is_light_to_import(self) -> None:
        """In a new interpreter: what is heavy is imported when it is needed."""
        cost = import_cost(_module_of(self.make_provider()))
        assert not cost.error, f"it cannot be imported by itself: {cost.error}"
        failures = [f"it imports {each!r}" for each in cost.heavy(self.forbidden_modules)]
        if len(cost.modules) > self.import_budget:
            most = ", ".join(list(cost.shares)[:5])
            failures.append(f"it imports {len(cost.modules)} modules, and not {self.import_budget} at most: {most}, …")
        failed(failures)

    def test_it_prints_nothing_when_it_is_imported(self) -> None:
        """Whoever lists plugins imports it, and writes to stdout what programs read."""
        printed = import_cost(_module_of(self.make_provider())).output
        failed([f"it prints {printed!r}"] if printed.strip() else [])

    def test_it_checks_its_config(self) -> None:
        """What cannot be meant is refused: unknown keys, and values of another kind."""
        provider = self.make_provider()
        model = config_model(provider)
        if model is None:
            pytest.skip("it takes no config")
        name = self.name or "provider"
        failures = [] if _refused(model, name, {**self.config, "no_such_key": 1}) else ["it accepts unknown keys"]
        failures += [
            f"it accepts anything as {field!r}"
            for field in model.model_fields
            if not _refused(model, name, {**self.config, field: object()})
        ]
        try:
            validate_plugin_config(model, name, self.config)
        except ConfigError as error:
            failures.append(f"it refuses the config of its own contract: {error}")
        failed(failures)

    def test_it_shows_no_secret_of_its_config(self) -> None:
        """A secret is given by reference, or hidden where it is printed."""
        model = config_model(self.make_provider())
        if model is None:
            pytest.skip("it takes no config")
        failed([f"{each!r} would be shown: make it an agentcore.SecretRef" for each in plain_secrets(model)])

    def test_it_can_be_pickled_where_it_claims_to(self) -> None:
        """And is a provider of the same hooks afterwards."""
        provider = self.make_provider()
        if not self.picklable and not _claims(provider):
            pytest.skip("it does not claim to be picklable")
        try:
            again = pickle.loads(pickle.dumps(provider))  # noqa: S301 - it was pickled a moment ago
        except Exception as error:
            pytest.fail(f"it cannot be pickled: {type(error).__name__}: {error}", pytrace=False)
        name = canonical_name(provider)
        hooks, kept = ([each.hook for each in implementations_in(one, name)] for one in (provider, again))
        assert kept == hooks


def _module_of(provider: Any) -> str:
    return provider.__name__ if isinstance(provider, ModuleType) else type(provider).__module__


def _refused(model: type[BaseModel], name: str, table: dict[str, Any]) -> bool:
    try:
        validate_plugin_config(model, name, table)
    except (ConfigError, ValidationError):
        return True
    return False


def _claims(provider: Any) -> bool:
    special = ("__getstate__", "__reduce__", "__reduce_ex__", "__setstate__", "__getnewargs__")
    if isinstance(provider, ModuleType):
        return False
    return any(getattr(provider.__class__, each, None) is not getattr(object, each, None) for each in special)
