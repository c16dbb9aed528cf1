"""Providers, each with one fault, and sound ones."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time

from attrs import evolve
from pydantic import BaseModel, ConfigDict

from agentcore import ExecutionContext, Provider, SecretRef, hookimpl
from agentcore.testing import ProviderContract

EVENTS = ("agent_start", "tool_start", "agent_complete", "agent_error")


class Sound(Provider):
    """Nothing is wrong with it."""

    name = "sound"
    events = EVENTS

    class Config(BaseModel):
        """What it can be told."""

        path: str
        limit: int = 3
        api_key: SecretRef | None = None

    async def initialize(self):
        self.ended = asyncio.Event()
        self.task = asyncio.create_task(self.ended.wait())
        self.file = open(os.devnull)
        self.thread = threading.Thread(target=self.file.read)
        self.thread.start()

    async def aclose(self):
        if hasattr(self, "task"):
            self.task.cancel()
            self.thread.join()
            self.file.close()

    async def handle_event(self, event, data):
        await asyncio.sleep(0)

    def __getstate__(self):
        return {}


class TestSound(ProviderContract):
    config = {"path": "here"}

    def make_provider(self):
        return Sound()


class Module:
    """Functions, as in a module; sync, async and on threads."""

    @hookimpl
    def agent_input(self, input):
        return {**input, "seen": True}

    @hookimpl
    async def model_request(self, context: ExecutionContext, request):
        await asyncio.sleep(0)

    @hookimpl(blocking=True, delivery="durable")
    def agent_complete(self, output, event):
        time.sleep(0.01)

    @hookimpl
    def tool_call(self, call):
        return evolve(call, arguments={**call.arguments, "seen": True})

    @hookimpl
    def knowledge_update(self, documents):
        self.known = [each.text for each in documents]

    @hookimpl
    def resolve_model(self, name):
        return None


class TestModule(ProviderContract):
    def make_provider(self):
        return Module()


class Misspelt(Sound):
    events = (*EVENTS, "agent_compleet")


class Raising(Sound):
    async def handle_event(self, event, data):
        if event == "agent_error":
            raise LookupError("no such outcome")


class Narrow(Sound):
    async def handle_event(self, event, data):
        self.note(**data) if event == "tool_start" else None

    def note(self, context, tool, arguments, call_id, event): ...


class Forgetful(Sound):
    """Knows an event by its id, and stumbles over the second."""

    def __init__(self):
        self.seen = set()

    async def handle_event(self, event, data):
        if data["event"].id in self.seen:
            raise KeyError("UNIQUE constraint failed")
        self.seen.add(data["event"].id)


class Single(Sound):
    """Thinks that there is one run at a time."""

    run = None

    async def handle_event(self, event, data):
        if event == "agent_start":
            self.run = data["context"]
        elif event in ("agent_complete", "agent_error") and self.run is not data["context"]:
            raise AssertionError("another run has ended")


class Unsafe(Sound):
    """Thinks that nobody else has a turn while it waits."""

    busy = False

    async def handle_event(self, event, data):
        if self.busy:
            raise RuntimeError("reentered")
        self.busy = True
        await asyncio.sleep(0)
        self.busy = False


class Hanging(Sound):
    async def handle_event(self, event, data):
        if event == "tool_start":
            await asyncio.sleep(30)


class TestHanging(ProviderContract):
    config = {"path": "here"}
    patience = 0.2

    def make_provider(self):
        return Hanging()


class Swallowing(Sound):
    async def handle_event(self, event, data):
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            pass


class Stubborn(Sound):
    async def handle_event(self, event, data):
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            await asyncio.sleep(30)


class TestStubborn(ProviderContract):
    config = {"path": "here"}
    patience = 0.2

    def make_provider(self):
        return Stubborn()


class Blocking(Sound):
    async def handle_event(self, event, data):
        if event == "tool_start":
            time.sleep(0.3)


class TestBlocking(ProviderContract):
    config = {"path": "here"}
    stall = 0.1

    def make_provider(self):
        return Blocking()


class LeavingTask(Sound):
    async def handle_event(self, event, data):
        self.more = asyncio.create_task(asyncio.sleep(1))


class LeavingThread(Sound):
    async def aclose(self):
        await super().aclose()
        threading.Thread(target=time.sleep, args=(1.0,), name="cleaner", daemon=True).start()


OPEN = []


class LeavingFile(Sound):
    async def handle_event(self, event, data):
        OPEN.append(os.open(os.devnull, os.O_WRONLY))


class ClosingOnce(Sound):
    closed = False

    async def aclose(self):
        if self.closed:
            raise ValueError("closed already")
        self.closed = True
        await super().aclose()

    async def initialize(self):
        self.closed = False
        await super().initialize()


class ClosingUsed(Sound):
    async def initialize(self): ...

    async def aclose(self):
        self.last.clear()

    async def handle_event(self, event, data):
        self.last = [event]


class Unready(Sound):
    async def initialize(self):
        raise ConnectionError("no server at localhost:1")


class StartingOnce(Sound):
    started = False

    async def initialize(self):
        if self.started:
            raise RuntimeError("threads can only be started once")
        self.started = True
        await super().initialize()


class Unpicklable(Sound):
    def __init__(self):
        self.lock = threading.Lock()

    def __getstate__(self):
        return self.__dict__


class Credulous(Sound):
    class Config(BaseModel):
        model_config = ConfigDict(extra="allow")
        path: str = ""


class Anything(Sound):
    class Config(BaseModel):
        path: object = ""


class Telling(Sound):
    class Config(BaseModel):
        path: str
        api_key: str = ""


class Printing(Sound):
    async def handle_event(self, event, data):
        print(event, file=sys.stderr)


class Changing(Sound):
    async def handle_event(self, event, data):
        if event == "agent_complete":
            data["input"].clear()


def contract(faulty):
    class TestFaulty(ProviderContract):
        config = {"path": "here"}

        def make_provider(self):
            return faulty()

    TestFaulty.__name__ = TestFaulty.__qualname__ = f"Test{faulty.__name__}"
    return TestFaulty


for each in list(vars().values()):
    if isinstance(each, type) and issubclass(each, Sound) and f"Test{each.__name__}" not in vars():
        vars()[f"Test{each.__name__}"] = contract(each)
del each
