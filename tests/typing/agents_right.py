"""Runs that type checkers must accept; this file is checked, not run."""

from dataclasses import dataclass
from typing import Any, TypedDict, assert_type

from pydantic import BaseModel

from agentcore import Agent, BaseAgent, ExecutionContext, FunctionAgent, RunResult


class Ticket(BaseModel):
    """An input."""

    text: str
    urgent: bool = False


class Label(BaseModel):
    """An output."""

    label: str


@dataclass
class Note:
    """An input or an output."""

    text: str
    pages: int = 1


class Query(TypedDict):
    """An input."""

    query: str


async def told_by_text(context: ExecutionContext) -> None:
    """What a text declares is not read: anything goes."""
    agent = Agent("triage", input="ticket: str", output="label: str")
    assert_type((await agent.run(ticket="It crashes.")).output, Any)
    await agent.run("It crashes.", context=context)
    await agent.run({"ticket": "It crashes."}, providers=[object()])
    await agent.run(ticket="It crashes.", context=context)
    await Agent("triage").run("It crashes.")


async def declared_by_a_model(context: ExecutionContext) -> None:
    """A model gives its fields, by name or as an instance, and the type of the output."""
    agent = Agent("triage", input=Ticket, output=Label, instructions="Sort it.")
    assert_type(await agent.run(text="It crashes.", urgent=True), RunResult[Label])
    assert_type((await agent.run(Ticket(text="It crashes."), context=context)).output.label, str)
    assert_type(agent.run_sync(text="It crashes.").output, Label)
    async with agent.run_stream(Ticket(text="It crashes.")) as stream:
        assert_type(stream.result.output, Label)


async def declared_by_a_class() -> None:
    """So does a dataclass, and a typed dict; their output is a model that is made of them."""
    noted = Agent("noted", input=Note, output=Note)
    assert_type((await noted.run(text="It crashes.", pages=2)).output, Any)
    await noted.run(Note("It crashes."))
    await Agent("query", input=Query).run(query="bolts")


async def a_function(context: ExecutionContext) -> None:
    """The parameters of a function are the fields, but for its context."""

    async def shout(text: str, times: int = 1) -> str:
        return text.upper() * times

    def noted(context: ExecutionContext, text: str) -> int:
        return len(text) + context.depth

    def noted_last(text: str, context: ExecutionContext) -> int:
        return len(text) + context.depth

    assert_type(await FunctionAgent(shout).run(text="a", times=2), RunResult[str])
    assert_type(await FunctionAgent(noted, name="noted").run(text="a"), RunResult[int])
    assert_type(await FunctionAgent(noted_last).run(text="a"), RunResult[int])
    await FunctionAgent(shout).run("a", context=context)


class Echo(BaseAgent[str]):
    """An agent of one's own."""

    async def run_agent(self, input: dict[str, Any], context: ExecutionContext) -> str:
        """Say it again."""
        return str(input["text"])


async def of_ones_own() -> None:
    """It takes any fields."""
    assert_type((await Echo("echo").run(text="a")).output, str)


def annotated(agent: Agent[Label, Ticket]) -> None:
    """An agent may be annotated by what it gives and takes."""
    assert_type(agent.run_sync(Ticket(text="a")).output.label, str)


def declared() -> list[BaseAgent]:
    """Agents of all sorts go into collections."""
    return [Agent("triage", input={"ticket": str}), Agent("sorted", Ticket, Label), Echo("echo"), FunctionAgent(len)]
