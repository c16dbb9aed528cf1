"""For tests of what others build on agentcore: plugins, agents, journals.

The fixtures come with the package, as a plugin of pytest; here is what they make, to be named in annotations and to be
made by hand.  The contracts need pytest, which agentcore itself does not.
"""

from typing import TYPE_CHECKING

from agentcore._lazy import lazy_names

if TYPE_CHECKING:
    from agentcore.testing._arguments import hook_arguments
    from agentcore.testing._calls import RecordedCall
    from agentcore.testing._clock import FakeClock
    from agentcore.testing._entry_points import FakeEntryPoints
    from agentcore.testing._gate import Gate
    from agentcore.testing._hooks import assert_hooks_valid
    from agentcore.testing._journal import JournalContract
    from agentcore.testing._making import MakeContext, MakePluginManager
    from agentcore.testing._provider import ProviderContract
    from agentcore.testing._recorder import HookRecorder
    from agentcore.testing._scripting import ScriptModel
    from agentcore.testing._stubs import BlockingPlugin, CancellingPlugin, FailingPlugin, SlowPlugin
else:
    # Who takes one stub needs neither pytest nor the tests of journals.
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "BlockingPlugin": "agentcore.testing._stubs",
            "CancellingPlugin": "agentcore.testing._stubs",
            "FailingPlugin": "agentcore.testing._stubs",
            "FakeClock": "agentcore.testing._clock",
            "FakeEntryPoints": "agentcore.testing._entry_points",
            "Gate": "agentcore.testing._gate",
            "HookRecorder": "agentcore.testing._recorder",
            "JournalContract": "agentcore.testing._journal",
            "MakeContext": "agentcore.testing._making",
            "MakePluginManager": "agentcore.testing._making",
            "ProviderContract": "agentcore.testing._provider",
            "RecordedCall": "agentcore.testing._calls",
            "ScriptModel": "agentcore.testing._scripting",
            "SlowPlugin": "agentcore.testing._stubs",
            "assert_hooks_valid": "agentcore.testing._hooks",
            "hook_arguments": "agentcore.testing._arguments",
        },
    )

__all__ = [
    "BlockingPlugin",
    "CancellingPlugin",
    "FailingPlugin",
    "FakeClock",
    "FakeEntryPoints",
    "Gate",
    "HookRecorder",
    "JournalContract",
    "MakeContext",
    "MakePluginManager",
    "ProviderContract",
    "RecordedCall",
    "ScriptModel",
    "SlowPlugin",
    "assert_hooks_valid",
    "hook_arguments",
]
