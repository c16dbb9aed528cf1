"""HTTP clients."""

from __future__ import annotations

import ssl
from functools import cache
from ipaddress import ip_address
from typing import Final

import httpx2

__all__ = ["is_loopback", "open_client"]

_CONNECT_SECONDS: Final = 10.0
"""A server that has not taken the connection by then is not there."""
_CONNECTIONS: Final = 1000
"""At most this many at once: as many runs as one process is expected to hold."""


@cache
def _tls() -> ssl.SSLContext:
    # Reading the certificates takes 20 ms; no client needs its own copy.
    return httpx2.create_ssl_context()


def is_loopback(host: str) -> bool:
    """Return whether *host* is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def open_client(host: str, *, transport: httpx2.AsyncBaseTransport | None = None) -> httpx2.AsyncClient:
    """Return a client for *host* that gives up on connecting, and on nothing else.

    Args:
        host: A name or an address.
        transport: What carries the requests; None opens connections.
    """
    return httpx2.AsyncClient(
        verify=_tls(),
        timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS // 10),
        # A proxy can reach no server of this machine, whatever the environment says.
        trust_env=not is_loopback(host),
        transport=transport,
    )
