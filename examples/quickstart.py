"""An agent and a plugin.  A script answers for the model, and so it runs anywhere."""

from agentcore import Agent, hookimpl


class Desk:
    @hookimpl
    def agent_input(self, input):  # a value hook: it returns the input to use
        return {**input, "ticket": input["ticket"].replace("4711-0815", "[number]")}

    @hookimpl
    def agent_complete(self, agent, input, output, usage):  # an event: a run ended
        print(f"{agent}: {input['ticket']} -> {output.label}, {usage.requests} request")


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
