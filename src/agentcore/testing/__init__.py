"""For tests of what others build on agentcore.  Needs pytest, which agentcore itself does not."""

import pytest

pytest.register_assert_rewrite("agentcore.testing._journal")

from agentcore.testing._journal import JournalContract  # noqa: E402  what it asserts is rewritten above

__all__ = ["JournalContract"]
