"""Templates and prompts as files: Excel (one line each) and JSON, out and back in after a check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.organisation.sheets import Formula, Line, read_sheet, write_xlsx
from server.pathology.templates import rules
from server.pathology.templates.lists import Prompts
from server.pathology.templates.tables import EVERYBODY, TemplateDisease, TemplateSite
from server.pathology.templates.tree import TemplateTree
from shared.contract import pathology_templates as contract
from shared.contract.errors import ErrorCode
from shared.contract.master import MAX_FILE_BYTES
from shared.domain.pathology_templates.prompt_fields import BY_KEY

HEADINGS = ("部位", "病种", "检查所见", "诊断意见")
LEVELS = ("一级", "二级", "三级", "四级")
_MOST_LINES, _MOST_PROBLEMS = 5_000, 200

T = TypeVar("T")


class _TemplateLine(msgspec.Struct, frozen=True, kw_only=True):
    site: str
    disease: str
    findings: str = ""
    diagnosis: str = ""
    line: int = 0


class _TemplateFile(msgspec.Struct, frozen=True, kw_only=True):
    templates: tuple[_TemplateLine, ...]
    kind: str = ""


class _PromptFile(msgspec.Struct, frozen=True, kw_only=True):
    entries: tuple[contract.PromptEntry, ...]
    field: str = ""


class TemplateFiles:
    """Writes and reads files; an import with problems keeps nothing."""

    def __init__(self, tree: TemplateTree, prompts: Prompts) -> None:
        self._tree = tree
        self._prompts = prompts

    def export_templates(self, uow: UnitOfWork, caller: Caller, request: contract.ExportTemplates) -> contract.FileOut:
        """Return a file of the texts that the caller sees. Raises NOT_FOUND."""
        sites = self._tree.listed(uow, caller, request.kind)
        if request.site_ids:
            sites = tuple(site for site in sites if site.id in request.site_ids)
            if not sites:
                raise not_found("该部位")
        texts = [self._tree.text(uow, caller, disease.id) for site in sites for disease in site.diseases]
        lines = [(one.site, one.name, one.findings, one.diagnosis) for one in texts]
        name = "检查模板" if request.kind is contract.TemplateKind.GROSS else "诊断模板"
        if request.format is contract.FileFormat.XLSX:
            return _out(name, "xlsx", write_xlsx(name, HEADINGS, (16, 24, 80, 60), lines), len(lines))
        kept = tuple(
            _TemplateLine(site=site, disease=disease, findings=findings, diagnosis=diagnosis)
            for site, disease, findings, diagnosis in lines
        )
        return _out(name, "json", _json(_TemplateFile(templates=kept, kind=request.kind.value)), len(lines))

    def import_templates(
        self, uow: UnitOfWork, caller: Caller, request: contract.ImportTemplates
    ) -> contract.ImportReport:
        """Take a file into the public tree or the caller's own. Raises INVALID, TOO_LARGE, PERMISSION_MISSING."""
        owner = caller.user_id if request.personal else EVERYBODY
        rules.require_templates(caller, owner)
        problems: list[contract.ImportProblem] = []
        lines = _template_lines(request.file_name, request.content, problems)
        entries: dict[tuple[str, str], _TemplateLine] = {}
        for line in lines:
            if (line.site, line.disease) in entries:
                problems.append(_problem(line.line, "病种", "与前面的行部位和病种相同。"))
            if not line.site or not line.disease or max(len(line.site), len(line.disease)) > contract.MOST_NAME:
                problems.append(_problem(line.line, "病种", f"部位和病种不能为空，最多 {contract.MOST_NAME} 个字。"))
            if max(len(line.findings), len(line.diagnosis)) > contract.MOST_TEXT:
                problems.append(_problem(line.line, "检查所见", f"模板文本最多 {contract.MOST_TEXT} 个字。"))
            entries[line.site, line.disease] = line
        there = _there(uow, owner, request.kind)
        added = [one for key, one in entries.items() if key not in there]
        changed = [one for key, one in entries.items() if key in there and not _same(one, there[key])]
        if not problems and not request.check_only:
            self._keep(uow, owner, request.kind, [*added, *changed], there, caller.name)
        return contract.ImportReport(
            added=len(added),
            changed=len(changed),
            unchanged=len(entries) - len(added) - len(changed),
            problems=tuple(problems[:_MOST_PROBLEMS]),
        )

    def export_prompts(self, uow: UnitOfWork, request: contract.ExportPrompts) -> contract.FileOut:
        """Return a file of the choices of a field. Raises INVALID."""
        if request.key not in BY_KEY:
            raise invalid("key", "没有这个字段。")
        entries = self._prompts.listed(uow, (request.key,))[0].entries
        name, count = BY_KEY[request.key].zh, rules.count(entries)
        if request.format is contract.FileFormat.JSON:
            return _out(name, "json", _json(_PromptFile(entries=entries, field=request.key)), count)
        lines = list(_paths(entries))
        return _out(name, "xlsx", write_xlsx(name, LEVELS, (30,) * len(LEVELS), lines), count)

    def import_prompts(self, uow: UnitOfWork, request: contract.ImportPrompts) -> contract.ImportReport:
        """Add the choices of a file to a field. Raises INVALID, TOO_LARGE."""
        if request.key not in BY_KEY:
            raise invalid("key", "没有这个字段。")
        present = self._prompts.listed(uow, (request.key,))[0]
        problems: list[contract.ImportProblem] = []
        given = _prompt_entries(request.file_name, request.content, problems)
        merged = _merged(present.entries, given)
        before, after = rules.count(present.entries), rules.count(merged)
        try:
            rules.with_initials(merged)
            if after > contract.MOST_ENTRIES:
                raise invalid("entries", f"一个字段最多 {contract.MOST_ENTRIES} 条提示。")
        except Refusal as refusal:
            problems.append(_problem(0, "", refusal.body.message))
        if not problems and not request.check_only and after > before:
            self._prompts.save(uow, request.key, present.version, merged)
        return contract.ImportReport(
            added=after - before, changed=0, unchanged=before, problems=tuple(problems[:_MOST_PROBLEMS])
        )

    def _keep(
        self,
        uow: UnitOfWork,
        owner: int,
        kind: contract.TemplateKind,
        lines: Sequence[_TemplateLine],
        there: dict[tuple[str, str], TemplateDisease],
        by: str,
    ) -> None:
        statement = select(TemplateSite).where(TemplateSite.owner_id == owner, TemplateSite.kind == kind.value)
        sites = {site.name: site for site in uow.session.scalars(statement)}
        for line in lines:
            site = sites.get(line.site)
            if site is None:
                site = sites[line.site] = self._tree.add_site(uow, owner, kind, line.site)
            disease = there.get((line.site, line.disease)) or self._tree.add_disease(uow, site, line.disease)
            self._tree.write(uow, disease, line.findings, line.diagnosis, by)


def _there(uow: UnitOfWork, owner: int, kind: contract.TemplateKind) -> dict[tuple[str, str], TemplateDisease]:
    statement = (
        select(TemplateSite.name, TemplateDisease)
        .join(TemplateSite, TemplateSite.id == TemplateDisease.site_id)
        .where(TemplateSite.owner_id == owner, TemplateSite.kind == kind.value)
    )
    return {(site, disease.name): disease for site, disease in uow.session.execute(statement)}


def _same(line: _TemplateLine, there: TemplateDisease) -> bool:
    return (line.findings, line.diagnosis) == (there.findings, there.diagnosis)


def _template_lines(
    file_name: str, content: bytes, problems: list[contract.ImportProblem]
) -> tuple[_TemplateLine, ...]:
    if file_name.casefold().endswith(".json"):
        found = _from_json(content, _TemplateFile).templates
        if len(found) > _MOST_LINES:
            raise invalid("file", f"一次最多导入 {_MOST_LINES} 个病种，请分成几个文件。")
        return tuple(
            msgspec.structs.replace(
                one, line=place, site=" ".join(one.site.split()), disease=" ".join(one.disease.split())
            )
            for place, one in enumerate(found, 1)
        )
    sheet = read_sheet(file_name, content)
    places = {name.strip(): place for place, name in enumerate(sheet.headings)}
    missing = [name for name in HEADINGS[:3] if name not in places]
    if missing:
        raise invalid("file", f"表格缺少“{'”、“'.join(missing)}”列。请先导出一份，按其列名填写。")
    if len(sheet.lines) > _MOST_LINES:
        raise invalid("file", f"一次最多导入 {_MOST_LINES} 行，请分成几个文件。")

    def cell(line: Line, name: str) -> str:
        return _cell(line, places.get(name, -1), name, problems)

    return tuple(
        _TemplateLine(
            line=line.number,
            site=" ".join(cell(line, "部位").split()),
            disease=" ".join(cell(line, "病种").split()),
            findings=cell(line, "检查所见"),
            diagnosis=cell(line, "诊断意见"),
        )
        for line in sheet.lines
    )


def _cell(line: Line, place: int, name: str, problems: list[contract.ImportProblem]) -> str:
    value = line.cells[place] if 0 <= place < len(line.cells) else ""
    if isinstance(value, Formula):
        problems.append(_problem(line.number, name, "单元格是公式，请改为文字。"))
        return ""
    return "" if value is None else str(value).strip()


def _prompt_entries(
    file_name: str, content: bytes, problems: list[contract.ImportProblem]
) -> tuple[contract.PromptEntry, ...]:
    if file_name.casefold().endswith(".json"):
        return _from_json(content, _PromptFile).entries
    sheet = read_sheet(file_name, content)
    if len(sheet.lines) > _MOST_LINES:
        raise invalid("file", f"一次最多导入 {_MOST_LINES} 行，请分成几个文件。")
    made: tuple[contract.PromptEntry, ...] = ()
    for line in sheet.lines:
        path = [_cell(line, place, LEVELS[place], problems) for place in range(len(LEVELS))]
        while path and not path[-1]:
            path.pop()
        if "" in path:
            problems.append(_problem(line.number, LEVELS[path.index("")], "上一级不能为空。"))
        elif path:
            made = _merged(made, _branch(path))
    return made


def _branch(path: Sequence[str]) -> tuple[contract.PromptEntry, ...]:
    below = _branch(path[1:]) if len(path) > 1 else ()
    return (contract.PromptEntry(text=path[0], entries=below),)


def _merged(
    first: Sequence[contract.PromptEntry], second: Sequence[contract.PromptEntry]
) -> tuple[contract.PromptEntry, ...]:
    made = {entry.text: entry for entry in first}
    for entry in second:
        text = entry.text.strip()
        known = made.get(text)
        below = _merged(known.entries if known is not None else (), entry.entries)
        made[text] = contract.PromptEntry(text=text, entries=below)
    return tuple(made.values())


def _paths(entries: Sequence[contract.PromptEntry], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for entry in entries:
        path = (*above, entry.text)
        found += _paths(entry.entries, path) if entry.entries else [path + ("",) * (len(LEVELS) - len(path))]
    return found


def _from_json(content: bytes, kind: type[T]) -> T:
    if len(content) > MAX_FILE_BYTES:
        raise Refusal(ErrorCode.TOO_LARGE, f"文件超过 {MAX_FILE_BYTES >> 20} MB，请分成几个文件导入。", field="file")
    try:
        return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise invalid("file", f"不是本系统导出的 JSON 文件：{error}") from None


def _json(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def _out(name: str, suffix: str, content: bytes, count: int) -> contract.FileOut:
    return contract.FileOut(name=f"{name}.{suffix}", content=content, count=count)


def _problem(line: int, column: str, text: str) -> contract.ImportProblem:
    return contract.ImportProblem(line=line, column=column, text=text)
