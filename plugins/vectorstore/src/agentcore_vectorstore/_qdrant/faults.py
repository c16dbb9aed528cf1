"""From the client's errors to the store's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from agentcore_vectorstore.errors import StoreAccessError, StoreError, StoreReadOnlyError

__all__ = ["translated"]

_FORBIDDEN = (401, 403)


@contextmanager
def translated(location: str) -> Generator[None]:
    """Raise the store's errors, with *location* in them, where the body raises the client's."""
    try:
        yield
    except StoreError:
        # Some of them are the operating system's, too.
        raise
    except UnexpectedResponse as error:
        if error.status_code in _FORBIDDEN:
            hint = "refer to a key as '?api_key=env:NAME'."
            raise StoreReadOnlyError(f"{location} refused the key", hint=hint) from error
        raise StoreError(f"{location} failed: {error.status_code} {error.reason_phrase}") from error
    except (ResponseHandlingException, ApiException, ConnectionError) as error:
        hint = "see that the server runs, and where."
        raise StoreAccessError(f"{location} cannot be reached ({error})", hint=hint) from error
    except OSError as error:
        raise StoreAccessError(f"{location} cannot be read or written ({error})") from error
