"""Nothing in a signature is imported, compiled or evaluated."""

import subprocess
import sys
from pathlib import Path

import pytest

import agentcore
from agentcore._signature import parse_signature, signature_model
from agentcore.errors import SignatureError

HOSTILE = [
    "a: __import__('os')",
    "a: os.system('true')",
    "a: antigravity.fly",
    "a: list[__import__('antigravity')]",
    "a: 'antigravity.Model'",
    "a: (lambda: 0)()",
    "a: f'{__import__(1)}'",
    "a: [b for b in (1, 2)]",
    "a: Literal[open('x')]",
    "a: str.__class__",
    "a = __import__('os').system('true')",
    "a = eval('1')",
    "a = exec('import antigravity')",
    "a = f'{1 + 1}'",
    "a = lambda: 1",
    "a = [b for b in (1, 2)]",
    "a = {b: 1 for b in (1, 2)}",
    "a = (yield 1)",
    "a = ().__class__.__bases__[0].__subclasses__()",
    "a: int = 2 ** 99999999",
    "a: int = (b := 5)",
    "a | __import__('antigravity'), b: __import__('antigravity')",
]
HARMLESS = {"a: 'antigravity.Model'"}

PROOF = """
import sys
from agentcore._signature import describe, parse_signature, signature_model
from agentcore.errors import SignatureError

texts = {texts!r}
known = "x: list['a' | 'b'] | date | Decimal | UUID | Path | Url = ['a'] | the text, in full, y?: dict[str, int]"
describe(signature_model("Known", known))  # whatever pydantic loads on use is loaded
events = []
watching = True

def watch(event, arguments):
    if watching and event.partition(".")[0] in ("import", "exec", "compile", "open", "os", "subprocess", "socket"):
        events.append((event, arguments))

before = set(sys.modules)
sys.addaudithook(watch)
for text in [*texts, known + "|"]:
    try:
        describe(signature_model("Hostile", text))
    except SignatureError:
        pass
watching = False
compiled = [arguments for event, arguments in events if event == "compile"]
others = [each for each in events if each[0] != "compile"]
# ast.parse() announces itself as a compilation; a code object that runs would announce itself as "exec".
assert compiled, "the hook saw nothing at all"
assert all(filename == "<unknown>" for _, filename in compiled), compiled
assert not others, others
assert set(sys.modules) == before
"""


@pytest.mark.parametrize("text", [each for each in HOSTILE if each not in HARMLESS])
def test_code_is_refused(text: str) -> None:
    """Calls, imports, formatted strings, lambdas and comprehensions are errors, as a type and as a default."""
    with pytest.raises(SignatureError):
        parse_signature(text)


def test_nothing_is_imported_or_evaluated() -> None:
    """The interpreter itself, asked through an audit hook, sees syntax trees made and nothing else."""
    source = Path(agentcore.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", PROOF.format(texts=HOSTILE)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(source)},
    )
    assert done.returncode == 0, done.stderr


def test_a_quoted_name_is_a_literal_and_no_reference() -> None:
    """A string in a type is never looked up, not even by pydantic."""
    model = signature_model("Quoted", "a: 'antigravity.Model' | 'Ticket'")
    assert model.model_validate({"a": "Ticket"}).model_dump() == {"a": "Ticket"}
    assert "antigravity" not in sys.modules
