"""What every provider must do, as tests."""

from __future__ import annotations

from agentcore.testing._provider._closing import ClosingContract
from agentcore.testing._provider._package import PackageContract
from agentcore.testing._provider._patience import PatienceContract
from agentcore.testing._provider._runs import RunContract

__all__ = ["ProviderContract"]


class ProviderContract(RunContract, PatienceContract, ClosingContract, PackageContract):
    """What every provider must do: a class of tests to be subclassed for each.

    The subclass, whose name begins with ``Test``, overrides :meth:`make_provider`, and says by its attributes what is
    different from the usual: see there.
    The tests call every hook that the provider implements, inline whatever its delivery, run event loops of their own,
    and need no other plugin of pytest.

    Example:
        >>> class TestAudit(ProviderContract):
        ...     def make_provider(self):
        ...         return Audit(path=self.folder / "audit.jsonl")
    """
