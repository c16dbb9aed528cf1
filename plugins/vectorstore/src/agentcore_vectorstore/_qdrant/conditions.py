"""From a filter to Qdrant's conditions."""

from __future__ import annotations

from typing import Any

from qdrant_client import models

from agentcore_vectorstore._filters import EVERYTHING, And, Compare, Contains, Exists, Filter, Not, Or
from agentcore_vectorstore._filters.meaning import is_number
from agentcore_vectorstore._qdrant.facts import fact, finite, number_name
from agentcore_vectorstore.protocols import Scope

__all__ = ["is_fact", "scope_filter", "split"]


def scope_filter(scope: Scope, *more: Any, expiring: bool = True) -> models.Filter:
    """Return the filter of what belongs to *scope*, as far as Qdrant can say it.

    Args:
        scope: What is searched.
        more: Conditions beside.
        expiring: Whether points may have expired.
    """
    native, _ = split(scope.filter)
    must = [*native, *more]
    if scope.namespace:
        must.append(_is("within", scope.namespace))
    expired = models.FieldCondition(key="expires", range=models.Range(lte=scope.now))
    return models.Filter(must=must, must_not=[expired] if expiring else [])


def is_fact(hash: str) -> Any:
    """Return the condition that a point has a fact."""
    return _is("facts", hash)


def split(filter: Filter) -> tuple[list[Any], Filter]:
    """Return the conditions of the part of *filter* that Qdrant can say, and the rest, which Python has to look at."""
    parts = filter.parts if isinstance(filter, And) else (filter,)
    said: list[Any] = []
    rest: list[Filter] = []
    for part in parts:
        condition = _condition(part)
        if condition is None:
            rest.append(part)
        else:
            said.append(condition)
    return said, And(tuple(rest)) if rest else EVERYTHING


def _condition(filter: Filter) -> Any | None:
    """The condition that means the same; None where there is none."""
    match filter:
        case And(parts):
            made: list[Any] = [_condition(part) for part in parts]
            return None if None in made else models.Filter(must=made)
        case Or(parts):
            made = [_condition(part) for part in parts]
            nothing = models.HasIdCondition(has_id=[])
            return None if None in made else models.Filter(should=made) if made else models.Filter(must=[nothing])
        case Not(part):
            condition = _condition(part)
            return None if condition is None else models.Filter(must_not=[condition])
        case Exists(path):
            return is_fact(fact("exists", path))
        case Contains(path, value):
            # Of a text, it may be a part, and a fact knows whole values alone.
            return None if isinstance(value, (str, list, dict)) else is_fact(fact("contains", path, value))
        case Compare(path, "==", value):
            return None if isinstance(value, (list, dict)) else is_fact(fact("is", path, value))
        case Compare(path, sign, value):
            if not is_number(value):
                return None
            bound = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}[sign]
            name = f"numbers.{number_name(path)}"
            return models.FieldCondition(key=name, range=models.Range(**{bound: finite(value)}))


def _is(key: str, value: str) -> Any:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))
