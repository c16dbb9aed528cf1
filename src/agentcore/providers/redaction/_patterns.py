"""What secrets and personal data look like, and who says so.

A name cannot be told from a word by its look, nor can an address: what is here is what has a form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from attrs import frozen

__all__ = ["KINDS", "PATTERNS", "TELLING_NAME", "TELLING_NAMES", "Kind", "Pattern"]

Kind: TypeAlias = Literal["secret", "email", "phone", "card", "iban", "ssn", "ip"]
"""What is looked for; also what stands in place of it, as ``[redacted:email]``."""

KINDS: Final[tuple[Kind, ...]] = ("secret", "email", "phone", "card", "iban", "ssn")
"""What is looked for where nothing else is said; addresses of machines are not."""


@frozen
class Pattern:
    """One form of one kind."""

    kind: str
    regex: re.Pattern[str]
    """Where it has a group named ``value``, only that is taken out."""
    length: Callable[[str], int] = len
    """How much of a match it is, from its first character; 0 where it is none."""


_TOKENS: Final[tuple[str, ...]] = (
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
    # OpenAI, Anthropic, OpenRouter, DeepSeek: https://platform.openai.com/docs/api-reference/authentication
    r"sk-[A-Za-z0-9_-]{16,}",
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    r"gh[pousr]_[A-Za-z0-9]{20,}",
    r"github_pat_[A-Za-z0-9_]{22,}",
    # https://docs.gitlab.com/security/tokens/#token-prefixes
    r"gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{16,}",
    # https://docs.slack.dev/authentication/tokens
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}",
    r"xapp-[A-Za-z0-9-]{10,}",
    # https://docs.stripe.com/keys
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}",
    r"whsec_[A-Za-z0-9+/=]{16,}",
    # https://cloud.google.com/docs/authentication/api-keys, https://cloud.google.com/docs/authentication/token-types
    r"AIza[A-Za-z0-9_-]{30,}",
    r"ya29\.[A-Za-z0-9_.-]{20,}",
    r"GOCSPX-[A-Za-z0-9_-]{20,}",
    # https://huggingface.co/docs/hub/security-tokens
    r"(?:hf|api_org)_[A-Za-z0-9]{20,}",
    # https://console.groq.com/docs/quickstart, https://docs.x.ai, https://replicate.com/docs/topics/security/api-tokens
    r"gsk_[A-Za-z0-9]{20,}",
    r"xai-[A-Za-z0-9]{20,}",
    r"r8_[A-Za-z0-9]{20,}",
    r"pplx-[A-Za-z0-9]{20,}",
    # https://docs.npmjs.com/about-access-tokens, https://pypi.org/help/#apitoken
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-[A-Za-z0-9_-]{16,}",
    # https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    # https://docs.digitalocean.com/reference/api/create-personal-access-token
    r"do[op]_v1_[a-f0-9]{40,}",
    # https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
    r"hv[sbr]\.[A-Za-z0-9_-]{20,}",
    # A JSON Web Token: https://datatracker.ietf.org/doc/html/rfc7519#section-3
    r"eyJ[A-Za-z0-9_-]{8,1024}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
)

TELLING_NAMES: Final = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|credentials?|bearer|authorization|cookie|token"
    r"|(?:api|access|account|auth|client|encryption|master|private|secret|shared|signing|subscription)[_-]?key"
)

"""What names of secrets end with."""

TELLING_NAME: Final = re.compile(rf"(?:.*(?:[^a-z]|(?-i:(?<=[a-z])(?=[A-Z]))))?(?:{TELLING_NAMES})", re.IGNORECASE)
"""Matches, as a whole, the name of what holds a secret: ``api_key``, ``dbPassword``; not ``max_tokens``."""


_LETTER: Final = r"[^\W\u2e80-\uffef]"
"""Of an address: none of the scripts that are written without blanks, where a word has no end to wait for."""
_LABEL: Final = rf"(?:{_LETTER}|-)"


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _card(text: str) -> int:
    """ISO/IEC 7812-1, annex B: the last digit is a checksum (Luhn).  Groups may follow that are not its own."""
    for end in range(len(text), 0, -1):
        if not text[end : end + 1].isdecimal() and text[end - 1].isdecimal() and _has_luhn(_digits(text[:end])):
            return end
    return 0


def _has_luhn(number: str) -> bool:
    digits = [int(each) for each in number]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return len(digits) >= 13 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_IBAN_LENGTHS: Final[Mapping[str, int]] = {
    country: int(length)
    for country, length in re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 "
        "FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 "
        "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 "
        "SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 ",
    )
}
"""By country: https://www.swift.com/standards/data-standards/iban-international-bank-account-number"""


def _iban(text: str) -> int:
    """ISO 13616-1: the length is the country's, and the remainder by 97 is 1."""
    signs = [index for index, each in enumerate(text) if each != " "]
    length = _IBAN_LENGTHS.get(text[:2], 0)
    if not 0 < length <= len(signs):
        return 0
    end = signs[length - 1] + 1
    number = text[:end].replace(" ", "")
    return end if int("".join(str(int(each, 36)) for each in number[4:] + number[:4])) % 97 == 1 else 0


def _phone(text: str) -> int:
    """ITU-T E.164: at most 15 digits."""
    return len(text) if 7 <= len(_digits(text)) <= 15 else 0


PATTERNS: Final[Mapping[str, tuple[Pattern, ...]]] = {
    "secret": (
        # https://datatracker.ietf.org/doc/html/rfc7468#section-10; OpenPGP's has a block.  One without an end goes on.
        Pattern(
            "secret",
            re.compile(
                r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
                r"(?:.*?-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|.*\Z)",
                re.DOTALL,
            ),
        ),
        Pattern("secret", re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_TOKENS)})")),
        # user:password@host, https://datatracker.ietf.org/doc/html/rfc3986#section-3.2.1
        # Bounded, as is a token's header: what fails behind a long part is tried again from each beginning in it.
        Pattern("secret", re.compile(r"(?<=://)[^\s/?#@:\"'<>]{0,256}:[^\s@\"'<>]{1,512}(?=@)")),
        # https://datatracker.ietf.org/doc/html/rfc6750#section-2.1 and rfc7617#section-2
        Pattern(
            "secret", re.compile(r"\b(?:bearer|basic)[ \t]{1,32}(?P<value>[A-Za-z0-9._~+/-]{8,}=*)", re.IGNORECASE)
        ),
        # password = "...", as people and programs write it; a value without its closing quote goes on to the end.
        Pattern(
            "secret",
            re.compile(
                rf"(?:{TELLING_NAMES})[\"']?\s{{0,32}}[:=]\s{{0,32}}"
                r"(?:\"(?P<double>(?:[^\"\\]|\\.)+)(?:\"|\Z)|'(?P<single>(?:[^'\\]|\\.)+)(?:'|\Z)|(?P<value>(?!(?:bearer|basic)\s)[^\s\"',;&]{6,}))",
                re.IGNORECASE,
            ),
        ),
    ),
    # https://datatracker.ietf.org/doc/html/rfc5322#section-3.4.1, the part of it that is in use
    "email": (
        Pattern("email", re.compile(rf"(?<!{_LETTER})(?<![.%+-])(?:{_LETTER}|[.%+-])+@(?:{_LABEL}+\.)+{_LABEL}{{2,}}")),
    ),
    "phone": (
        # https://www.itu.int/rec/T-REC-E.164
        Pattern("phone", re.compile(r"(?<![\w+])\+\d(?:[ ().-]{0,2}\d){6,14}(?!\d)"), _phone),
        # https://www.nanpa.com: the North American plan
        Pattern("phone", re.compile(r"(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])"), _phone),
    ),
    "card": (Pattern("card", re.compile(r"(?<![\d.])[2-6](?:[ -]?\d){12,18}(?!\d)"), _card),),
    "iban": (Pattern("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}"), _iban),),
    # https://www.ssa.gov/employer/randomization.html
    "ssn": (Pattern("ssn", re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")),),
    "ip": (
        Pattern(
            "ip", re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\.?\d)")
        ),
        # https://datatracker.ietf.org/doc/html/rfc4291#section-2.2
        Pattern("ip", re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])")),
        Pattern("ip", re.compile(r"(?<![\w:])(?=[0-9a-fA-F:]*::)(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:])")),
    ),
}
