"""Providers and agents that tests of delivery share."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from agentcore import Delivery, FunctionAgent, PluginManager, Provider, load_settings
from agentcore.types import DeliveryMode


def manager_in(folder: Path, **overrides: Any) -> PluginManager:
    """A manager whose state is in *folder*."""
    settings = load_settings(start=folder, environ={}, overrides={"state_dir": folder / "state", **overrides})
    return PluginManager(settings)


def echo(plugins: PluginManager, name: str = "echo", **options: Any) -> FunctionAgent[Any]:
    """An agent whose output is its input."""

    async def work(value: Any) -> Any:
        return value

    return FunctionAgent(work, name=name, plugins=plugins, **options)


class Listener(Provider):
    """Keeps what it is told, after *act* has had its way with it."""

    name = "listener"
    events = ("agent_complete",)

    def __init__(
        self,
        delivery: DeliveryMode | Delivery = "background",
        act: Callable[[Mapping[str, Any]], Awaitable[None] | None] | None = None,
        *,
        name: str = "listener",
        events: tuple[str, ...] = ("agent_complete",),
    ) -> None:
        self.name, self.events, self.delivery = name, events, delivery
        self._act = act
        self.heard: list[Mapping[str, Any]] = []
        self.threads: set[str] = set()

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> None:
        self.threads.add(threading.current_thread().name)
        if self._act is not None:
            waiting = self._act(data)
            if waiting is not None:
                await waiting
        self.heard.append(data)

    @property
    def outputs(self) -> list[Any]:
        """What the runs that it was told of put out."""
        return [each["output"] for each in self.heard]


class Gate:
    """Holds up whoever waits, on whichever thread, until it is opened."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.reached = threading.Event()

    def open(self) -> None:
        self._open.set()

    async def wait(self, _: object = None) -> None:
        """Wait without blocking the loop."""
        self.reached.set()
        while not self._open.is_set():
            await asyncio.sleep(0.001)

    def block(self, _: object = None) -> None:
        """Wait, and block the thread."""
        self.reached.set()
        self._open.wait()

    async def until_reached(self) -> None:
        """Wait until somebody is held up."""
        while not self.reached.is_set():
            await asyncio.sleep(0.001)
