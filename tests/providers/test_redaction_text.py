"""What is found in a text, whole and piece by piece."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from providers_secrets import EVERYTHING, KNOWN, PERSONAL, SECRETS

from agentcore.providers.redaction._streams import Stream
from agentcore.providers.redaction._text import Redactor

redactor = Redactor(EVERYTHING, known=list(KNOWN.values()))


@pytest.mark.parametrize("around", ["{}", "use {} now", "key={}", '"{}"', "({})", "see {}, please", "a\n{}\nb"])
@pytest.mark.parametrize(("name", "secret"), SECRETS.items(), ids=SECRETS)
def test_secrets(name: str, secret: str, around: str) -> None:
    """Each form of secret is found wherever it stands, and nothing of it is left."""
    redacted = redactor.text(around.format(secret))
    assert secret not in redacted
    assert "[redacted:secret]" in redacted


@pytest.mark.parametrize("around", ["{}", "call {} now", "<{}>", "is {}.", "a\n{}\nb"])
@pytest.mark.parametrize(("name", "fact"), PERSONAL.items(), ids=PERSONAL)
def test_personal_data(name: str, fact: str, around: str) -> None:
    """Each form of personal data is found, and named by its kind."""
    kind = name.partition(" ")[0]
    assert redactor.text(around.format(fact)) == around.format(f"[redacted:{kind}]")


@pytest.mark.parametrize(
    "text",
    [
        "The answer is 42, not 4111.",
        "Version 1.2.3 of 2026-11-22T19:00:00+00:00 took 0.1234567890123456 s.",
        "4111 1111 1111 1112",  # the checksum is wrong
        "DE89 3704 0044 0532 0130 02",  # likewise
        "000-12-3456 and 666-12-3456",
        "a@b and @home and me@localhost",
        "https://example.org:8080/path?page=2",
        "The password is on the note. Tokens: 512, max_tokens=512.",
        "[redacted:secret] and password = [redacted:secret]",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    ],
)
def test_what_is_none(text: str) -> None:
    """What only looks a little like it stays, to the letter."""
    assert redactor.text(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password: hunter2!", "password: [redacted:secret]"),
        ('{"api_key": "my own phrase", "n": 1}', '{"api_key": "[redacted:secret]", "n": 1}'),
        ("dbPassword='it is here', x", "dbPassword='[redacted:secret]', x"),
        ("https://ada:hunter2@db:5432/x", "https://[redacted:secret]@db:5432/x"),
        ("Authorization: Bearer abcdefghij0123456789", "Authorization: Bearer [redacted:secret]"),
        ("X-Token=abcdef123456&next=1", "X-Token=[redacted:secret]&next=1"),
        ("4111 1111 1111 1111 12/27", "[redacted:card] 12/27"),
        ("GB82 WEST 1234 5698 7654 32 DE89 3704 0044 0532 0130 00", "[redacted:iban] [redacted:iban]"),
        ("GB82 WEST 1234 5698 7654 32 AND MORE", "[redacted:iban] AND MORE"),
    ],
)
def test_only_the_secret_is_taken_out(text: str, expected: str) -> None:
    """What stands around a secret, and says what it is, stays."""
    assert redactor.text(text) == expected


@pytest.mark.parametrize(("name", "secret"), KNOWN.items(), ids=KNOWN)
def test_known_secrets(name: str, secret: str) -> None:
    """A secret that is known is found by the letter, inside of words and in the spellings of JSON, URLs and base64."""
    import json
    from base64 import b64encode
    from urllib.parse import quote

    for each in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), b64encode(secret.encode()).decode()):
        assert redactor.text(f"x{each}y").startswith("x[redacted:secret]")


def test_own_patterns() -> None:
    """Patterns of the configuration are marked by their names."""
    own = Redactor((), patterns={"ticket": re.compile(r"T-\d+")})
    assert own.text("see T-123, ada@example.org") == "see [redacted:ticket], ada@example.org"


@given(st.text())
def test_redacting_twice_changes_nothing(text: str) -> None:
    """What has been redacted stays as it is."""
    once = redactor.text(text)
    assert redactor.text(once) == once


ANYTHING = st.one_of(
    st.sampled_from([*SECRETS.values(), *PERSONAL.values(), *KNOWN.values()]),
    st.sampled_from(["password: ", "api_key=", '"token": "', "Bearer ", "Basic ", "https://ada:", "@example.org", '"']),
    st.sampled_from(["4111", "1111", "+49", "30", "DE89", "-----BEGIN ", "RSA PRIVATE KEY-----", "END", "555-"]),
    st.text(alphabet="abc XY019.-+@:\n日本", max_size=12),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(ANYTHING, st.sampled_from([" ", "", "\n", ", "])), max_size=12), st.data())
def test_pieces_are_what_the_whole_would_be(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    """However an answer is split, its pieces together are the redacted whole."""
    text = "".join(part + blank for part, blank in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    stream = Stream(redactor)
    told = [stream.feed(piece) for piece in pieces] + [stream.feed("", last=True)]
    assert "".join(told) == redactor.text(text)


@pytest.mark.parametrize("secret", [*SECRETS.values(), *PERSONAL.values(), *KNOWN.values()])
def test_one_character_at_a_time(secret: str) -> None:
    """A secret that comes in single characters is never told, not even its beginning."""
    text = f"It is {secret} you know."
    stream = Stream(redactor)
    told = "".join(stream.feed(each) for each in text) + stream.feed("", last=True)
    assert told == redactor.text(text)
    assert secret not in told


def test_words_are_not_held_back() -> None:
    """A word is told as soon as the next one begins."""
    stream = Stream(redactor)
    assert [stream.feed(each) for each in ("One ", "two", " three", " and")] == ["One ", "", "two ", "three "]
    assert stream.feed("", last=True) == "and"


def test_a_long_answer_does_not_get_slower() -> None:
    """What is far behind is not looked at again."""
    stream = Stream(redactor)
    for number in range(5_000):
        stream.feed(f"word {number % 10} ")
    assert len(stream._text) < 4_096
