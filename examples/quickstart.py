"""An agent and a plugin.  The model answers from a script, so that this runs anywhere, at once."""

from agentcore import Agent, hookimpl


class Desk:
    @hookimpl
    def agent_input(self, input):  # a value hook: what it returns takes the input's place
        return {**input, "ticket": input["ticket"].replace("4711-0815", "[card number]")}

    @hookimpl
    def agent_complete(self, agent, input, output, usage):  # an event: it says what happened
        print(f"{agent} read {input['ticket']!r}, asked its model {usage.requests} time, and says: {output.label}")


triage = Agent(
    "triage",
    input="ticket: str",
    output="label: Literal['bug', 'question']",
    instructions="Sort the ticket.",
    model='scripted:{"label": "bug"}',
    providers=[Desk()],
)
result = triage.run_sync(ticket="My card 4711-0815 is refused.")
print(result.output.label)
