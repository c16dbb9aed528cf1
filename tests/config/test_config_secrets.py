"""Secrets by reference, and what is hidden of the rest."""

import copy
import json
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError, field_validator

from agentcore._config import Duration, SecretRef, Settings, hide, is_secret_name, validate_plugin_config
from agentcore.errors import ConfigError

Load = Callable[..., Settings]
Write = Callable[..., Path]

SECRET = "sk-live-hunter2"


class Client(BaseModel):
    """A plugin's config with a secret."""

    api_key: SecretRef


def everything_shown(error: BaseException | None) -> Iterator[str]:
    """Yield all that *error* and those behind it show of themselves."""
    while error is not None:
        yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
        yield "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__


def test_variable_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference is made before the variable is set, and sees each change."""
    reference = SecretRef("env:MY_KEY")
    monkeypatch.setenv("MY_KEY", "one")
    assert reference.resolve() == "one"
    monkeypatch.setenv("MY_KEY", "two")
    assert reference.resolve() == "two"


@pytest.mark.parametrize(
    ("content", "secret"),
    [("hunter2", "hunter2"), ("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), (" a \n b ", " a \n b ")],
)
def test_file_is_read_without_its_last_line_end(tmp_path: Path, content: str, secret: str) -> None:
    """Editors end files with one; all else belongs to the secret."""
    path = tmp_path / "key"
    path.write_text(content, newline="")
    assert SecretRef(f"file:{path}").resolve() == secret


def test_missing_variable_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for it is what fails, not the configuration."""
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"'MY_KEY'.*not set\nhint: set MY_KEY"):
        SecretRef("env:MY_KEY").resolve()


def test_empty_secret_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable or file is a mistake, found before a server refuses it."""
    monkeypatch.setenv("MY_KEY", "")
    (tmp_path / "key").write_text("\n")
    for reference in ("env:MY_KEY", f"file:{tmp_path / 'key'}"):
        with pytest.raises(ConfigError, match=f"{reference}' is empty"):
            SecretRef(reference).resolve()


@pytest.mark.parametrize("where", ["missing", ".", "~nobody-of-that-name/key", "a\0b"])
def test_secret_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path, where: str) -> None:
    """A missing file, a folder, an unknown home and a path that is none."""
    path = where if where.startswith("~") else f"{tmp_path}/{where}"
    with pytest.raises(ConfigError, match=r"the secret file .* cannot be read: ."):
        SecretRef(f"file:{path}").resolve()


def test_secret_file_that_is_not_text_is_not_shown(tmp_path: Path) -> None:
    """The error has nothing of the file's content, nor have those behind it."""
    path = tmp_path / "key"
    path.write_bytes(SECRET.encode() + b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        SecretRef(f"file:{path}").resolve()
    assert not any(SECRET in shown for shown in everything_shown(caught.value))


@pytest.mark.parametrize(
    "value", [SECRET, "", "env:", "env:MY-KEY", "env: MY_KEY", "env:1X", "file:", "ENV:X", "vault:x"]
)
def test_literal_secret_is_refused_without_repeating_it(value: str) -> None:
    """The error shows both forms, also where somebody put the secret itself behind "env:"."""
    with pytest.raises(ConfigError, match="cannot be written here") as caught:
        SecretRef(value)
    assert '"env:NAME"' in caught.value.hint
    assert '"file:/path"' in caught.value.hint
    assert not value or value not in f"{caught.value!s} {caught.value!r}".replace('"env:NAME"', "").replace(
        '"file:/path"', ""
    )


@pytest.mark.parametrize("value", [SECRET, SECRET.encode(), [SECRET], {"key": SECRET}, 12345678, None])
def test_pydantic_refuses_a_literal_secret_without_showing_it(value: object) -> None:
    """Even pydantic's own error, which shows what it was given, does not have it."""
    with pytest.raises(ValidationError, match="cannot be written here") as caught:
        Client.model_validate({"api_key": value})
    shown = [*everything_shown(caught.value), str(caught.value.errors()), caught.value.json()]
    assert not any("hunter2" in each or "12345678" in each for each in shown)


def test_reference_is_all_that_a_secret_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing, dumping, describing, copying and pickling show where it is, also after it was read."""
    monkeypatch.setenv("MY_KEY", SECRET)
    client = Client.model_validate({"api_key": "env:MY_KEY"})
    assert client.api_key.resolve() == SECRET
    assert str(client.api_key) == "env:MY_KEY"
    assert client.model_dump() == {"api_key": SecretRef("env:MY_KEY")}
    assert json.loads(client.model_dump_json()) == {"api_key": "env:MY_KEY"}
    shown = [repr(client), str(client), f"{client.api_key!r}", str(Client.model_json_schema())]
    assert not any(SECRET in each for each in shown)
    assert copy.deepcopy(client) == pickle.loads(pickle.dumps(client)) == client
    assert SECRET.encode() not in pickle.dumps(client)


def test_reference_survives_json() -> None:
    """What a model writes, it reads."""
    client = Client(api_key=SecretRef("file:/run/key"))
    assert Client.model_validate_json(client.model_dump_json()) == client


def test_references_are_values() -> None:
    """Two of the same place are equal, and hash alike."""
    assert {SecretRef("env:A"), SecretRef("env:A"), SecretRef("env:B")} == {SecretRef("env:B"), SecretRef("env:A")}


def test_json_schema_describes_a_reference() -> None:
    """An editor can refuse a literal as well."""
    schema = TypeAdapter(SecretRef).json_schema()
    assert (schema["type"], schema["examples"]) == ("string", ["env:NAME", "file:/path"])


def test_relative_file_is_beside_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a configuration file, a relative path is relative to that file; an absolute one and "~" stay."""
    (tmp_path / "key").write_text(SECRET)
    monkeypatch.setenv("HOME", str(tmp_path))
    for where in ("key", str(tmp_path / "key"), "~/key"):
        raw = {"api_key": f"file:{where}"}
        client = validate_plugin_config(Client, "x", raw, path=tmp_path / "agentcore.toml")
        assert client.api_key.resolve() == SECRET
    assert validate_plugin_config(Client, "x", {"api_key": "file:key"}).api_key == SecretRef("file:key")


class Chatty(BaseModel):
    """A config whose author's validators repeat what they were given."""

    endpoint: str = ""
    password: str = ""
    pepper: SecretStr = SecretStr("")
    timeout: Duration = 1.0
    retries: int = 0
    key: SecretRef | None = None

    @field_validator("endpoint", "password", "pepper", mode="before")
    @classmethod
    def _complain(cls, value: Any) -> Any:
        raise ValueError(f"{value!r} does not please")


@pytest.mark.parametrize(
    "raw",
    [
        {"password": SECRET},
        {"pepper": SECRET},
        {"endpoint": f"https://user:{SECRET}@host/"},
        {"endpoint": f"https://host/?key={SECRET}"},
        {"endpoint": f"the password {SECRET}", "password": SECRET},
        {"timeout": SECRET},
        {"retries": SECRET},
        {"retries": [SECRET]},
        {"key": SECRET},
        {"key": f"env:{SECRET}"},
        {"unknown": SECRET},
        {"unknown": {"password": SECRET}, "key": SECRET, "retries": SECRET},
    ],
    ids=repr,
)
@pytest.mark.parametrize("in_file", [True, False], ids=["file", "code"])
def test_no_error_about_a_plugins_config_shows_a_secret(write: Write, raw: dict[str, Any], in_file: bool) -> None:
    """Nor do the errors behind it, whatever the plugin's author puts into theirs."""
    path = write("[plugins.x]\n") if in_file else None
    with pytest.raises(ConfigError) as caught:
        validate_plugin_config(Chatty, "x", raw, path=path)
    assert not any(SECRET in shown for shown in everything_shown(caught.value))


@pytest.mark.parametrize(
    "key",
    [
        *(
            "model",
            "state_dir",
            "autoload",
            "enabled",
            "disabled",
            "required",
            "optional",
            "strict",
            "hook_timeout",
        ),
        *(
            "middleware",
            "plugins",
            "plugins.x.y.z",
            "hooks",
            "hooks.h.timeout",
            "hooks.h.order",
            "delivery.p.timeout",
        ),
        *(
            "delivery.p.unknown",
            "models",
            "agents",
            "unknown",
        ),
    ],
)
def test_no_error_about_the_settings_shows_a_secret(load: Load, write: Write, key: str) -> None:
    """A secret in the wrong place, with a line that is not TOML behind it too, is not repeated."""
    write(f'{key} = "{SECRET}"\nbroken = 5')
    with pytest.raises(ConfigError) as caught:
        load()
    assert not any(SECRET in shown for shown in everything_shown(caught.value))
    write(f'{key} = "{SECRET}"\nbroken = {SECRET}')
    with pytest.raises(ConfigError, match="not TOML") as caught:
        load()
    assert not any(SECRET in shown for shown in everything_shown(caught.value))


@pytest.mark.parametrize("name", ["STRICT", "HOOK_TIMEOUT", "DISABLE_PLUGIN_AUTOLOAD"])
def test_no_error_about_the_environment_shows_a_secret(load: Load, name: str) -> None:
    """A secret in the wrong variable is not repeated."""
    with pytest.raises(ConfigError) as caught:
        load(environ={f"AGENTCORE_{name}": SECRET})
    assert not any(SECRET in shown for shown in everything_shown(caught.value))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "password",
            "db_password",
            "dbPassword",
            "PASSWD",
            "token",
            "auth_token",
            "X-Auth-Token",
            "apikey",
            "api_key",
        ),
        *(
            "API-Key",
            "apiKey",
            "openai_api_key_1",
            "secret",
            "client_secret",
            "secret_key",
            "credentials",
            "Authorization",
        ),
        *(
            "private_key",
            "passphrase",
            "tokens",
            "Set-Cookie",
            "access.key",
        ),
    ],
)
def test_name_of_a_secret_is_known(name: str) -> None:
    """In whatever way its words are joined."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "path",
            "key",
            "keyboard",
            "max_tokens",
            "input_tokens",
            "token_limit",
            "tokens_per_minute",
            "token_count",
        ),
        *(
            "password_file",
            "api_key_env",
            "secretary",
            "tokenizer",
            "partition_key",
            "passenger",
            "token_url",
        ),
    ],
)
def test_name_of_something_else_is_left_alone(name: str) -> None:
    """A word within a word is no word, and a limit on tokens is no token."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://host:8080/path", "https://host:8080/path"),
        ("https://user:pass@host/path?token=x#frag", "https://host/path"),
        ("redis://:pass@host:6379/0", "redis://host:6379/0"),
        ("postgresql+psycopg://u:p@h1,u:p@h2/db", "postgresql+psycopg://h2/db"),
        ("nats://u:p@a:4222,nats://u:p@b:4222", "nats://b:4222"),
        ("https://token@host", "https://host"),
        ("see https://u:p@a/ and https://u:p@b/", "see https://a/ and https://b/"),
        ("host=h user=u password=p dbname=d", "host=h user=u password=********** dbname=d"),
        ("Server=s;Pwd=p;Database=d", "Server=s;Pwd=**********;Database=d"),
        ("nothing to hide", "nothing to hide"),
        ("/a/path@2", "/a/path@2"),
    ],
)
def test_private_parts_of_addresses_are_hidden(text: str, shown: str) -> None:
    """User, password, query and fragment go; the place stays."""
    assert hide(text) == shown


@given(
    password=st.text(st.characters(exclude_categories=("Z", "C"), exclude_characters=","), min_size=1).map(
        lambda text: f"<{text}>"
    ),
    scheme=st.sampled_from(["https", "redis", "postgresql+psycopg"]),
)
def test_no_password_in_an_address_is_ever_shown(password: str, scheme: str) -> None:
    """Not even one with characters that should have been encoded."""
    assert password not in hide(f"{scheme}://user:{password}@host/path")
