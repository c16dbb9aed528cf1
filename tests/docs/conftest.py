"""What the tests of the documentation share."""

import sys
from pathlib import Path

# The reference's own generator, which Sphinx imports from there, too.
sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
