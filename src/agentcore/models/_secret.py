"""What stands for a secret until the moment it is sent."""

from __future__ import annotations

import os
from typing import Protocol, runtime_checkable

__all__ = ["ApiKey", "Secret"]


@runtime_checkable
class Secret(Protocol):
    """A reference to a secret; its repr shows where the secret is, never what it is."""

    def resolve(self) -> str:
        """Return the secret itself.

        Raises:
            ConfigError: It is not where the reference says.
        """
        ...


class ApiKey:
    """The key of one model, wherever it comes from."""

    def __init__(self, secret: str | Secret | None, *, variable: str) -> None:
        """Take the key.

        Args:
            secret: The key, or a reference to it; None takes what *variable* holds.
            variable: The environment variable that holds it; empty for none.
        """
        self._secret = secret
        self.variable = variable
        """The environment variable that holds it; empty for none."""

    @property
    def source(self) -> str:
        """What a message calls the place where it is; empty where there is none."""
        return self.variable or ("" if self._secret is None else "'api_key'")

    def reveal(self) -> str:
        """Return the key itself, without the line end that files and shells leave; empty where there is none."""
        secret = os.environ.get(self.variable, "") if self._secret is None else self._secret
        return (secret if isinstance(secret, str) else secret.resolve()).strip()

    def hide(self, text: str) -> str:
        """Return *text* without the key."""
        key = self.reveal()
        return text.replace(key, "***") if key else text
