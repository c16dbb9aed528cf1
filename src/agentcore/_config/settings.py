"""The settings of a program, put together from every source."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agentcore._config.decisions import Decision, Requirement, Statement, Verb
from agentcore._config.delivery import DeliveryOptions, JournalOptions
from agentcore._config.durations import Duration, Timeout
from agentcore._config.files import error_at
from agentcore._config.options import HookOptions, Reference, Table, Text
from agentcore.errors import ConfigError

__all__ = ["DEFAULT", "STATE_DIR", "Settings"]

STATE_DIR: Final = ".agentcore"
"""The name of the state folder where none is configured."""

DEFAULT: Final = "the default"
"""What :meth:`Settings.origin` says of a setting that nobody made."""


def _default_state_dir() -> Path:
    return Path.cwd() / STATE_DIR


class Settings(BaseModel):
    """What is configured, with who configured it.

    Made by :func:`load_settings`; ``Settings()`` is what holds without any configuration.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True, defer_build=True
    )

    config_path: Path | None = None
    """The configuration file, absolute; None where there is none."""
    model: Text | None = None
    """The default model's name; None leaves the choice to the models."""
    state_dir: Annotated[Path, AfterValidator(Path.absolute)] = Field(default_factory=_default_state_dir)
    """Where journals, memories and ledgers are kept; absolute.  It may not exist yet."""
    autoload: bool = True
    """Whether every installed plugin is loaded, unless it is disabled."""
    strict: bool = False
    """Whether every enabled plugin is required, unless it is named as optional."""
    hook_timeout: Timeout = 30.0
    """Seconds for each execution of an implementation for which nothing else says how long; infinity for no end."""
    shutdown_timeout: Duration = 10.0
    """Seconds for which lanes go on delivering when the plugins are shut down; infinity for no end."""
    middleware: tuple[Reference, ...] = ()
    """Middleware to install, outermost first, as ``package.module:attribute``."""
    plugins: Table = Field(default={}, repr=False)
    """The plugins' own settings, by plugin, not yet checked."""
    hooks: Mapping[str, HookOptions] = {}
    """By hook."""
    delivery: Mapping[str, DeliveryOptions] = {}
    """By plugin."""
    journal: JournalOptions = Field(default_factory=JournalOptions)
    """Of the log behind durable delivery."""
    models: Table = Field(default={}, repr=False)
    """Declared models, by name, not yet checked."""
    agents: Table = Field(default={}, repr=False)
    """Declared agents, by name, not yet checked."""
    statements: tuple[Statement, ...] = Field(default=(), exclude=True)
    """What the sources say of plugins; of two about one plugin, the first decides."""
    origins: Mapping[str, str] = Field(default={}, exclude=True)
    """By setting, where it was made, for those that were."""

    @property
    def enabled(self) -> tuple[str, ...]:
        """The plugins that are to be loaded even where autoload is off: entry points' names or importable modules.

        Those of the strongest source come first.
        """
        return tuple(name for name in self._named("enabled", "required") if self.decision(name).enabled)

    @property
    def disabled(self) -> tuple[str, ...]:
        """The plugins that are not to be loaded; those of the strongest source come first."""
        return tuple(name for name in self._named("disabled") if not self.decision(name).enabled)

    @property
    def required(self) -> tuple[str, ...]:
        """The plugins that are required by name; those of the strongest source come first."""
        return tuple(name for name in self._named("required") if self.requirement(name).required)

    def decision(self, name: str, *, builtin: bool = False) -> Decision:
        """Return whether the plugin *name* is loaded, and who decided.

        Args:
            name: The plugin.
            builtin: Whether it comes with agentcore: then it is loaded only where it is named, or has a table of its
                own.
        """
        said = self._said(name, "disabled", "enabled", "required")
        if said is not None:
            return Decision(said.verb != "disabled", said.reason)
        if builtin and name not in self.plugins:
            return Decision(False, "built in: off until enabled")
        state = "on" if self.autoload else "off"
        return Decision(self.autoload, f"autoload is {state} ({self.origin('autoload')})")

    def requirement(self, name: str, *, guards: bool = False) -> Requirement:
        """Return whether the program refuses to start without the plugin *name*, and who decided.

        Args:
            name: The plugin.
            guards: Whether it implements value hooks, which makes it required unless something else is said.
        """
        decision = self.decision(name)
        if not decision.enabled:
            return Requirement(False, decision.reason)
        said = self._said(name, "required", "optional")
        if said is not None:
            return Requirement(said.verb == "required", said.reason)
        if self.strict:
            return Requirement(True, f"strict is on ({self.origin('strict')})")
        return Requirement(guards, "it implements value hooks" if guards else "nothing requires it")

    def timeout_for(self, hook: str, plugin: str) -> float | None:
        """Return the seconds for each execution of *plugin*'s implementation of *hook*; infinity for no end.

        The plugin's delivery of that hook comes first, then its delivery, then the hook's.  None where nothing is set:
        then what the implementation asks for holds, and ``hook_timeout`` where it does not ask.
        """
        delivery = self.delivery_of(plugin)
        timeouts = (delivery.of(hook).timeout, delivery.timeout, self.hooks.get(hook, HookOptions()).timeout)
        return next((each for each in timeouts if each is not None), None)

    def delivery_of(self, plugin: str) -> DeliveryOptions:
        """Return what is set for the delivery to *plugin*; nothing is where there is no table."""
        return self.delivery.get(plugin) or DeliveryOptions()

    @property
    def journal_path(self) -> Path:
        """The journal's file, absolute."""
        return self.state_dir / self.journal.path.expanduser()

    def order_for(self, hook: str) -> tuple[str, ...]:
        """Return the plugins whose order is configured for *hook*, first to last; empty where none is."""
        return self.hooks.get(hook, HookOptions()).order or ()

    def plugin_config(self, name: str) -> Mapping[str, Any]:
        """Return the table of the plugin *name*, not yet checked; empty where there is none."""
        return self.plugins.get(name, {})

    def origin(self, key: str) -> str:
        """Return where the top-level setting *key* was made, as a person reads it."""
        return self.origins.get(key, DEFAULT)

    def error(self, message: str, *keys: str | int, hint: str = "") -> ConfigError:
        """Return an error about the setting at *keys*, with its place in the configuration file if it is there."""
        return error_at(message, keys, path=self.config_path, hint=hint)

    def _named(self, *verbs: Verb) -> Sequence[str]:
        return list(dict.fromkeys(each.plugin for each in self.statements if each.verb in verbs))

    def _said(self, name: str, *verbs: Verb) -> Statement | None:
        return next((each for each in self.statements if each.plugin == name and each.verb in verbs), None)
