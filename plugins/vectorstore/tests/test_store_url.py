"""Connection strings."""

import pytest

from agentcore.errors import ConfigError
from agentcore_vectorstore import open_store_sync
from agentcore_vectorstore._url import StoreURL, parse_url


def test_connection_string_is_taken_apart() -> None:
    """Every part, with its percent-encoding resolved."""
    assert parse_url("pg://me%40home:p%2Fw@db.local:5432/mem%20ory/notes?embedder=none&ttl=") == StoreURL(
        scheme="pg",
        user="me@home",
        password="p/w",
        host="db.local",
        port=5432,
        path="/mem ory/notes",
        options={"embedder": "none", "ttl": ""},
    )


def test_messages_show_no_secret() -> None:
    """Neither as text nor in a repr."""
    url = parse_url("pg://me:secret@db.local:5432/memory?key=hidden")
    assert str(url) == "pg://db.local:5432/memory"
    assert "secret" not in repr(url)
    assert "hidden" not in repr(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory.db", "'memory.db' is not a connection string\nhint: write 'sqlite:///memory.db'"),
        ("", "'' is not a connection string"),
        ("sqlit:///memory.db", "no backend has the scheme 'sqlit'\nhint: did you mean 'sqlite'?"),
        ("://x", "no backend has the scheme ''"),
        (
            "sqlite://memory.db",
            "names a host, and a SQLite file has none\nhint: write three slashes: 'sqlite:///memory.db'",
        ),
        ("sqlite://folder/memory.db", "write three slashes: 'sqlite:///folder/memory.db'"),
        ("memory://name", "'memory://name' names a place, and 'memory://' has none"),
        ("memory:///name", "names a place"),
        ("memory://?timeout=3", "has no option 'timeout'\nhint: known: 'alpha', 'dedup', 'embedder', 'fusion', 'ttl'"),
        ("memory://?embeder=none", "has no option 'embeder'\nhint: did you mean 'embedder'?"),
        ("memory://?embedder=none&embedder=none", "gives option 'embedder' twice"),
    ],
)
def test_connection_string_that_cannot_be_used(url: str, message: str) -> None:
    """The error shows what is wrong and what is right."""
    with pytest.raises(ConfigError) as caught:
        open_store_sync(url, embedder="none")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "url", ["pg:me:secret@host", "pg://me:sec/ret@host", "pg://me:secret@host:port", "pg://[me:secret@host"]
)
def test_error_about_a_connection_string_hides_its_password(url: str) -> None:
    """The whole chain of errors, as a traceback shows it."""
    with pytest.raises(ConfigError) as caught:
        parse_url(url)
    error: BaseException | None = caught.value
    while error is not None:
        assert "sec" not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
