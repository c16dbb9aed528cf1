"""A provider that is heavy to import, and says so."""

import email.mime.text  # noqa: F401
import wsgiref.util  # noqa: F401

from agentcore import hookimpl
from agentcore.testing import ProviderContract

print("hello from the heavy provider")


class Heavy:
    @hookimpl
    def agent_complete(self): ...


class TestHeavy(ProviderContract):
    forbidden_modules = ("wsgiref", "email.mime")

    def make_provider(self):
        return Heavy()


class TestOverBudget(ProviderContract):
    forbidden_modules = ()
    import_budget = 1

    def make_provider(self):
        return Heavy()
