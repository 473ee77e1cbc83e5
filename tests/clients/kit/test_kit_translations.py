"""Both languages are complete: every Chinese literal in the clients' sources has an English entry."""

from __future__ import annotations

import ast
import importlib
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from clients.kit import english
from clients.kit.translations import (
    Language,
    on_language_change,
    register_catalogue,
    set_language,
    tr,
    tr_in,
)

CLIENTS = Path(__file__).resolve().parents[3] / "clients"
CHINESE = re.compile(r"[㐀-鿿]")
# Catalogues hold the literals by definition; the voice reads Chinese aloud and the gallery's sample data is data.
CATALOGUES = ("translations.py", "texts.py", "english.py")
DATA_FOLDERS = ("voice", "speech")
WORKSTATIONS = sorted(p for p in CLIENTS.iterdir() if p.is_dir() and p.name != "__pycache__")
DATA_FILES = ("gallery.py", "gallery_data.py", "speech.py")  # speech.py: the words that a speaker says


def catalogues_in(folder: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each catalogue below a folder with the name of its module."""
    for path in sorted(folder.rglob("*.py")):
        if path.name not in CATALOGUES or path.parent == CLIENTS / "kit":
            continue
        name = ".".join(path.relative_to(CLIENTS.parent).with_suffix("").parts)
        module = importlib.import_module(name)
        for value in vars(module).values():
            if isinstance(value, Mapping) and all(isinstance(k, str) and isinstance(v, str) for k, v in value.items()):
                yield name, value


def catalogue_of(folder: Path) -> dict[str, str]:
    """All entries a workstation registers: its own translations.py or texts.py and the kit's."""
    entries = dict(english.ENTRIES)
    for _, catalogue in catalogues_in(folder):
        entries.update(catalogue)
    return entries


def chinese_literals(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every Chinese string literal that is neither a docstring nor marked verbatim."""
    tree = ast.parse(source)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "verbatim":
            skipped.update(id(inner) for inner in ast.walk(node))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in skipped:
            continue
        if isinstance(node.value, str) and CHINESE.search(node.value):
            yield node.lineno, node.value


def source_files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*.py"))
        if path.name not in CATALOGUES
        and path.name not in DATA_FILES
        and not any(part in DATA_FOLDERS for part in path.relative_to(CLIENTS).parts)
    ]


@pytest.mark.parametrize("folder", WORKSTATIONS, ids=lambda p: p.name)
def test_every_chinese_literal_has_an_english_entry(folder: Path) -> None:
    known = catalogue_of(folder)
    missing = [
        f"{path.relative_to(CLIENTS.parent)}:{line}: {text!r}"
        for path in source_files(folder)
        for line, text in chinese_literals(path.read_text(encoding="utf-8"))
        if text not in known and text not in ("中文",)
    ]
    assert not missing, "no English for\n" + "\n".join(missing)


@pytest.mark.parametrize("folder", WORKSTATIONS, ids=lambda p: p.name)
def test_no_two_catalogues_of_a_workstation_translate_a_text_differently(folder: Path) -> None:
    """Or what is shown would depend on which was registered last; an entry of the kit's own would never be shown."""
    known = {source: (text, "the kit") for source, text in english.ENTRIES.items()}
    twice = []
    for name, catalogue in (*catalogues_in(CLIENTS / "kit"), *catalogues_in(folder)):
        for source, text in catalogue.items():
            other, where = known.setdefault(source, (text, name))
            if other != text and CHINESE.search(source):
                twice.append(f"{source!r}: {other!r} in {where}, {text!r} in {name}")
    assert not twice, "two translations of\n" + "\n".join(twice)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_english_entries_fill_the_same_places_and_hold_no_chinese() -> None:
    for source, text in catalogue_of(CLIENTS).items():
        assert text.strip(), source
        assert not CHINESE.search(text), source
        assert places(source) == places(text), source


def test_texts_follow_the_language() -> None:
    register_catalogue({"测试用语 {n}": "test words {n}"})
    assert tr("测试用语 {n}", n=3) == "测试用语 3"
    set_language(Language.ENGLISH)
    assert tr("测试用语 {n}", n=3) == "test words 3"
    assert tr_in(Language.CHINESE, "测试用语 {n}") == "测试用语 {n}"


def test_a_text_without_entry_is_shown_in_chinese() -> None:
    set_language(Language.ENGLISH)
    assert tr("没有译文的一句") == "没有译文的一句"


def test_the_terms_of_the_kit_are_the_same_in_every_workstation() -> None:
    register_catalogue({"检查号": "Accession", "一家工作站的用语": "one"})
    register_catalogue({"一家工作站的用语": "other"})
    set_language(Language.ENGLISH)
    assert tr("检查号") == english.ENTRIES["检查号"]
    assert tr("一家工作站的用语") == "other"


def test_listeners_hear_a_switch_once_and_can_leave() -> None:
    heard: list[int] = []
    forget = on_language_change(lambda: heard.append(1))
    set_language(Language.ENGLISH)
    set_language(Language.ENGLISH)
    forget()
    set_language(Language.CHINESE)
    assert heard == [1]
