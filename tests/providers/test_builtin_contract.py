"""The providers that agentcore brings are what every provider must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from agentcore.providers import (
    ApprovalProvider,
    AuditProvider,
    CacheProvider,
    LoggingProvider,
    RateLimitProvider,
    RedactionProvider,
)
from agentcore.testing import ProviderContract


class TestApproval(ProviderContract):
    """With somebody who says yes."""

    def make_provider(self) -> ApprovalProvider:
        return ApprovalProvider(ApprovalProvider.Config(tools=("*",)), ask=lambda *_: "yes")


class TestAudit(ProviderContract):
    def make_provider(self) -> AuditProvider:
        return AuditProvider()


class TestCache(ProviderContract):
    """With a file of its own."""

    def make_provider(self) -> CacheProvider:
        return CacheProvider(CacheProvider.Config(path=self.folder / "cache.db"))


class TestLogging(ProviderContract):
    def make_provider(self) -> LoggingProvider:
        return LoggingProvider()


class TestRateLimit(ProviderContract):
    config: ClassVar[Mapping[str, Any]] = {"requests_per_minute": 100_000}

    def make_provider(self) -> RateLimitProvider:
        return RateLimitProvider(RateLimitProvider.Config(**self.config))


class TestRedaction(ProviderContract):
    def make_provider(self) -> RedactionProvider:
        return RedactionProvider()
