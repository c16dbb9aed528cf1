"""The plugin is what every provider must be."""

from decimal import Decimal

from agentcore.testing import ProviderContract
from agentcore_metrics import Budgets, Limit, MetricsProvider


class TestMetricsProvider(ProviderContract):
    """With a ledger in the state folder."""

    def make_provider(self) -> MetricsProvider:
        return MetricsProvider()


class TestGuardingMetricsProvider(ProviderContract):
    """With budgets, and so with a value hook."""

    def make_provider(self) -> MetricsProvider:
        return MetricsProvider(budgets=Budgets(run=Limit(deny=Decimal(1))))
