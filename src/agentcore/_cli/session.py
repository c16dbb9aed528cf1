"""What the options of one command line say, and what is made of them."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

from agentcore._agents import new_plugin_manager, set_plugin_manager
from agentcore._config import Settings, load_settings
from agentcore._config.environment import warn_of_misspelt
from agentcore._config.files import read_config
from agentcore._config.loading import combined_settings, working_folder
from agentcore._plugins import PluginManager

__all__ = ["Session"]


class Session:
    """One command line, from its first option to its end."""

    def __init__(self) -> None:
        self.flags: list[str] = []
        """The values of ``-p``, in their order."""
        self.config: Path | None = None
        """The value of ``--config``."""
        self.verbosity = 0
        """How often ``-v`` was given."""
        self._plugins: PluginManager | None = None

    def settings(self, *, model: str | None = None) -> Settings:
        """Read the configuration.

        Args:
            model: The default model, whatever is configured.

        Raises:
            ConfigError: It cannot be used.
        """
        overrides = {"model": model}
        if self.config is None:
            return load_settings(flags=self.flags, overrides=overrides)
        folder = working_folder()
        warn_of_misspelt(os.environ)
        file = read_config(folder / self.config, origin="--config")
        return combined_settings(file, folder=folder, environ=os.environ, flags=self.flags, overrides=overrides)

    def plugins(self, *, model: str | None = None) -> PluginManager:
        """Load the plugins, the first time; they are the process's until :meth:`close`.

        Plugins that could not be loaded are in the manager's ``statuses()``, required ones among them.

        Raises:
            ConfigError: The configuration cannot be used.
        """
        if self._plugins is None:
            # What plugins print while they are imported is not the result.
            with redirect_stdout(sys.stderr):
                self._plugins = new_plugin_manager(self.settings(model=model))
            set_plugin_manager(self._plugins)
        return self._plugins

    def close(self) -> None:
        """Shut down what a command has started and left open."""
        plugins, self._plugins = self._plugins, None
        if plugins is not None:
            set_plugin_manager(None)
            asyncio.run(plugins.aclose())
