"""How Sphinx builds the documentation: ``tox -e docs``."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "agentcore"
copyright = "2026, The agentcore founders"
release = version = version_of("agentcore-framework")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "_reference"]
exclude_patterns = ["_*"]
nitpicky = True
nitpick_ignore_regex = [
    # Types of other packages, whose inventories are not to be had without the network.
    ("py:.*", r"(_pytest|attrs|click|httpx2|numpy|np|opentelemetry|pluggy|pydantic|pydantic_ai|pytest)(\..*)?"),
    ("py:class", r"ArrayLike|BaseModel|Command|NDArray|Path"),
    # Annotations may name what is private: type variables, bases, what a callback gets.
    ("py:(class|obj)", r"agentcore\w*\.(.+\.)?_.*"),
    (
        "py:class",
        r"Config|CostSource|Delivering|FailureLog|Hooks|Incident|Knowledge|Number|Only|OutputT|P|Progress|SignatureSpec"
        r"|Since|T|TheirModel",
    ),
    # Sphinx reads the signatures of generic classes from what Python makes of them.
    ("py:(class|obj)", r"typing\.~P|typing_extensions\.Unpack"),
]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True

# From Debian's python3.11-doc; a build must not need the network.
intersphinx_mapping = {"python": ("https://docs.python.org/3", "_inventories/python.inv")}

# What a page defines is on the page; in the navigation of every page it would cost a third of the build.
toc_object_entries = False

html_theme = "furo"
html_title = f"agentcore {release}"
html_copy_source = False
