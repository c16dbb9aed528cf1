"""Dashboards and rules, and a Prometheus server that answers them.

The server comes with the system (Debian: ``apt-get install prometheus``); where there is none its tests are left out,
but never where CI is set.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
from metrics_support import Command, Events
from metrics_telemetry import Truth, client_of, free_port, plugins_of, provider_of, run_many, scraped

from agentcore import Document, ExecutionContext, Hit, KnowledgeQuery, hookimpl
from agentcore_metrics._config import Dialect
from agentcore_metrics._names import INSTRUMENTS

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None and "CI" not in os.environ, reason="Prometheus is not installed"
)

DIALECTS = get_args(Dialect)


def expressions(command: Command, dialect: str) -> Iterator[str]:
    """Every query of the dashboard and of the rules."""
    dashboard = json.loads(command("grafana", "--dialect", dialect).stdout)
    for panel in dashboard["panels"]:
        yield from (each["expr"].replace("$__rate_interval", "1m") for each in panel["targets"])
    rules = command("rules", "--dialect", dialect).stdout
    yield from (json.loads(each) for each in re.findall(r"expr: (.*)", rules))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_name_that_is_asked_for_is_in_the_table(command: Command, dialect: Dialect) -> None:
    """And every metric of the table is asked for: nothing is measured that nobody looks at."""
    asked = {
        name
        for each in expressions(command, dialect)
        for name in re.findall(r"\b(?:gen_ai|agentcore)_\w+(?=[{\[])", each)
    }
    known = {
        f"{each.prometheus}{suffix}"
        for each in INSTRUMENTS[dialect].values()
        for suffix in (("_bucket", "_sum", "_count") if each.buckets else ("",))
    }
    assert asked <= known
    for each in INSTRUMENTS[dialect].values():
        assert any(name.startswith(each.prometheus) for name in asked), each.name


def test_a_dashboard_has_a_place_for_every_drawing(command: Command) -> None:
    """None lies on another, and each has a unit and a legend."""
    panels = json.loads(command("grafana").stdout)["panels"]
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in panels]
    assert len(set(places)) == len(places)
    assert all(each["fieldConfig"]["defaults"]["unit"] for each in panels)
    assert all(target["legendFormat"] for each in panels for target in each["targets"])


def test_what_may_be_spent_in_an_hour_is_the_operators_choice(command: Command) -> None:
    """And stands in the rule."""
    assert "/ 1e12 > 2.5" in command("rules", "--hourly-cost", "2.5").stdout
    assert command("rules", "--hourly-cost", "0").exit_code == 2


class Server:
    """A Prometheus server that asks one endpoint each second."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def get(self, path: str, **parameters: str) -> Any:
        """Ask its API; returns the data."""
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        return await asyncio.to_thread(self._get, url)

    def _get(self, url: str) -> Any:
        with urllib.request.urlopen(url) as answer:
            found = json.load(answer)
        assert found["status"] == "success", found
        return found["data"]

    async def query(self, query: str) -> list[Any]:
        """Return the series that answer *query*."""
        data = await self.get("query", query=query)
        return list(data["result"])

    async def total(self, query: str) -> float:
        return sum(float(each["value"][1]) for each in await self.query(query))

    async def wait_for(self, query: str, value: float) -> None:
        """Wait until it has scraped *value*."""
        async with asyncio.timeout(60):
            while await self.total(query) != value:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def prometheus(folder: Path, target: int, rules: str) -> AsyncIterator[Server]:
    """Start a server on loopback."""
    (folder / "rules.yml").write_text(rules)
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: agents, static_configs: [{{targets: ['127.0.0.1:{target}']}}]}}]\n"
    )
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stderr=subprocess.DEVNULL,
    )
    server = Server(f"http://127.0.0.1:{port}")
    try:
        async with asyncio.timeout(60):
            while True:
                try:
                    await server.query("up")
                    break
                except OSError:
                    await asyncio.sleep(0.1)
        yield server
    finally:
        process.terminate()
        await process.wait()


CERTIFICATES = Document(text="Certificates expire in May.")


class Store:
    """What knows one thing."""

    name = "store"

    @hookimpl
    def knowledge_query(self) -> list[Hit]:
        return [Hit(document=CERTIFICATES, score=1.0, source=self.name)]


@needs_prometheus
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_prometheus_server_answers_every_query(tmp_path: Path, command: Command, dialect: Dialect) -> None:
    """It scrapes the endpoint, its sums are the truth, and no query of the dashboard or of the rules fails."""
    truth = Truth()
    provider = provider_of(tmp_path / "metrics.db", prometheus=0, dialect=dialect)
    names = INSTRUMENTS[dialect]
    async with plugins_of(tmp_path, provider, truth, Store()) as plugins:
        await run_many(plugins, 30)
        await plugins.hook.knowledge_query(context=None, query=KnowledgeQuery(text="certificates"))
        await plugins.hook.knowledge_update(context=None, documents=[CERTIFICATES])
        _rest(provider)
        provider.flush()
        rules = command("rules", "--dialect", dialect, "--hourly-cost", "0.000001").stdout
        async with prometheus(tmp_path, client_of(provider).port, rules) as server:
            cost = sum(int((each.cost or 0) * 10**12) for each in truth.usage.values())
            await server.wait_for(names["cost"].prometheus, cost)
            for agent, usage in truth.usage.items():
                tokens = names["input_tokens"]
                name = f"{tokens.prometheus}_sum" if tokens.buckets else tokens.prometheus
                selector = ",".join(filter(None, (tokens.selector, f'gen_ai_agent_name="{agent}"')))
                assert await server.total(f"{name}{{{selector}}}") == usage.input_tokens
            # Rates need a second look.
            await asyncio.gather(*(run_many(plugins, 3), asyncio.to_thread(provider.flush)))
            await server.wait_for("sum(count_over_time(up[1m])) >= bool 3", 1)
            for each in expressions(command, dialect):
                assert (await server.query(each)) or _may_be_empty(each), each
            found = (await server.get("rules"))["groups"][0]["rules"]
            assert {each["health"] for each in found} <= {"ok", "unknown"}
            assert len(found) == rules.count("alert:")


def _rest(provider: Any) -> None:
    """What no run does by itself."""
    events, context = Events(provider), ExecutionContext("another")
    events.model(context, model="house:free", first_token=0.2)
    events.model(context, cached=True)
    provider.model_retry(context, "house:small", ValueError())
    provider.plugin_error(context, "vectorstore", "agent_start", ValueError())
    for number in range(300):
        events.tool(context, tool=f"invented-{number}")
    events.tool(context, outcome="denied")


def _may_be_empty(query: str) -> bool:
    """A comparison is answered by those for which it holds; and what grew before the first look has not grown since."""
    return ">" in query or "budget" in query


def promtool(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], input=given, text=True, capture_output=True)


@needs_prometheus
async def test_promtool_has_nothing_to_say_of_the_endpoint(tmp_path: Path) -> None:
    """Names, units, types and help are as Prometheus wants them."""
    provider = provider_of(tmp_path / "metrics.db", prometheus=0)
    async with plugins_of(tmp_path, provider) as plugins:
        await run_many(plugins, 10)
        _rest(provider)
        provider.flush()
        text = await scraped(provider)
    checked = await asyncio.to_thread(promtool, "check", "metrics", given=text)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@needs_prometheus
@pytest.mark.parametrize("dialect", DIALECTS)
def test_promtool_accepts_the_rules(tmp_path: Path, command: Command, dialect: Dialect) -> None:
    """Expressions and templates are right."""
    (tmp_path / "rules.yml").write_text(command("rules", "--dialect", dialect).stdout)
    checked = subprocess.run(
        ["promtool", "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert "SUCCESS: 9 rules found" in checked.stdout
