"""What stands for a secret until the moment it is sent."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["Secret", "reveal"]


@runtime_checkable
class Secret(Protocol):
    """A reference to a secret; its repr shows where the secret is, never what it is."""

    def resolve(self) -> str:
        """Return the secret itself.

        Raises:
            ConfigError: It is not where the reference says.
        """
        ...


def reveal(secret: str | Secret | None) -> str:
    """Return the secret itself, without the line end that files and shells leave; empty where there is none."""
    return (secret if isinstance(secret, str) else "" if secret is None else secret.resolve()).strip()
