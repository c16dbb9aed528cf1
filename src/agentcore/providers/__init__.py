"""The providers that agentcore brings: small, off until somebody names them, and examples of how a provider is written.

A line of the configuration turns one on: ``enabled = ["redaction"]``, or a table ``[plugins.redaction]``.
Each uses nothing of agentcore but what any provider can.

=================  ====================================================================================
plugin             what it does
=================  ====================================================================================
``approval``       asks on the terminal before a named tool is called
``audit``          keeps a trail of all events: JSON lines in a hash chain
``cache``          answers a request that was answered before without asking the model
``logging``        writes the events to Python's logging, without anything that anybody said
``rate_limit``     lets a model be asked so often in a minute, and not more
``redaction``      takes secrets and personal data out of all that is asked, told and kept
=================  ====================================================================================
"""

from typing import TYPE_CHECKING

from agentcore._lazy import lazy_names

if TYPE_CHECKING:
    from agentcore.providers.approval import ApprovalProvider, Ask
    from agentcore.providers.audit import AuditProvider
    from agentcore.providers.cache import CacheProvider
    from agentcore.providers.logging import LoggingProvider
    from agentcore.providers.rate_limit import RateLimitProvider
    from agentcore.providers.redaction import RedactionProvider
else:
    # Who uses one of them does not import the others.
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "ApprovalProvider": "agentcore.providers.approval",
            "Ask": "agentcore.providers.approval",
            "AuditProvider": "agentcore.providers.audit",
            "CacheProvider": "agentcore.providers.cache",
            "LoggingProvider": "agentcore.providers.logging",
            "RateLimitProvider": "agentcore.providers.rate_limit",
            "RedactionProvider": "agentcore.providers.redaction",
        },
    )

__all__ = [
    "ApprovalProvider",
    "Ask",
    "AuditProvider",
    "CacheProvider",
    "LoggingProvider",
    "RateLimitProvider",
    "RedactionProvider",
]
