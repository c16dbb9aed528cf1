"""What a process holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["resident"]

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
