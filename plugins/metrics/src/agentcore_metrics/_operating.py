"""``agentcore metrics grafana`` and ``agentcore metrics rules``: what operators load into their own tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar, get_args

import click

from agentcore_metrics._config import Dialect
from agentcore_metrics._output import print_json
from agentcore_metrics._queries import Panel, alerts, panels

__all__ = ["add_operating"]

F = TypeVar("F", bound=Callable[..., Any])

_WIDTH: Final = 12
"""Of a drawing: Grafana divides the page into 24."""
_HEIGHT: Final = 8

_dialect = click.option(
    "--dialect",
    type=click.Choice(get_args(Dialect)),
    default="1.41.1",
    show_default=True,
    help="The conventions that the names follow, as in the plugin's config.",
)


def add_operating(group: click.Group) -> None:
    """Add the commands to *group*."""

    @group.command("grafana", short_help="A dashboard for Grafana, as JSON.")
    @_dialect
    def grafana(dialect: Dialect) -> None:
        """A dashboard for Grafana, as JSON: save it to a file and import it."""
        print_json(dashboard(dialect))

    @group.command("rules")
    @_dialect
    @click.option(
        "--hourly-cost",
        type=click.FloatRange(0, min_open=True),
        default=10.0,
        show_default=True,
        metavar="USD",
        help="What the agents may cost in an hour.",
    )
    def rules(dialect: Dialect, hourly_cost: float) -> None:
        """Alert rules for Prometheus, as YAML: name the file in rule_files."""
        click.echo(rule_file(dialect, hourly_cost), nl=False)


def dashboard(dialect: Dialect) -> dict[str, Any]:
    """Return the dashboard as Grafana's JSON model."""
    drawn = [_drawn(index, each) for index, each in enumerate(panels(dialect))]
    return {
        "title": "agentcore",
        "uid": f"agentcore-{dialect.replace('.', '-')}",
        "tags": ["agentcore"],
        "schemaVersion": 39,
        "time": {"from": "now-24h", "to": "now"},
        "refresh": "1m",
        "templating": {
            "list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}]
        },
        "panels": drawn,
    }


def _drawn(index: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "id": index + 1,
        "type": "stat" if panel.is_number else "timeseries",
        "title": panel.title,
        "datasource": source,
        "gridPos": {"x": index % 2 * _WIDTH, "y": index // 2 * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": source, "expr": query, "legendFormat": legend}
            for number, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def rule_file(dialect: Dialect, hourly_cost: float) -> str:
    """Return the alert rules as YAML, of which JSON's strings are a part."""
    lines = ["groups:", "  - name: agentcore", "    rules:"]
    for each in alerts(dialect, hourly_cost=hourly_cost):
        lines += [
            f"      - alert: {each.name}",
            f"        expr: {json.dumps(each.query)}",
            f"        for: {each.wait}",
            f"        labels: {{severity: {each.severity}}}",
            f"        annotations: {{summary: {json.dumps(each.summary)}}}",
        ]
    return "\n".join(lines) + "\n"
