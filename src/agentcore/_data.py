"""The decorator behind every value type here: slotted, keyword-only, frozen where it is checked."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import frozen as data
else:
    from functools import partial

    from attrs import define

    # Freezing at run time makes each construction three times as dear (attrs then goes through
    # object.__setattr__ for every field), and a run makes dozens of these.  Type checkers see the frozen class.
    data = partial(define, unsafe_hash=True)

__all__ = ["data"]
