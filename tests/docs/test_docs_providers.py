"""The page of the built-in providers says all that can be configured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from agentcore._plugins import installed_plugins

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
PROVIDERS = {each.name: each for each in installed_plugins() if each.builtin}


def test_each_has_a_section() -> None:
    """In the page, and a line in the table at its top."""
    assert {*SECTIONS} == {*PROVIDERS}
    assert sorted(re.findall(r"^\| \[`(\w+)`\]", PAGE, re.MULTILINE)) == sorted(PROVIDERS)


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_key_is_there(name: str) -> None:
    """In the order of the configuration, and no other, with what it is where nobody says anything."""
    model: type[BaseModel] = PROVIDERS[name].entry_point.load().Config
    rows = re.findall(r"^\| `(\w+)` \| (.*?) ?\| .+ \|$", SECTIONS[name], re.MULTILINE)
    assert [key for key, _ in rows] == [*model.model_fields]
    for key, said in rows:
        if said.startswith("`"):
            assert said.strip("`") == json.dumps(model.model_fields[key].default, default=str)
