"""The input of a run, as the command line gives it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from agentcore._agents import BaseAgent
from agentcore._config.type_names import type_name
from agentcore._tools import validation_problems
from agentcore.errors import InputError, nearest

__all__ = ["checked", "parse_json", "read_inputs"]


def read_inputs(given: Sequence[str], agent: BaseAgent[Any]) -> dict[str, Any]:
    """Return the fields that the values of ``--input`` name.

    Each is ``name=text`` or ``name:=json``, or the value alone where the agent needs one field.
    A text ``@path`` stands for what is in the file, ``-`` for standard input.

    Raises:
        InputError: They cannot be read, or do not fit the agent.
    """
    fields: dict[str, Any] = {}
    read = _Reader()
    for each in given:
        name, value = _named(each, agent, read)
        if name in fields:
            raise InputError(f"the input field {name!r} is given twice")
        fields[name] = value
    return fields


def _named(given: str, agent: BaseAgent[Any], read: Callable[[str, str], str]) -> tuple[str, Any]:
    name, equals, text = given.partition("=")
    as_json = name.endswith(":")
    name = name.removesuffix(":")
    if equals and name.isidentifier() and _is_field(name, agent.input_model):
        text = read(name, text)
        return name, _json(name, text) if as_json else text
    name = _only_field(given, agent)
    return name, read(name, given)


def _is_field(name: str, model: type[BaseModel] | None) -> bool:
    """Say whether what stands before an equals sign is meant as a field's name.

    A sentence may well begin like one; a name that is almost that of a field is a slip.
    """
    if model is None or name in model.model_fields or model.model_config.get("extra") == "allow":
        return True
    close = get_close_matches(name, model.model_fields, n=1, cutoff=0.7)
    if close or _only(model) is None:
        raise InputError(f"the agent has no input field {name!r}", hint=nearest(name, model.model_fields))
    return False


def _only_field(given: str, agent: BaseAgent[Any]) -> str:
    model = agent.input_model
    name = None if model is None else _only(model)
    if name is not None:
        return name
    known = "" if model is None else f" It takes: {', '.join(model.model_fields)}."
    shown = given if len(given) <= 40 else f"{given[:39]}…"
    raise InputError(
        f"agent {agent.name!r} cannot tell which field {shown!r} is for", hint=f"write --input NAME=VALUE.{known}"
    )


def _only(model: type[BaseModel]) -> str | None:
    """Return the field that a value without a name is for; None where there is no telling."""
    names = list(model.model_fields)
    required = [name for name in names if model.model_fields[name].is_required()]
    one = required if len(required) == 1 else names
    return one[0] if len(one) == 1 else None


class _Reader:
    """Reads what a value stands for; standard input once."""

    def __init__(self) -> None:
        self._reads_stdin = ""

    def __call__(self, name: str, text: str) -> str:
        if text == "-":
            return self._stdin(name)
        if text.startswith("@"):
            return _file(Path(text[1:]).expanduser())
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"the input field {name!r} is not UTF-8 text") from error
        return text

    def _stdin(self, name: str) -> str:
        if self._reads_stdin:
            raise InputError(
                f"standard input is asked for twice, by {self._reads_stdin!r} and by {name!r}",
                hint="put one of the two into a file: NAME=@path.",
            )
        self._reads_stdin = name
        try:
            return sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError("standard input is not UTF-8 text") from error
        except OSError as error:
            raise InputError(f"standard input cannot be read: {error.strerror}") from error


def _file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"the file {str(path)!r} is not UTF-8 text") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"the file {str(path)!r} cannot be read: {reason}",
            hint="a text that begins with '@' is written as JSON: NAME:='\"@…\"'.",
        ) from error


def _json(name: str, text: str) -> Any:
    hint = f"write {name}=… for a text, {name}:=… for JSON."
    return parse_json(text, what=f"the input field {name!r}", hint=hint)


def parse_json(text: str, *, what: str, hint: str) -> Any:
    """Return the JSON value that *text* is.

    Raises:
        InputError: It is none; the message begins with *what*.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}" if "\n" in text.strip() else f"column {error.colno}"
        raise InputError(f"{what} is not JSON: {error.msg} ({place})", hint=hint) from error
    except (RecursionError, ValueError) as error:  # ValueError: NaN, or a number of thousands of digits
        fault = "nested too deeply" if isinstance(error, RecursionError) else error
        raise InputError(f"{what} is not JSON: {fault}", hint=hint) from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number there")


def checked(fields: Mapping[str, Any], agent: BaseAgent[Any]) -> None:
    """Raise where *fields* do not fit the agent, before anything is started for it.

    Raises:
        InputError: A field is missing, unknown or of the wrong type.
    """
    if agent.input_model is None:
        return
    try:
        agent.input_model.model_validate(fields)
    except ValidationError as error:
        raise InputError(
            f"the input does not fit agent {agent.name!r}: {validation_problems(error)}",
            hint=_mending(error, fields, agent.input_model),
        ) from error


def _mending(error: ValidationError, fields: Mapping[str, Any], model: type[BaseModel]) -> str:
    details = error.errors(include_url=False, include_input=False)
    missing = [str(each["loc"][0]) for each in details if each["type"] == "missing" and len(each["loc"]) == 1]
    if missing:
        values = " ".join(f"--input {name}=…" for name in missing)
        return f"give it: {values} (@path takes a file, - standard input)."
    texts = [each["loc"][0] for each in details if each["loc"] and isinstance(fields.get(str(each["loc"][0])), str)]
    if texts and any(each["type"].endswith("_type") for each in details):
        return f"what is no text is written as JSON: --input '{texts[0]}:=…'."
    known = [f"{name} ({type_name(info)})" for name, info in model.model_fields.items()]
    return f"it takes: {', '.join(known)}."
