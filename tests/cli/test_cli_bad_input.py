"""What a user may get wrong, and what the command says to it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def refusing() -> Iterator[str]:
    """The address of a model server that takes no key."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"error": {"message": "Incorrect API key provided"}}).encode()
            self.send_response(401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/v1"
        listening.shutdown()
        thread.join()


BAD: list[Any] = [
    pytest.param(
        "strict = true\nmodel = fast\n", (), 2, ["agentcore.toml:2:9", "hint: a text needs quotes."], id="toml"
    ),
    pytest.param("modle = 'x'\n", (), 2, ["agentcore.toml:1:1", "did you mean 'model'?"], id="key"),
    pytest.param(
        '[models.far]\nbase_url = "far.example/v1"\nmodel = "x"\n',
        ("--model", "far"),
        2,
        ["agentcore.toml:2:1", "key 'base_url'", "hint: write it as 'https://host/v1'."],
        id="url",
    ),
    pytest.param("", ("-p", ""), 2, ["flag -p without a plugin's name"], id="flag"),
    pytest.param("", ("--model", "opnai:x"), 2, ["no plugin resolves the model 'opnai:x'", "'openai:"], id="model"),
    pytest.param("", ("--model", "openai"), 1, ["OPENAI_API_KEY"], id="no-key"),
    pytest.param(
        '[models.far]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "x"\n',
        ("--model", "far"),
        1,
        ["127.0.0.1:9"],
        id="unreachable-server",
    ),
]


@pytest.mark.parametrize(("config", "options", "code", "said"), BAD)
def test_bad_input(
    invoke: Any, project: Path, config: str, options: tuple[str, ...], code: int, said: list[str]
) -> None:
    """A clear error without a traceback, with what to do; stdout stays empty."""
    (project / "agentcore.toml").write_text(config)
    (project / "agent.toml").write_text("retries = 0\n")
    result = invoke("run", "agent.toml", "-i", "hello", *options)
    assert (result.stdout, result.exit_code) == ("", code), result.stderr
    lines = result.stderr.splitlines()
    assert any(line.startswith("error: ") for line in lines)
    assert any(line.startswith("hint: ") for line in lines)
    assert "Traceback" not in result.stderr
    for words in said:
        assert words in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes descriptors")
@pytest.mark.parametrize(
    ("redirected", "arguments", "code", "output", "said"),
    [
        pytest.param("<&-", "-i hello", 0, "HELLO\n", "model: scripted", id="stdin-that-nobody-reads"),
        pytest.param("<&-", "-i -", 2, "", "error: standard input cannot be read: ", id="stdin"),
        pytest.param("<&-", "--batch -", 2, "", "error: the batch '-' cannot be read: ", id="batch"),
        pytest.param(">&-", "-i hello", 1, "", "error: the results cannot be written: ", id="stdout"),
        pytest.param("2>&-", "-i hello", 0, "HELLO\n", "", id="stderr"),
        pytest.param("2>&-", "-i hello -i again", 2, "", "", id="stderr-of-an-error"),
        pytest.param("<&- >&- 2>&-", "-i hello", 1, "", "", id="all"),
    ],
)
def test_closed_streams(
    project: Path,
    environment: dict[str, str],
    redirected: str,
    arguments: str,
    code: int,
    output: str,
    said: str,
) -> None:
    """Where a stream is closed, what needs it fails with an error, and nothing goes elsewhere."""
    done = subprocess.run(
        f'"{sys.executable}" -m agentcore run crew:echo {arguments} {redirected}',
        shell=True,
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == (output, code), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr == "" or said


@pytest.mark.parametrize(
    ("arguments", "who"),
    [
        pytest.param(("--config", "other/pyproject.toml", "run", "crew:echo", "-i", "x"), "--config", id="flag"),
        pytest.param(("run", "other/pyproject.toml:echo", "-i", "x"), "the target", id="target"),
    ],
)
def test_a_file_without_our_table(invoke: Any, project: Path, arguments: tuple[str, ...], who: str) -> None:
    """The error says who named the file: not the environment variable, which is not there."""
    (project / "other").mkdir()
    (project / "other" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    result = invoke(*arguments)
    assert (result.stdout, result.exit_code) == ("", 2)
    path = project / "other" / "pyproject.toml"
    assert result.stderr == f"error: {path}: {who} names a file without a [tool.agentcore] table\n"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        pytest.param("[plugins.crir]\nx = 1\n", "[plugins.crir]", id="configured"),
        pytest.param('enabled = ["crir"]\n', "crir", id="enabled"),
        pytest.param('required = ["crir"]\n', "required in", id="required"),
        pytest.param('disabled = ["crir"]\n', "disabled in", id="disabled"),
    ],
)
def test_an_unknown_plugin(command: Any, install: Any, project: Path, config: str, said: str) -> None:
    """A name that the configuration misspells ends the command, with the nearest name."""
    install("crier", "")
    (project / "agentcore.toml").write_text(config)
    result = command("run", "crew:echo", "-i", "hello")
    assert (result.stdout, result.returncode) == ("", 2), result.stderr
    assert "no plugin named 'crir' is installed" in result.stderr
    assert said in result.stderr
    assert "did you mean 'crier'?" in result.stderr
    assert result.stderr.count("no plugin named") == 1, "it is said once"


def test_a_wrong_key(invoke: Any, project: Path, refusing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names where the key is, and not the key."""
    monkeypatch.setenv("MY_KEY", "sk-wrong-4711")
    (project / "agentcore.toml").write_text(
        f'[models.far]\nbase_url = "{refusing}"\nmodel = "x"\napi_key = "env:MY_KEY"\n'
    )
    (project / "agent.toml").write_text('model = "far"\n')
    result = invoke("run", "agent.toml", "-i", "hello")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert "MY_KEY" in result.stderr
    assert "hint: " in result.stderr
    assert "sk-wrong-4711" not in result.stderr


def test_a_wrong_key_in_a_batch(command: Any, project: Path, refusing: str) -> None:
    """Each line has its record, with the error."""
    (project / "agentcore.toml").write_text(f'[models.far]\nbase_url = "{refusing}"\nmodel = "x"\n')
    (project / "agent.toml").write_text('model = "far"\n')
    result = command("run", "agent.toml", "--batch", "-", stdin='{"text": "a"}\n{"text": "b"}\n')
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 1
    assert [record["error"]["type"] for record in records] == ["ModelAuthenticationError"] * 2
    assert [record["usage"]["requests"] for record in records] == [1, 1]
