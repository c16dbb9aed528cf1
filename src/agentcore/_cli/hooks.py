"""``agentcore hooks``."""

from __future__ import annotations

import re
from inspect import Parameter, getdoc, signature
from typing import Any, Final

import click

from agentcore._cli.options import common_options, json_option
from agentcore._cli.output import Output
from agentcore._plugins import SPECIFICATIONS, HookSpecification
from agentcore.errors import ConfigError, nearest

__all__ = ["hooks", "known_hook"]

_ROLE: Final = re.compile(r":[a-z:]+:`~?(?:agentcore\.)?([^`]+)`")
_KIND: Final = re.compile(r"^(Event|Value hook|Collecting hook): ")
_CODE: Final = re.compile(r"``([^`]+)``")


def known_hook(name: str, known: Any = SPECIFICATIONS) -> str:
    """Return *name*.

    Raises:
        ConfigError: It is not in *known*.
    """
    if name not in known:
        raise ConfigError(f"there is no hook {name!r}", hint=nearest(name, known))
    return name


@click.command("hooks", short_help="List the hooks, and print their contracts.")
@click.argument("name", required=False)
@json_option
@common_options
def hooks(name: str | None, as_json: bool) -> None:
    """List the hooks that plugins may implement; with NAME, print its whole contract."""
    output = Output()
    if name is None:
        records = [_record(each) for each in SPECIFICATIONS.values()]
        if as_json:
            output.json(records)
        else:
            rows = [(each["name"], each["kind"], each["summary"]) for each in records]
            output.table(("hook", "kind", "summary"), rows, fixed=2)
        return
    record = _record(SPECIFICATIONS[known_hook(name)])
    if as_json:
        output.json(record)
    else:
        output.line(f"{record['kind']} hook\n\n{record['signature']}\n\n{record['contract']}")


def _record(specification: HookSpecification[..., Any]) -> dict[str, Any]:
    contract = _plain(getdoc(specification.function) or "")
    return {
        "name": specification.name,
        "kind": specification.kind.value,
        "arguments": list(specification.arguments),
        "signature": _signature(specification),
        "summary": _KIND.sub("", " ".join(contract.partition("\n\n")[0].split())),
        "contract": contract,
    }


def _plain(text: str) -> str:
    """Return a docstring without the marks of its markup."""
    return _CODE.sub(r"\1", _ROLE.sub(r"\1", text))


def _signature(specification: HookSpecification[..., Any]) -> str:
    """Write the hook's signature as its source does, an argument on each line where it is long."""
    found = signature(specification.function)
    arguments = [_argument(each) for each in found.parameters.values()]
    line = f"{specification.name}({', '.join(arguments)}) -> {found.return_annotation}"
    if len(line) <= 100:
        return line
    lines = "".join(f"    {each},\n" for each in arguments)
    return f"{specification.name}(\n{lines}) -> {found.return_annotation}"


def _argument(parameter: Parameter) -> str:
    default = "" if parameter.default is Parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {parameter.annotation}{default}"
