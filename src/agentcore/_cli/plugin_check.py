"""``agentcore plugins check``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from agentcore._cli.options import DURATION, common_options, json_option
from agentcore._cli.output import Output
from agentcore._inspection.checking import check_plugin
from agentcore._inspection.findings import PlacedFinding

__all__ = ["check"]


@click.command("check", short_help="Check a plugin without running it.")
@click.argument("target", metavar="NAME|MODULE|FILE[:ATTRIBUTE]")
@click.option("--strict", is_flag=True, help="Let warnings count as problems.")
@click.option(
    "--timeout", type=DURATION, metavar="TIME", default="60s", show_default=True, help="How long its import may take."
)
@json_option
@common_options
@click.pass_context
def check(context: click.Context, target: str, strict: bool, timeout: float, as_json: bool) -> None:
    """Check a plugin's hooks, arguments, annotations, config, API version and import, without running it.

    It may be installed, enabled or not, a module, or a file.
    It is imported in an interpreter of its own, and nothing of it is called.
    The exit code is 1 where there is a problem.
    """
    findings = check_plugin(target, timeout=timeout)
    bad = ("problem", "warning") if strict else ("problem",)
    sound = all(each.level not in bad for each in findings)
    output = Output()
    if as_json:
        output.json({"ok": sound, "checks": [attrs.asdict(each) for each in findings]})
    else:
        for each in findings:
            output.line(_text(each))
    context.exit(0 if sound else 1)


def _text(finding: PlacedFinding) -> str:
    if finding.level == "ok":
        return f"ok: {finding.message}"
    place = f"{_near(finding.path)}:{finding.line}: " if finding.path else ""
    hint = f"\n    hint: {finding.advice}" if finding.advice else ""
    return f"{place}{finding.level}: {finding.message}{hint}"


def _near(path: str) -> str:
    """Return *path* from the current folder, where it lies in that."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
