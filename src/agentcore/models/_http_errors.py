"""What went wrong between here and a model server, in the words of :mod:`agentcore.errors`."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from agentcore.errors import (
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelResponseError,
    ModelTimeoutError,
)
from agentcore.models._http import is_loopback
from agentcore.models._json import as_list, as_mapping
from agentcore.models._servers import Server

__all__ = ["Peer", "is_unknown_model", "plain_url", "retry_after", "said"]

_RETRYABLE: Final = frozenset({409, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""After these the same request may succeed; 520 to 524 are Cloudflare's, 529 is Anthropic's for "overloaded"."""
_UNKNOWN_MODEL: Final = re.compile(
    r"model\b.*\b(not found|not exist|unknown|invalid)|(unknown|invalid|no such|not a valid) model",
    re.IGNORECASE | re.DOTALL,
)
_MASKED: Final = re.compile(r"\S*\*{2,}\S*")
"""A key that a server quotes with most of it masked."""
_LONGEST: Final = 300
"""Characters of a server's own words that go into a message."""


def plain_url(url: str) -> str:
    """Return *url* without user, password, query and fragment."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Return the seconds that *headers* ask to wait; None where they do not say.

    Args:
        headers: ``retry-after-ms``, or ``Retry-After`` in seconds or as an HTTP date.
        now: Aware; what a date is counted from.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return seconds
    try:
        due = parsedate_to_datetime(value)
    except ValueError:
        return None
    if due.tzinfo is None:
        due = due.replace(tzinfo=UTC)
    return max(0.0, (due - (now or datetime.now(UTC))).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def said(body: bytes | Mapping[str, Any]) -> tuple[str, str]:
    """Return the message and the code of the error in *body*; both empty where it cannot be read."""
    payload: object = body
    if isinstance(body, bytes):
        try:
            payload = json.loads(body)
        except ValueError:
            return "", ""
    # Gemini wraps its errors into a list.
    outer = as_mapping(next(iter(as_list(payload)), payload))
    inner = outer.get("error") or outer
    if isinstance(inner, str):
        return _short(inner), ""
    error = as_mapping(inner)
    text = error.get("message") or error.get("detail") or ""
    code = error.get("code") or error.get("type") or ""
    return _short(text if isinstance(text, str) else json.dumps(text)), str(code)


def _short(text: str) -> str:
    text = " ".join(_MASKED.sub("***", text).split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def is_unknown_model(status: int, text: str, code: str) -> bool:
    """Return whether a server that answered *status* does not know the model."""
    return status in {400, 404, 422} and (code in {"model_not_found", "1500"} or bool(_UNKNOWN_MODEL.search(text)))


class Peer:
    """One model at one server, for the errors about it."""

    def __init__(self, *, name: str, model: str, url: str, key_source: str, server: Server) -> None:
        self.name = name
        self._model = model
        self._url = plain_url(url)
        self._key_source = key_source
        self._server = server

    def timeout(self, seconds: float) -> ModelTimeoutError:
        return ModelTimeoutError(
            f"model {self.name!r} did not answer within {seconds:g} s ({self._url})",
            model=self.name,
            hint="allow it more time with the setting 'timeout'",
            retryable=True,
        )

    def transport(self, error: httpx2.HTTPError) -> ModelError:
        """Return what *error* of the connection means."""
        if isinstance(error, httpx2.TimeoutException):
            return ModelTimeoutError(
                f"the server of model {self.name!r} did not take the connection in time ({self._url})",
                model=self.name,
                hint=self._server.start_hint or "check the network",
                retryable=True,
            )
        if isinstance(error, httpx2.DecodingError):
            return self._response(f"the server of model {self.name!r} sent a body that cannot be decoded ({self._url})")
        if _by_tls(error):
            return ModelConnectionError(
                f"the server of model {self.name!r} has no certificate that is trusted here ({self._url}): {error}",
                model=self.name,
                hint="name the file with your authority's certificate in the environment variable SSL_CERT_FILE",
            )
        if isinstance(error, httpx2.ConnectError | httpx2.ProxyError | httpx2.UnsupportedProtocol):
            here = is_loopback(urlsplit(self._url).hostname or "")
            return ModelConnectionError(
                f"cannot reach the server of model {self.name!r} at {self._url}: {_words(error)}",
                model=self.name,
                hint=self._server.start_hint or "check the network, and the base URL",
                # Nobody starts a server of this machine between two attempts.
                retryable=not here,
            )
        return ModelConnectionError(
            f"the connection to the server of model {self.name!r} broke ({self._url}): {_words(error)}",
            model=self.name,
            retryable=True,
        )

    def answer(self, status: int, text: str, code: str, headers: Mapping[str, str]) -> ModelError:
        """Return what a *status* other than success means."""
        words = f": {text}" if text else ""
        if status in {401, 403}:
            return self._authentication(status, words)
        if status == 429 and code != "insufficient_quota":
            return ModelRateLimitError(
                f"the server of model {self.name!r} is asked too often (status 429){words}",
                model=self.name,
                retry_after=retry_after(headers),
            )
        if status == 408:
            return ModelTimeoutError(
                f"the server of model {self.name!r} ran out of time (status 408){words}",
                model=self.name,
                retryable=True,
            )
        hint = "check the base URL: it usually ends in '/v1'" if status in {301, 302, 307, 308, 404, 405} else ""
        if status in {402, 429}:
            hint = "the account has no credit left; top it up, or name another model"
        return self._response(
            f"the server of model {self.name!r} answered with status {status} ({self._url}){words}",
            hint=hint,
            status=status,
            retryable=status in _RETRYABLE,
        )

    def _authentication(self, status: int, words: str) -> ModelAuthenticationError:
        key = f"the key from {self._key_source}" if self._key_source else "a request without a key"
        return ModelAuthenticationError(
            f"the server of model {self.name!r} refused {key} (status {status}){words}",
            model=self.name,
            hint=f"set {self._key_source} to a valid key" if self._key_source else "give the model an 'api_key'",
        )

    def no_key(self) -> ModelAuthenticationError:
        return ModelAuthenticationError(
            f"model {self.name!r} needs an API key, and there is none",
            model=self.name,
            hint=f"set {self._key_source}, or name a model that needs none, as 'local'",
        )

    def bad_key(self) -> ModelAuthenticationError:
        return ModelAuthenticationError(
            f"the API key of model {self.name!r} holds characters that no HTTP header can carry",
            model=self.name,
            hint=f"set {self._key_source} to a valid key" if self._key_source else "",
        )

    def not_found(self, text: str, known: str) -> ModelNotFoundError:
        """Return the error for a model that its server does not know; *known* names those that it does."""
        pull = f"fetch it with 'ollama pull {self._model}'" if self._server.name == "ollama" else ""
        words = f": {text}" if text else ""
        return ModelNotFoundError(
            f"the server at {self._url} does not know the model {self._model!r}{words}",
            model=self.name,
            hint="; ".join(part for part in (pull, known) if part),
        )

    def unreadable(self, media_type: str) -> ModelResponseError:
        """Return the error for an answer that is not JSON."""
        return self._response(
            f"the server of model {self.name!r} answered with {media_type or 'nothing that has a type'}, not with JSON"
            f" ({self._url})",
            hint="check the base URL: it usually ends in '/v1'",
        )

    def _response(
        self, message: str, *, hint: str = "", status: int | None = None, retryable: bool = False
    ) -> ModelResponseError:
        return ModelResponseError(message, model=self.name, hint=hint, status=status, retryable=retryable)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _by_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None
