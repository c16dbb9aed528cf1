"""What has threads, locks or people waiting begins anew in a forked process: they were the parent's."""

from __future__ import annotations

from agentcore.forking import watch_forks

__all__ = ["BeginsAnew"]


class BeginsAnew:
    """Something that the parent goes on using, and that the child begins with nothing."""

    def __init__(self) -> None:
        self.begin()
        watch_forks(self)

    def begin(self) -> None:
        """Make what cannot be shared with another process; here, and once more in every child."""
        raise NotImplementedError

    def before_fork(self) -> None:
        """Nothing is open that must not be in two processes."""

    def after_fork(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Begin anew."""
        self.begin()
