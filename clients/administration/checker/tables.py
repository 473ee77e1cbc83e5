"""Switches per exam type and the words of the house; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clients.administration.checker.words import KINDS
from clients.administration.table.spec import TableAction, TableSpec, Values
from clients.kit.fields import Choice, LongTextField, Section, TextField, TicksField
from clients.kit.paging import Column, EmptyWords
from clients.kit.translations import Language, language, tr
from shared.contract.base import Request
from shared.contract.checking import (
    AddCheckerWords,
    AlarmKind,
    CheckerWord,
    GetCheckerSwitches,
    ListCheckerWords,
    RemoveCheckerWord,
    SaveCheckerSwitches,
    SaveCheckerWord,
)
from shared.contract.organisation import GetHospital


@dataclass(frozen=True)
class SwitchLine:
    """One exam type ("" for all) and what is off."""

    exam_type: str
    name: str
    off: tuple[AlarmKind, ...]


def _load_switches(call: Any) -> tuple[SwitchLine, ...]:
    off = {one.exam_type: one.off for one in call(GetCheckerSwitches())}
    english = language() is Language.ENGLISH
    types = call(GetHospital()).exam_types
    lines = [SwitchLine("", tr("所有检查类型"), off.get("", ()))]
    for one in types:
        name = (one.name_en or one.name) if english else one.name
        lines.append(SwitchLine(one.code, name, off.get(one.code, ())))
    return tuple(lines)


def _off_words(line: SwitchLine) -> str:
    return "、".join(tr(KINDS[kind]) for kind in line.off) or tr("全部开启")


def _save_switches(line: Any, values: Values) -> Request[Any]:
    return SaveCheckerSwitches(exam_type=line.exam_type, off=tuple(AlarmKind(kind) for kind in values["off"]))


SWITCHES = TableSpec(
    id="checker-switches",
    columns=(
        Column("exam_type", "检查类型", 120, strong=True, value=lambda line: line.exam_type or "—"),
        Column("name", "名称", 200),
        Column("off", "关闭的提示", 0, value=_off_words),
    ),
    empty=EmptyWords("没有检查类型", "先在基础数据中建立检查类型。", "check_circle"),
    load=lambda _filters: _load_switches,
    row_id=lambda line: line.exam_type,
    intro="关闭某些提示，先看“提示效用”再决定。",
    named=lambda line: line.name,
    actions=(
        TableAction(
            id="off",
            text="设置",
            icon="gear",
            form=(
                Section(
                    "",
                    (
                        TicksField(
                            key="off",
                            label="关闭的提示",
                            columns=2,
                            choices=tuple(Choice(kind.value, words) for kind, words in KINDS.items()),
                        ),
                    ),
                ),
            ),
            form_values=lambda line, _found: {"off": tuple(kind.value for kind in line.off)},
            submit=_save_switches,
            said=lambda _saved: tr("已保存"),
        ),
    ),
)


def _save_word(values: Values, row: CheckerWord | None) -> Request[Any]:
    return SaveCheckerWord(id=0 if row is None else row.id, word=values["word"] or "", right=values["right"] or "")


WORDS = TableSpec(
    id="checker-words",
    columns=(
        Column("word", "写法", 220, strong=True),
        Column("right", "应为", 0, format=lambda right: right or tr("本院用语")),
        Column("added_by", "添加人", 140, quiet=True),
    ),
    empty=EmptyWords("词典还没有内容", "添加本院用语，检查时不再当作错别字；填写“应为”则会提示改正。", "edit"),
    load=lambda _filters: ListCheckerWords(),
    row_id=lambda word: word.id,
    intro="添加本院用语，检查时不再当作错别字；填写“应为”则会提示改正。",
    named=lambda word: word.word,
    search=lambda word: f"{word.word} {word.right}",
    form=(
        Section(
            "",
            (
                TextField(key="word", label="写法", required=True, max_length=40, span=2),
                TextField(key="right", label="应为", max_length=40, span=2, hint="留空：此写法正确，不再提示"),
            ),
        ),
    ),
    values=lambda word: {"word": word.word, "right": word.right},
    save=_save_word,
    remove=lambda word: RemoveCheckerWord(id=word.id),
    removed_words=lambda word: tr("已删除“{word}”", word=word.word),
    undo_remove=lambda word: SaveCheckerWord(word=word.word, right=word.right),
    commands=(
        TableAction(
            id="many",
            text="批量添加",
            icon="upload",
            form=(
                Section(
                    "",
                    (
                        LongTextField(
                            key="lines",
                            label="词语",
                            required=True,
                            lines=10,
                            max_length=20_000,
                            hint="每行一个词，或错误写法与正确写法，以空格分开",
                        ),
                    ),
                ),
            ),
            submit=lambda _row, values: AddCheckerWords(lines=values["lines"]),
            said=lambda count: tr("已添加 {count} 条", count=count),
        ),
    ),
)
