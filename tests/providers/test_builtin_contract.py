"""Each built-in provider is what every provider must be."""

from __future__ import annotations

from typing import ClassVar

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
    """It asks somebody who says yes."""

    def make_provider(self) -> ApprovalProvider:
        return ApprovalProvider(ApprovalProvider.Config(tools=("*",)), ask=lambda question, timeout, withdrawn: "yes")


class TestAudit(ProviderContract):
    """Its file is in the state folder."""

    def make_provider(self) -> AuditProvider:
        return AuditProvider()


class TestCache(ProviderContract):
    """It keeps responses in a file."""

    def make_provider(self) -> CacheProvider:
        return CacheProvider(CacheProvider.Config(path=self.folder / "responses.db", wait=0.01))


class TestLogging(ProviderContract):
    """It logs everything."""

    def make_provider(self) -> LoggingProvider:
        return LoggingProvider(LoggingProvider.Config(level="DEBUG"))


class TestRateLimit(ProviderContract):
    """It has room for all that is asked."""

    config: ClassVar = {"requests_per_minute": 1}

    def make_provider(self) -> RateLimitProvider:
        return RateLimitProvider(RateLimitProvider.Config(requests_per_minute=100_000, tokens_per_minute=10**9))


class TestRedaction(ProviderContract):
    """It looks for everything that is usual."""

    def make_provider(self) -> RedactionProvider:
        return RedactionProvider()
