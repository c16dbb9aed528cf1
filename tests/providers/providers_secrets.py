"""Secrets and personal data that are nobody's, in every form that is found."""

import json
from typing import Final

from agentcore.providers.redaction._patterns import Kind

_LONG: Final = "Zx9Kq2Lm7Rt4Wv8Yb3Nc6Hd1Pf5Js0Ga"

PEM: Final = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\n"
    "KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END RSA PRIVATE KEY-----"
)

SECRETS: Final[dict[str, str]] = {
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "openai": f"sk-proj-{_LONG}_T3BlbkFJ{_LONG}",
    "anthropic": f"sk-ant-api03-{_LONG}-{_LONG}AA",
    "github": f"ghp_{_LONG}abcd",
    "github fine-grained": f"github_pat_{_LONG}",
    "gitlab": "glpat-abcdEFGH0123456789xy",
    "slack": "xoxb-1234567890123-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx",
    "stripe": f"sk_live_{_LONG}",
    "google": f"AIza{_LONG}abc",
    "hugging face": f"hf_{_LONG}",
    "npm": f"npm_{_LONG}abcd",
    "pypi": f"pypi-AgEIcHlwaS5vcmc{_LONG}",
    "sendgrid": f"SG.{_LONG[:22]}.{_LONG}abcd",
    "jwt": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{_LONG}",
    "private key": PEM,
}
"""Found by their form."""

PERSONAL: Final[dict[str, str]] = {
    "email": "ada.lovelace+notes@analytical-engine.example.org",
    "email with letters of her own": "grå@exämple.org",
    "phone": "+49 30 1234 56789",
    "phone in North America": "(415) 555-2671",
    "phone with dashes": "415-555-2671",
    "card": "4111 1111 1111 1111",
    "card without blanks": "378282246310005",
    "iban": "DE89 3704 0044 0532 0130 00",
    "iban without blanks": "GB82WEST12345698765432",
    "ssn": "123-45-6789",
    "ip": "203.0.113.77",
    "ip of version 6": "2001:db8::8a2e:370:7334",
}
"""Found by their form; each begins with its kind."""

KNOWN: Final[dict[str, str]] = {
    "plain": "correcthorse",
    "with blanks": "battery staple horse",
    "with signs": 'p"ß/w&rd?ö\\',
    "in another script": "秘密の合言葉",
    "with blanks and signs": 'say "秘密" twice',
}
"""Found by the letter."""

EVERYTHING: Final[tuple[Kind, ...]] = ("secret", "email", "phone", "card", "iban", "ssn", "ip")
"""Every kind."""

NAMED: Final[dict[str, str]] = {
    "a password in a URL": "postgres://ada:s3cr3t-Pa55@db.example.org:5432/shop",
    "a bearer token": "Authorization: Bearer abcDEF123456-opaque-token",
    "an assignment": "password = 'open sesame, please'",
    "JSON": '{"api_key": "an-opaque-key-of-mine", "n": 1}',
}
"""Found by what stands around them."""

PLANTED: Final = "\n".join([*SECRETS.values(), *PERSONAL.values(), *KNOWN.values(), *NAMED.values()])
"""A text with all of them."""

_TRACES: Final[dict[str, str]] = {
    **{f"{name}, by the letter": each for name, each in (SECRETS | PERSONAL | KNOWN).items() if each != PEM},
    **{f"line {number} of a private key": each for number, each in enumerate(PEM.splitlines()[1:-1])},
    "a password in a URL": "s3cr3t-Pa55",
    "a bearer token": "abcDEF123456-opaque-token",
    "an assignment": "open sesame, please",
    "JSON": "an-opaque-key-of-mine",
}


def found_in(data: str | bytes) -> list[str]:
    """Return the names of what is left of them in *data*, in any usual spelling."""
    raw = data.encode(errors="surrogatepass") if isinstance(data, str) else data
    return [name for name, each in _TRACES.items() if any(form.encode() in raw for form in _spellings(each))]


def _spellings(text: str) -> set[str]:
    escaped = json.dumps(text)[1:-1]
    return {text, escaped, json.dumps(escaped)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
