"""Runs that type checkers must refuse, marked with the codes of mypy and pyright; this file is checked, not run."""

from dataclasses import dataclass

from pydantic import BaseModel

from agentcore import Agent, ExecutionContext, FunctionAgent


class Ticket(BaseModel):
    """An input."""

    text: str
    urgent: bool = False


class Label(BaseModel):
    """An output."""

    label: str


@dataclass
class Note:
    """An input."""

    text: str
    pages: int = 1


async def declared_by_a_model(context: ExecutionContext) -> None:
    """The fields are the model's, and so is the output."""
    agent = Agent("triage", input=Ticket, output=Label)
    await agent.run(text=3)  # error: call-overload reportArgumentType
    await agent.run(txt="It crashes.")  # error: call-overload reportCallIssue
    await agent.run()  # error: call-overload reportCallIssue
    await agent.run(text="It crashes.", pages=2)  # error: call-overload reportCallIssue
    await agent.run("It crashes.")  # error: call-overload reportArgumentType
    await agent.run(Label(label="bug"))  # error: call-overload reportArgumentType
    await agent.run(Ticket(text="It crashes."), contxt=context)  # error: call-overload reportCallIssue
    agent.run_sync(text=None)  # error: call-overload reportArgumentType
    agent.run_stream(urgent=True)  # error: call-overload reportCallIssue
    print((await agent.run(text="It crashes.")).output.lable)  # error: attr-defined reportAttributeAccessIssue


async def declared_by_a_class() -> None:
    """The fields are the class's."""
    await Agent("noted", input=Note).run(text="It crashes.", pages="two")  # error: call-overload reportArgumentType
    await Agent("noted", input=Note).run(Ticket(text="It crashes."))  # error: call-overload reportArgumentType


async def a_function() -> None:
    """The fields are its parameters."""

    async def shout(text: str, times: int = 1) -> str:
        return text.upper() * times

    def noted(context: ExecutionContext, text: str) -> int:
        return len(text) + context.depth

    await FunctionAgent(shout).run(text=3)  # error: call-overload reportArgumentType
    await FunctionAgent(shout).run(text="a", time=2)  # error: call-overload reportCallIssue
    await FunctionAgent(noted).run(text=3)  # error: call-overload reportArgumentType


def annotated(agent: Agent[Label, Ticket]) -> None:
    """An agent may be annotated by what it gives and takes."""
    print(agent.run_sync(Ticket(text="a")).output.lable)  # error: attr-defined reportAttributeAccessIssue


def declared() -> None:
    """What declares an agent is a class, a text or a mapping."""
    Agent("triage", input=3)  # error: call-overload reportArgumentType
    Agent("triage", input=Ticket, output=3)  # error: call-overload reportArgumentType
