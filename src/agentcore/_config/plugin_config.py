"""A plugin's own configuration, checked by its own model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from agentcore._config.problems import Where, check

__all__ = ["validate_plugin_config", "validate_table"]

M = TypeVar("M", bound=BaseModel)


def validate_plugin_config(model: type[M], name: str, raw: Mapping[str, Any], *, path: Path | None = None) -> M:
    """Return the plugin *name*'s table ``[plugins.<name>]`` as its *model*.

    Args:
        model: The plugin's config model.  Keys that it does not have are errors, whatever it says of extra keys,
            except ``extra="allow"``.
        name: The plugin's registered name.
        raw: The table.
        path: The configuration file; None where the table comes from elsewhere.

    Raises:
        ConfigError: The table does not fit; every problem is listed, and no value is shown.
    """
    return validate_table(model, raw, path=path, keys=("plugins", name), subject=f"plugin {name!r}")


def validate_table(
    model: type[M], raw: Mapping[str, Any], *, path: Path | None, keys: tuple[str, ...], subject: str = ""
) -> M:
    """Return the table *raw*, which stands at *keys* in the file at *path*, as a *model*.

    *subject* begins the message, as ``model 'fast'``.

    Raises:
        ConfigError: The table does not fit; every problem is listed, and no value is shown.
    """
    return check(model, raw, Where(path=path, prefix=keys, subject=subject))
