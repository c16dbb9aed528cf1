"""What is wrong with a signature, where, and what to do."""

import sys
from typing import Any

import pytest
from pydantic import BaseModel

from agentcore._signature import parse_signature
from agentcore.errors import AgentCoreError, SignatureError


class Ticket(BaseModel):
    title: str


class Node(BaseModel):
    child: "Nobody"  # type: ignore[name-defined]  # noqa: F821 - never to be found


class Opaque:
    """Nothing that pydantic can validate."""


TYPES: dict[str, Any] = {"Ticket": Ticket, "Node": Node, "Opaque": Opaque}

# "¦" marks the place of the error.
MALFORMED = [
    # names
    ("¦", "the signature is empty", "name at least one field"),
    ("  \n\t ¦", "the signature is empty", "name at least one field"),
    ("¦, a", "expected a field name, not ','", "begins with its name"),
    ("a,¦, b", "expected a field name, not ','", "begins with its name"),
    ("a: int,\n¦, b", "expected a field name, not ','", "begins with its name"),
    ("¦: int", "expected a field name, not ':'", "begins with its name"),
    ("¦1st: int", "expected a field name, not '1'", "begins with its name"),
    ("¦-> answer", "expected a field name, not '->'", "two signatures"),
    ("¦*args", "expected a field name, not '*'", "a name of its own"),
    ("¦a²: int", "'a²' cannot be a field name", "letters, digits and underscores"),
    ("¦class: str", "'class' is a word of the Python language", "write 'class_'"),
    ("a, ¦None", "'None' is a word of the Python language", "write 'None_'"),
    ("¦_private", "'_private' begins with an underscore", "write 'private'"),
    ("¦__", "'__' begins with an underscore", "write 'value'"),
    ("¦model_config: str", "'model_config' is taken by pydantic's BaseModel", "write 'model_config_'"),
    ("¦model_name: str", "'model_name' begins with 'model_'", "another word first"),
    ("¦copy: str", "'copy' is taken by pydantic's BaseModel", "write 'copy_'"),
    ("a: int, ¦a: str", "a second field 'a'", "a name of its own"),
    ("field, ¦ﬁeld", "a second field 'field'", "a name of its own"),
    # between the parts of a field
    ("a ¦b", "unexpected 'b'", "in this order"),
    ("question ¦-> answer", "unexpected '->'", "two signatures"),
    ("a¦; b", "unexpected ';'", "commas or line breaks"),
    ("a ¦# the first", "unexpected '#'", "begins with '|'"),
    ("a¦[int]", "unexpected '['", "in this order"),
    ("a?¦?", "unexpected '?'", "in this order"),
    # types
    ("lables: ¦lits[str]", "unknown type 'lits'", "did you mean 'list'?"),
    ("a: ¦lits[str]", "unknown type 'lits'", "did you mean 'list'?"),
    ("a: ¦strr", "unknown type 'strr'", "did you mean 'str'?"),
    ("a: ¦string", "unknown type 'string'", "did you mean 'str'?"),
    ("a: list[¦boolean]", "unknown type 'boolean'", "did you mean 'bool'?"),
    ("a: ¦Str", "unknown type 'Str'", "did you mean 'str'?"),
    ("a: ¦Tickets", "unknown type 'Tickets'", "did you mean 'Ticket'?"),
    ("a: list[dict[str, int | ¦Nnoe]]", "unknown type 'Nnoe'", "did you mean 'None'?"),
    ("a: dict['λ', ¦strr]", "unknown type 'strr'", "did you mean 'str'?"),
    ("a: dict[\n  str,\n  ¦imt]", "unknown type 'imt'", "did you mean 'int'?"),
    ("a: str | ¦lits[str]", "unknown type 'lits'", "begin it with '||'"),
    ("a: str | ¦Nnoe = None", "unknown type 'Nnoe'", "did you mean 'None'?"),
    ("a:¦", "a type is missing", "a type is written as"),
    ("a: ¦, b", "a type is missing", "a type is written as"),
    ("a: ¦\nb", "a type is missing", "a type is written as"),
    ("a: ¦= 5", "a type is missing", "a type is written as"),
    ("a: str |¦", "a type or a description is missing", "leave '|' out"),
    ("a: str | ¦, b: int", "a type or a description is missing", "leave '|' out"),
    ("a: str | ¦| b", "a type or a description is missing", "leave '|' out"),
    ("a: ¦Optional", "'Optional' needs types in brackets", "write Optional[str]"),
    ("a: ¦Union", "'Union' needs types in brackets", "write Union[str, int]"),
    ("a: ¦Literal", "'Literal' needs types in brackets", "write Literal['a', 'b']"),
    ("a: ¦dict[str]", "'dict' takes 2 types in its brackets, not 1", "write dict[str, int]"),
    ("a: ¦list[int, str]", "'list' takes one type in its brackets, not 2", "write list[str]"),
    ("a: ¦int[str]", "'int' takes no brackets", "write 'int'"),
    ("a: ¦Ticket[str]", "'Ticket' takes no brackets", "write 'Ticket'"),
    ("a: list[¦]", "unexpected ']' after '['", "a type is written as"),
    ("a: list[¦, int]", "unexpected ',' after '['", "a type is written as"),
    ("a: list[int |¦]", "unexpected ']' after '|'", "a type is written as"),
    ("a: dict[str ¦int]", "unexpected 'int' after 'str'", "is a comma missing?"),
    ("a: Literal['a' ¦'b']", "unexpected \"'b'\" after \"'a'\"", "is a comma missing?"),
    ("a: Literal[¦bug]", "this is no literal", "a text needs quotes: 'bug'"),
    ("a: Literal[¦1.5]", "this is no literal of a type", "write strings, whole numbers"),
    ("a: list[¦...]", "'...' is no type", "tuple[int, ...]"),
    ("a: ¦datetime.date", "a dotted name is no type", "write 'date'"),
    ("a: ¦[str]", "a list is no type", "write list[str]"),
    ("a: ¦(int, str)", "a tuple is no type", "write tuple[str, int]"),
    ("a: ¦{str: int}", "a dict is no type", "write dict[str, int]"),
    ("a: ¦{str}", "a set is no type", "write set[str]"),
    ("a: ¦list[str][int]", "this is no type", "known: "),
    ("a: set[¦list[int]]", "a list, a set or a dict cannot be a key", "write tuple"),
    ("a: dict[¦dict[str, int] | str, str]", "a list, a set or a dict cannot be a key", "write tuple"),
    ("a: ¦Opaque", "pydantic cannot validate the type 'Opaque'", "use pydantic models"),
    ("a: list[¦Node]", "pydantic cannot validate the type 'Node'", "use pydantic models"),
    ("a: the ¦ticket", "unexpected 'ticket' after 'the'", "begins with '|'"),
    ("a: str¦?", "unexpected '?' after 'str'", "directly behind the name"),
    ("a: int¦: 5", "unexpected ':' after 'int'", "before the default"),
    ("a: str ¦-> int", "unexpected '->' after 'str'", "two signatures"),
    ("a: str ¦# why", "unexpected '#'", "begins with '|'"),
    ("a: list[str] ¦\\\n", "unexpected '\\\\'", "several lines without it"),
    ("a: ¦a²", "'a²' is not a name", "letters, digits and underscores"),
    ("a: list.¦", "nothing follows '.'", "a type is written as"),
    # brackets and quotes
    ("a: list¦[str", "'[' is never closed", "close it with ']'"),
    ("a: list¦[str\nb: int | it's", "'[' is never closed", "close it with ']'"),
    ("a: dict¦[str, list[int]", "'[' is never closed", "close it with ']'"),
    ("a: list¦[\n  str\nb: int]", "'[' is never closed", "close it with ']'"),
    ("a: str¦]", "']' closes nothing", "leave it out"),
    ("a: list[str¦)", "')' closes nothing", "leave it out"),
    ("a: Literal[¦'bug]", "the quote is never closed", "close it with ' on the same line"),
    ('a: ¦"bug\n"', "the quote is never closed", 'close it with " on the same line'),
    # strings and numbers
    (r"a: 'a¦\d'", r"unknown escape \d", r"write \\d"),
    (r"a: b'¦\u0041'", r"unknown escape \u", r"write \\u"),
    (r"a: Literal['b', ¦'\x4']", "this cannot be read", "a wrong escape"),
    (r"a: ¦'\x4'", "this cannot be read", "a wrong escape"),
    (r"a: ¦'\N{NOBODY}' | int", "this cannot be read", "a wrong escape"),
    ("a = ¦f'{b}'", "an f-string is not a literal", "write plain quotes"),
    ("a = ¦q'b'", "a string of an unknown kind is not a literal", "write plain quotes"),
    ("a: int = 0¦777", "unexpected '777' after '0'", "one literal"),
    ("a: int = 1¦j", "unexpected 'j' after '1'", "begins with '|'"),
    ("a: int = ¦0x" + "f" * 600, "the number is too large", "write it as a text"),
    ("a: int = ¦" + "9" * 5000, "this cannot be read", "a number is too large"),
    ("a = ¦'\\ud800 λ'", "half of a character", "decode it from UTF-8"),
    ("a | ¦\ud800", "half of a character", "decode it from UTF-8"),
    # defaults
    ("a: int =¦", "a default is missing", "one literal"),
    ("a: int = ¦| b", "a default is missing", "one literal"),
    ("a: int = ¦'5'", "the default '5' does not fit the type", "write a default of the type int"),
    ("a: bool = ¦1", "the default 1 does not fit the type", "write a default of the type bool"),
    ("a: 'x' | 'y' = ¦'z'", "the default 'z' does not fit the type", "of the type 'x' | 'y'"),
    ("a: bytes = ¦{b'x': 1}", "does not fit the type", "of the type bytes"),
    ("a: Ticket = ¦{'titel': 'b'}", "does not fit the type: Field required", "of the type Ticket"),
    ("a = ¦5", "the default 5 does not fit the type", "write 'a: int = …'"),
    ("a: int = ¦None", "the default None does not fit the type", "write 'a?'"),
    ("a = ¦hello", "this is no literal", "a text needs quotes: 'hello'"),
    ("a: bool = ¦true", "this is no literal", "did you mean 'True'?"),
    ("a: int | None = ¦null", "this is no literal", "did you mean 'None'?"),
    ("a: set[int] = ¦set()", "this is no literal", "write []"),
    ("a: int = ¦-True", "this is no literal", "write a string, a number"),
    ("a: int = 1 ¦+ 1", "unexpected '+' after '1'", "one literal"),
    ("a: int = ¦...", "this is no literal", "write a string, a number"),
    ("a: dict[str, int] = {¦[1]: 2}", "cannot be a key", "write a tuple"),
    ("a: dict[str, int] = ¦{'x': 1, 'y'}", "this cannot be read", "a wrong escape"),
    ("a: int = 5 ¦6", "unexpected '6' after '5'", "one literal"),
    ("a: int = 5 ¦= 6", "unexpected '=' after '5'", "once"),
    ("a: int = 5 | ¦= 6", "a description is missing", "'||' begins a description"),
    # descriptions
    ("a |¦", "a description is missing", "leave '|' out"),
    ("a | ¦\nb", "a description is missing", "leave '|' out"),
    ("a | ¦, b: int", "a description is missing", "leave '|' out"),
    ("a ||¦", "a description is missing", "leave '|' out"),
    ("a || \t¦\nb", "a description is missing", "leave '|' out"),
    ("a | short, note: no ¦markdown", "unexpected 'markdown'", "description of 'a', begin that with '||'"),
    ("a | short, ¦if: it is", "'if' is a word of the Python language", "description of 'a', begin that with '||'"),
    # code
    ("a: ¦__import__('os')", "a call is no type", "nothing here is evaluated"),
    ("a = ¦__import__('os').system('true')", "this is no literal", "write a string, a number"),
    ("a: ¦os.system('true')", "a call is no type", "nothing here is evaluated"),
    ("a: list[¦open('f')]", "a call is no type", "nothing here is evaluated"),
    ("a: ¦lambda: 0", "unexpected 'lambda'", "nothing is evaluated"),
    ("a = [b ¦for b in c]", "unexpected 'for' after 'b'", "is a comma missing?"),
    ("a = ¦await b", "unexpected 'await'", "nothing is evaluated"),
    ("a = (b ¦:= 5)", "unexpected ':' after 'b'", "before the default"),
    ("a = 1 ¦if b else 2", "unexpected 'if' after '1'", "begins with '|'"),
    ("a: ¦`id`", "unexpected '`'", "a type is written as"),
    ("a = ¦*b", "unexpected '*'", "one literal"),
    ("a: str ¦@ b", "unexpected '@'", "a type is written as"),
    # size
    ("a: " + "list[" * 32 + "list¦[int" + "]" * 33, "more than 32 brackets", "register a model"),
    ("a = " + "(" * 32 + "¦(" + ")" * 33, "more than 32 brackets", "register a model"),
    ("a: " + "list[" * 32 + "list¦[" * 1 + "list[" * 5000, "more than 32 brackets", "register a model"),
    ("a: list[" + "int | " * 499 + "int ¦| " + "int | " * 9000 + "int]", "more than 500 parts", "under a name"),
    ("a: list" + "[0]" * 500 + "¦[0]" + "[0]" * 9000, "more than 500 parts", "under a name"),
    ("a = b" + "()" * 500 + "¦()" + ".b" * 9000, "more than 500 parts", "under a name"),
    ("a = -¦" + "-" * 9000 + "1", "unexpected '-' after '-'", "one literal"),
    (", ".join(f"a{n}" for n in range(256)) + ", ¦a256", "more than 256 fields", "group them in models"),
    ("a" * 65_536 + "¦b", "at most 65,536 characters, not 65,537", "group fields in models"),
]


def shortened(value: object) -> str | None:
    return value[:40] if isinstance(value, str) else None


@pytest.mark.parametrize(("marked", "message", "hint"), MALFORMED, ids=shortened)
def test_an_error_shows_the_place_and_says_what_to_do(marked: str, message: str, hint: str) -> None:
    """Each malformed signature has its own message, the exact position, and a hint."""
    text = marked.replace("¦", "")
    with pytest.raises(SignatureError) as caught:
        parse_signature(text, types=TYPES)
    error = caught.value
    assert message in error.message
    assert error.position == marked.index("¦")
    assert hint in error.hint
    assert f"hint: {error.hint}" in str(error)


def test_the_error_is_a_value_error_with_the_text() -> None:
    """A caller may catch what Python itself would raise."""
    with pytest.raises(ValueError, match="unknown type") as caught:
        parse_signature("a: int\nb: strr")
    assert isinstance(caught.value, AgentCoreError)
    assert "\n  b: strr\n     ^\n" in str(caught.value)


def test_the_cause_is_kept() -> None:
    """What pydantic said of a default is not lost."""
    with pytest.raises(SignatureError) as caught:
        parse_signature("a: int = 'x'")
    assert "validation error" in str(caught.value.__cause__)


def test_a_huge_text_is_not_repeated() -> None:
    """The error about a text that is too long does not carry all of it."""
    with pytest.raises(SignatureError) as caught:
        parse_signature("a" * 10_000_000)
    assert len(caught.value.text) == caught.value.position == 65_536


@pytest.mark.parametrize("text", ["[" * 60_000, "a: " + "(" * 60_000, "a = " + "{1: " * 15_000])
def test_depth_never_exhausts_the_stack(text: str) -> None:
    """However deep a text is, and however little of the stack is left to it, it is refused as a text."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        with pytest.raises(SignatureError):
            parse_signature(text)
    finally:
        sys.setrecursionlimit(limit)
