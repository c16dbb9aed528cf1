"""Where a setting stands in its file."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentcore._config.positions import locate
from agentcore._config.shapes import is_list, is_mapping

DOCUMENT = '''\
# model = "commented out"
model = "local"

enabled = [
  "a",
  "b",  # strict = true
]
text = """
disabled = ["not here"]
"""

[plugins.metrics]
  port = 9464
"quoted key" = 1

[ hooks . "agent_start" ]
timeout = "5s"

[delivery]
metrics.timeout = "5s"
vectorstore = { "hook-timeout" = 1, hook_timeout = 2, timeout = "7s" }

[[models.local.servers]]
url = "x"
'''


@pytest.mark.parametrize(
    ("keys", "position"),
    [
        (["model"], (2, 1)),
        (["enabled"], (4, 1)),
        (["enabled", 1], (4, 1)),
        (["text"], (8, 1)),
        (["plugins"], (12, 2)),
        (["plugins", "metrics"], (12, 10)),
        (["plugins", "metrics", "port"], (13, 3)),
        (["plugins", "metrics", "quoted key"], (14, 1)),
        (["hooks", "agent_start"], (16, 11)),
        (["hooks", "agent_start", "timeout"], (17, 1)),
        (["delivery", "metrics"], (20, 1)),
        (["delivery", "metrics", "timeout"], (20, 9)),
        (["delivery", "vectorstore", "timeout"], (21, 55)),
        (["models", "local", "servers", 0, "url"], (23, 16)),
    ],
    ids=lambda value: ".".join(map(str, value)) if is_list(value) else "",
)
def test_key_is_found_where_it_is_written(keys: list[str | int], position: tuple[int, int]) -> None:
    """The place is that of the key itself, not of a comment, a text or another table that looks like it."""
    assert locate(DOCUMENT, keys) == position


@pytest.mark.parametrize(
    "keys",
    [[], [0], ["disabled"], ["strict"], ["plugins", "metrics", "host"], ["model", "x"], ["port"]],
    ids=str,
)
def test_key_that_is_not_there_has_no_place(keys: list[str | int]) -> None:
    """What only looks like a key is not found."""
    assert locate(DOCUMENT, keys) is None


def test_key_in_an_unusual_spelling_is_found_at_its_statement() -> None:
    """An escaped key has the place where its statement begins."""
    assert locate('a = 1\n  "\\u0062" = 2\n', ["b"]) == (2, 3)


def test_line_ends_of_other_kinds_within_a_text_are_no_lines() -> None:
    """Only the line ends that TOML knows are counted."""
    assert locate('a = "x\u2028y\u0085z"\nb = 1', ["b"]) == (2, 1)


def test_long_file_is_searched_by_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is parsed a few times, and not once for each of its lines."""
    parsed: list[int] = []
    loads = tomllib.loads

    def counting(text: str) -> dict[str, Any]:
        parsed.append(len(text))
        return loads(text)

    monkeypatch.setattr(tomllib, "loads", counting)
    text = "\n".join(f"key{number} = {number}" for number in range(2000))
    assert locate(text, ["key1500"]) == (1501, 1)
    assert len(parsed) < 20


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=5)
values = st.recursive(
    st.integers(-9, 9) | st.booleans() | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)


def quoted(value: Any) -> str:
    """Return *value*, a text, a number or a truth value, as TOML has it."""
    return json.dumps(value, ensure_ascii=False)


def inline(value: Any) -> str:
    """Return *value* as TOML on one line."""
    if is_mapping(value):
        return "{" + ", ".join(f"{quoted(key)} = {inline(each)}" for key, each in value.items()) + "}"
    if is_list(value):
        return "[" + ",\n".join(map(inline, value)) + "]"
    return quoted(value)


def written(table: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> str:
    """Return *table* as a TOML document, the tables in it under headers of their own."""
    header = f"\n[{'.'.join(map(quoted, prefix))}]\n" if prefix else ""
    plain = "".join(f"{quoted(key)} = {inline(v)}\n" for key, v in table.items() if not is_mapping(v))
    return header + plain + "".join(written(v, (*prefix, key)) for key, v in table.items() if is_mapping(v))


def paths(table: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the path of each key in *table*."""
    here = [(*prefix, key) for key in table]
    return here + [path for key, each in table.items() if is_mapping(each) for path in paths(each, (*prefix, key))]


@given(st.dictionaries(names, values, min_size=1, max_size=4))
def test_every_key_of_any_document_has_a_place(table: dict[str, Any]) -> None:
    """Whatever the document, each key is found, and the lines up to it do not yet hold it."""
    text = written(table)
    assert tomllib.loads(text) == table
    for path in paths(tomllib.loads(text)):
        position = locate(text, path)
        assert position is not None
        before = "\n".join(text.split("\n")[: position.line - 1])
        assert position.line <= text.count("\n") + 1
        assert locate(before, path) is None
