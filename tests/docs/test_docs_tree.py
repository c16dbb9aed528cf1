"""Every page can be found."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {each.stem for each in DOCS.glob("*.md")}


def _listed() -> list[str]:
    trees = re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / "index.md").read_text(encoding="utf-8"), re.DOTALL)
    return [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]


def test_every_page_is_in_a_table_of_contents() -> None:
    """Each page but the first is listed, once."""
    listed = [each for each in _listed() if not each.startswith("reference/")]
    assert sorted(listed) == sorted(PAGES - {"index"})


def test_links_between_pages_lead_somewhere() -> None:
    """What a page or the README links to in this repository is there; the reference is made by the build."""
    for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md"):
        for target in re.findall(r"\]\((?!https?:|#|reference/)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


def test_the_picture_of_a_run_has_every_hook_of_a_run() -> None:
    """The hooks that a run calls itself are in it, and no other names."""
    from agentcore._plugins import SPECIFICATIONS

    picture = (DOCS / "life-cycle.svg").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:agent|model|tool|context|knowledge|event|plugin)_[a-z]+\b", picture))
    of_a_run = {name for name, each in SPECIFICATIONS.items() if each.has_context}
    assert named == of_a_run - {"knowledge_query", "knowledge_update", "plugin_error"}


def ragged(page: str) -> list[str]:
    """The rows of tables on *page* that have more or fewer cells than their head; a `|` within a cell is escaped."""
    found: list[str] = []
    cells = 0
    for line in re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE).splitlines():
        count = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        if cells and count and count != cells:
            found.append(line)
        cells = (cells or count) if count else 0
    return found


def test_the_rows_of_tables_are_whole() -> None:
    """Each has a cell for each column: what is one too many is not shown."""
    pages = [*DOCS.glob("*.md"), *DOCS.parent.glob("plugins/*/README.md"), DOCS.parent / "README.md"]
    assert {page.name: rows for page in pages if (rows := ragged(page.read_text(encoding="utf-8")))} == {}


def test_a_row_that_is_not_whole_is_found() -> None:
    """Be a cell missing, or one too many; each table counts by itself."""
    page = "| a | b |\n|---|---|\n| `x|y` | 1 |\n| `x\\|y` | 1 |\n| x |\n\n| a |\n|---|\n| x |\n"
    assert ragged(page) == ["| `x|y` | 1 |", "| x |"]
