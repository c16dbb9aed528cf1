"""The configuration: found, read, checked and put together.

What stands in files, environment variables, flags and arguments becomes one :class:`Settings`, which knows of each
setting where it was made.
"""

from agentcore._config.decisions import Decision, Requirement, Statement, Verb
from agentcore._config.delivery import DeliveryOptions, JournalOptions
from agentcore._config.durations import Duration, Timeout, parse_duration
from agentcore._config.environment import KNOWN_VARIABLES, ConfigWarning
from agentcore._config.hiding import hide, is_secret_name
from agentcore._config.loading import load_settings
from agentcore._config.options import HookOptions
from agentcore._config.plugin_config import validate_plugin_config, validate_table
from agentcore._config.secrets import SecretRef
from agentcore._config.settings import Settings
from agentcore._config.sizes import parse_size
from agentcore._config.state import ensure_state_dir
from agentcore._config.table import ConfigRow, config_table

__all__ = [
    "KNOWN_VARIABLES",
    "ConfigRow",
    "ConfigWarning",
    "Decision",
    "DeliveryOptions",
    "Duration",
    "HookOptions",
    "JournalOptions",
    "Requirement",
    "SecretRef",
    "Settings",
    "Statement",
    "Timeout",
    "Verb",
    "config_table",
    "ensure_state_dir",
    "hide",
    "is_secret_name",
    "load_settings",
    "parse_duration",
    "parse_size",
    "validate_plugin_config",
    "validate_table",
]
