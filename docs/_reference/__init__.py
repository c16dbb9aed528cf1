"""The reference, generated from the code whenever the documentation is built.

:func:`pages` makes the text of every page; nothing of Sphinx is needed for it, so that tests look at the same pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import api, commands, configuration, errors, hooks
from .pages import Page

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["FOLDER", "pages", "setup"]

FOLDER = "reference"
"""Below the documentation; git does not know it."""


def pages() -> Iterator[Page]:
    """Yield every page of the reference."""
    yield from hooks.pages()
    yield from configuration.pages()
    yield from commands.pages()
    yield from errors.pages()
    yield from api.pages()


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / FOLDER
    made = {folder / f"{each.name}.rst": each.text for each in pages()}
    for path in set(folder.rglob("*.rst")) - set(made):
        path.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Sphinx reads again what is newer than what it has read.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Have Sphinx write the pages before it looks for them, and find what their docstrings refer to."""
    from .docstrings import as_restructured, without_fields
    from .links import resolve

    app.connect("builder-inited", _write)
    app.connect("autodoc-process-docstring", hooks.without_example)
    app.connect("autodoc-process-docstring", as_restructured)
    app.connect("autodoc-process-signature", without_fields)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
