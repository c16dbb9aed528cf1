"""``agentcore doctor``."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agentcore._cli import checks
from agentcore.errors import ModelError
from agentcore.models import _llama
from agentcore.models._weights import SMOLLM2


class Server(NamedTuple):
    """A model server on this machine, which lists its models."""

    url: str
    answer: dict[str, Any]
    """``status`` and ``body`` of what it answers, ``key`` what it was asked with."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Answers every request alike."""
    answer: dict[str, Any] = {"status": 200, "body": {"data": [{"id": "known"}, {}, 3]}, "key": None}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer["key"] = self.headers.get("Authorization")
            self.send_response(answer["status"])
            self.end_headers()
            body = answer["body"]
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield Server(f"http://127.0.0.1:{listening.server_address[1]}/v1", answer)
        listening.shutdown()
        thread.join()


@pytest.fixture
def examined(invoke: Any) -> Any:
    """Runs the doctor, and returns its findings by check, with the exit code under "code"."""

    def examined(*arguments: str) -> dict[str, Any]:
        result = invoke("doctor", "--json", *arguments)
        report = json.loads(result.stdout)
        assert report["ok"] == (result.exit_code == 0)
        found: dict[str, Any] = {"code": result.exit_code}
        for each in report["checks"]:
            found.setdefault(each["check"], []).append(each)
        return found

    return examined


def test_a_sound_machine(invoke: Any, project: Path) -> None:
    """Each check has a line, and the exit code is 0."""
    (project / "agentcore.toml").write_text('model = "scripted:x"\n')
    result = invoke("doctor")
    assert result.exit_code == 0, result.stdout
    lines = [line.split() for line in result.stdout.splitlines()]
    marks = {tuple(line[1:2]): line[0] for line in lines}
    for check in ("python", "config", "state", "plugin", "model"):
        assert marks[(check,)] == "ok"
    assert not (project / ".agentcore").exists(), "looking leaves nothing behind"


def test_findings(examined: Any, project: Path) -> None:
    """They name the interpreter, the packages, the file, the folder and the model with its reason."""
    (project / "agentcore.toml").write_text('model = "scripted:x"\n')
    found = examined()
    assert sys.executable in found["python"][0]["message"]
    assert found["packages"][0]["level"] in ("ok", "warning")
    assert found["config"][0]["message"] == str(project / "agentcore.toml")
    assert found["state"][0]["message"] == f"{project / '.agentcore'} (made when it is needed)"
    assert found["model"][0]["message"] == "scripted:x (the configuration names it)"
    assert found["local engine"][0]["level"] in ("ok", "warning")


def test_a_configuration_that_cannot_be_used(examined: Any, project: Path) -> None:
    """Its place is told, and what does not need it is still looked at."""
    (project / "agentcore.toml").write_text("strict = maybe\n")
    found = examined()
    assert found["code"] == 1
    assert found["config"][0]["level"] == "problem"
    assert "agentcore.toml:1:10" in found["config"][0]["message"]
    assert "local engine" in found
    assert "model" not in found


def test_a_declared_model_that_cannot_be_used(examined: Any, project: Path) -> None:
    """What keeps the plugins from being loaded is a problem."""
    (project / "agentcore.toml").write_text('[models.fast]\nserver = "opnai"\n')
    found = examined()
    assert found["code"] == 1
    assert "no server named 'opnai'" in found["plugins"][0]["message"]


@pytest.mark.parametrize("start", [(), ("--start",)], ids=["looking", "starting"])
def test_middleware_that_cannot_be_used(examined: Any, project: Path, start: tuple[str, ...]) -> None:
    """It is a problem, whether the plugins are started up or not."""
    (project / "agentcore.toml").write_text('model = "scripted:x"\nmiddleware = ["no_such_module:it"]\n')
    found = examined(*start)
    assert found["code"] == 1
    assert "the middleware 'no_such_module:it' cannot be" in found["plugins"][0]["message"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that not even root can write to")
def test_a_state_folder_that_cannot_be_written_to(examined: Any, project: Path) -> None:
    """It is a problem, with the system's reason."""
    (project / "agentcore.toml").write_text('model = "scripted:x"\nstate_dir = "/proc/agentcore"\n')
    state = examined()["state"][0]
    assert state["level"] == "problem"
    assert "/proc/agentcore cannot be written to: " in state["message"]


def test_a_state_folder_that_is_none(examined: Any, project: Path) -> None:
    """A file in its place is a problem, with what to do."""
    (project / "agentcore.toml").write_text('model = "scripted:x"\nstate_dir = "crew.py/state"\n')
    found = examined()
    assert found["code"] == 1
    assert found["state"][0]["level"] == "problem"
    assert "AGENTCORE_STATE_DIR" in found["state"][0]["advice"]


def test_a_state_folder_that_is_there(examined: Any, project: Path) -> None:
    """It is named as it is."""
    (project / ".agentcore").mkdir()
    assert examined("-p", "agentcore.models")["state"][0]["message"] == str(project / ".agentcore")


def test_names_that_no_plugin_has(examined: Any, project: Path) -> None:
    """Misspelt plugins are found, wherever the configuration names them: disabled ones are a warning."""
    (project / "agentcore.toml").write_text(
        'model = "scripted:x"\ndisabled = ["agentcore.modles"]\n[plugins.metrcs]\n[delivery.trail]\n'
        '[delivery."agentcore.models"]\ntimeout = 1\n[hooks.agent_start]\norder = ["first", "agentcore.models"]\n'
    )
    found = examined()
    assert found["code"] == 1
    names = {each["message"]: each for each in found["names"]}
    levels = {each["message"].split("'")[1]: each["level"] for each in names.values()}
    assert levels == {"agentcore.modles": "warning", "metrcs": "problem", "trail": "problem", "first": "warning"}
    assert any("did you mean 'agentcore.models'?" in each["advice"] for each in names.values())
    assert any("configured in [plugins.metrcs]" in message for message in names)


def test_plugins(command: Any, install: Any, project: Path) -> None:
    """Each plugin has a line; a broken one is a warning, a broken one that is required a problem."""
    install("fine", "")
    install("bad", "raise ValueError('it is broken')\n")
    install("off", "")
    install(
        "moody",
        "from agentcore import hookimpl\n@hookimpl\ndef register_middleware():\n    return 'nonsense'\n",
    )
    (project / "agentcore.toml").write_text('model = "scripted:x"\ndisabled = ["off"]\n')
    result = command("doctor", "--start", "--json")
    found = {each["check"]: each for each in json.loads(result.stdout)["checks"]}
    assert result.returncode == 0, result.stdout
    assert "startup" not in found
    assert found["plugin fine"]["message"] == "loaded (fine-package 1.2.3)"
    assert found["plugin bad"]["level"] == "warning"
    assert "ValueError: it is broken" in found["plugin bad"]["message"]
    assert "disabled = ['bad']" in found["plugin bad"]["advice"]
    assert found["plugin off"]["level"] == "ok"
    assert "disabled in" in found["plugin off"]["message"]
    assert found["plugin moody"]["level"] == "warning"

    required = command("doctor", "--json", env={"AGENTCORE_REQUIRED_PLUGINS": "bad"})
    found = {each["check"]: each for each in json.loads(required.stdout)["checks"]}
    assert required.returncode == 1
    assert found["plugin bad"]["level"] == "problem"


def test_a_plugin_that_cannot_be_started(command: Any, install: Any, project: Path) -> None:
    """It is found with --start; without it the doctor says that nothing was started."""
    install(
        "late", "from agentcore import hookimpl\n@hookimpl\ndef agentcore_startup():\n    raise OSError('no disk')\n"
    )
    (project / "agentcore.toml").write_text('model = "scripted:x"\n')
    looked = {each["check"]: each for each in json.loads(command("doctor", "--json").stdout)["checks"]}
    assert looked["plugin late"]["message"] == "loaded (late-package 1.2.3)"
    assert looked["startup"] == {
        "check": "startup",
        "level": "ok",
        "message": "no plugin was started up",
        "advice": "'agentcore doctor --start' does it, as a run would.",
    }
    found = {each["check"]: each for each in json.loads(command("doctor", "--start", "--json").stdout)["checks"]}
    assert found["plugin late"]["level"] == "warning"
    assert "at setup: OSError: no disk" in found["plugin late"]["message"]


@pytest.mark.parametrize("start", [(), ("--start",)], ids=["looking", "starting"])
def test_a_misspelt_hook(examined: Any, project: Path, start: tuple[str, ...]) -> None:
    """A table for no hook is a problem, whether the plugins are started up or not."""
    (project / "agentcore.toml").write_text('model = "scripted:x"\n[hooks.tool_exceute]\ntimeout = 1\n')
    found = examined(*start)
    assert found["code"] == 1
    assert "'tool_exceute' is not a hook" in found["plugins"][0]["message"]


def test_a_plugin_that_refuses_its_config(command: Any, install: Any, project: Path) -> None:
    """The advice is that of its error."""
    install("plain", "")
    (project / "agentcore.toml").write_text('model = "scripted:x"\n[plugins.plain]\nkey = 1\n')
    found = {each["check"]: each for each in json.loads(command("doctor", "--json").stdout)["checks"]}
    assert found["plugin plain"]["advice"] == "remove the table."


@pytest.mark.parametrize(
    ("status", "body", "level", "said"),
    [
        pytest.param(200, {"data": [{"id": "known"}]}, "ok", "answers", id="fine"),
        pytest.param(
            200, {"data": [{"id": "knwon"}, {}, 3]}, "warning", "does not list the model 'known'", id="unknown"
        ),
        pytest.param(200, {"data": None}, "ok", "answers", id="no-list"),
        pytest.param(404, b"nothing", "ok", "answers", id="no-such-page"),
        pytest.param(401, {}, "problem", "refuses the key in env:SERVER_KEY (HTTP 401)", id="wrong-key"),
        pytest.param(503, {}, "warning", "HTTP 503", id="overloaded"),
    ],
)
def test_a_model_behind_http(
    examined: Any,
    project: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: Any,
    level: str,
    said: str,
) -> None:
    """Its server is asked for its models, with the key, which is not shown."""
    monkeypatch.setenv("SERVER_KEY", "secret-of-mine")
    server.answer.update(status=status, body=body)
    (project / "agentcore.toml").write_text(
        f'model = "mine"\n[models.mine]\nbase_url = "{server.url}"\nmodel = "known"\napi_key = "env:SERVER_KEY"\n'
    )
    found = examined()
    assert found["code"] == (level == "problem")
    assert found["model"][1]["level"] == level
    assert said in found["model"][1]["message"]
    assert server.answer["key"] == "Bearer secret-of-mine"
    assert "secret-of-mine" not in json.dumps(found)


@pytest.mark.parametrize(
    ("config", "env", "level", "said"),
    [
        pytest.param('model = "nope"', {}, "problem", "no plugin resolves the model 'nope'", id="unknown"),
        pytest.param('model = "openai"', {}, "problem", "api.openai.com wants a key", id="no-key"),
        pytest.param(
            'model = "vllm:x"', {"VLLM_BASE_URL": "http://127.0.0.1:9/v1"}, "problem", "does not answer", id="server"
        ),
        pytest.param(
            'model = "m"\n[models.m]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "x"',
            {},
            "problem",
            "127.0.0.1:9",
            id="url",
        ),
        pytest.param(
            'model = "m"\n[models.m]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "x"\napi_key = "env:NOT_SET"',
            {},
            "problem",
            "'NOT_SET'",
            id="key-that-is-not-set",
        ),
        pytest.param('model = "local:/no/such.gguf"', {}, "problem", "no file /no/such.gguf", id="no-weights"),
        pytest.param('model = "local:here.gguf"', {}, "ok", "here.gguf", id="weights"),
        pytest.param('model = "local"', {"AGENTCORE_LOCAL_MODEL": "here.gguf"}, "ok", "here.gguf", id="other-weights"),
        pytest.param(
            'model = "m"\n[models.m]\nserver = "local"\nmodel = "/no/such.gguf"',
            {},
            "problem",
            "no file",
            id="configured",
        ),
        pytest.param(
            'model = "local"', {"AGENTCORE_CACHE_DIR": "none"}, "warning", "first run fetches", id="not-cached"
        ),
        pytest.param('model = "local"', {"AGENTCORE_CACHE_DIR": "cache"}, "ok", "weights are cache", id="cached"),
    ],
)
def test_the_default_model(
    examined: Any,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: str,
    env: dict[str, str],
    level: str,
    said: str,
) -> None:
    """Whether it is there, reached, or still to be fetched, with what to do."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    (project / "here.gguf").touch()
    weights = project / "cache" / "models" / SMOLLM2.file_name
    weights.parent.mkdir(parents=True)
    with weights.open("wb") as file:
        file.truncate(SMOLLM2.size)
    (project / "agentcore.toml").write_text(f"{config}\n")
    found = examined()["model"][1]
    assert found["level"] == level
    assert said in found["message"] + found["advice"]


@pytest.mark.parametrize(("needed", "level"), [(True, "problem"), (False, "warning")])
def test_an_engine_that_cannot_run_here(monkeypatch: pytest.MonkeyPatch, needed: bool, level: str) -> None:
    """It is a problem only where the default model needs it."""

    def library(name: str) -> None:
        raise ModelError("llama.cpp's wheels need a processor with AVX2", model=name, hint="name another model")

    monkeypatch.setattr(_llama, "library", library)
    finding = checks.engine(needed=needed)
    assert (finding.level, finding.advice) == (level, "name another model")


def test_packages_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A requirement that is not installed is a problem; that agentcore itself is not, a warning."""

    class Distribution:
        version = "1.0"
        requires = ("pluggy>=1.7", "no-such-package>=2", "another; extra == 'x'", "!")

    monkeypatch.setattr(checks, "distribution", lambda _name: Distribution)
    problem, summary = checks.packages()
    assert (problem.level, problem.advice) == ("problem", "pip install 'no-such-package>=2'")
    assert "pluggy 1." in summary.message
    monkeypatch.undo()
    monkeypatch.setattr(checks, "_DISTRIBUTION", "no-such-package")
    assert [each.level for each in checks.packages()] == ["warning"]


def test_an_old_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that is too old is a problem."""
    monkeypatch.setattr(checks, "_OLDEST", (99, 0))
    assert checks.python().level == "problem"
