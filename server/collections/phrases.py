"""The phrase library as an Excel workbook (CO-DX-06): all or part of it out, and back into the account's own tree."""

from __future__ import annotations

from dataclasses import dataclass

from server.collections.ports import Library
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.organisation.sheets import Formula, Line, read_sheet, write_xlsx
from shared.contract.collections import ExportPhrases, PhraseFile, PhraseImport, PhraseProblem
from shared.contract.reporting import SaveTemplate, TemplateView
from shared.domain.rich_text import plain, spelled

HEADINGS = ("目录", "名称", "类别", "检查类型", "影像所见", "诊断意见")
_WIDTHS = (24, 28, 10, 10, 80, 60)
_KINDS = {"模板": False, "词条": True}
_MOST_LINES = 5_000
_MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class _Entry:
    folder: str
    name: str
    is_phrase: bool
    exam_type: str
    findings: str
    impression: str

    @property
    def key(self) -> tuple[str, str, bool]:
        return self.folder, self.name, self.is_phrase


class PhraseFiles:
    """Writes and reads workbooks."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def export(self, uow: UnitOfWork, caller: Caller, request: ExportPhrases) -> PhraseFile:
        """Return a workbook of what the account sees: all, a folder with those below it, or chosen entries."""
        found = self._library.find(uow, caller)
        if request.template_ids:
            wanted = set(request.template_ids)
            found = tuple(one for one in found if one.id in wanted)
            if len(found) < len(wanted):
                raise not_found("词条")
        if request.folder:
            below = request.folder + "/"
            found = tuple(one for one in found if one.folder == request.folder or one.folder.startswith(below))
        lines = [
            (
                one.folder,
                one.name,
                "词条" if one.is_phrase else "模板",
                one.exam_type,
                spelled(one.findings),
                spelled(one.impression),
            )
            for one in found
        ]
        return PhraseFile(name="词条库.xlsx", content=write_xlsx("词条库", HEADINGS, _WIDTHS, lines), count=len(lines))

    def take(
        self, uow: UnitOfWork, caller: Caller, file_name: str, content: bytes, *, check_only: bool
    ) -> PhraseImport:
        """Take a workbook into the account's own tree; with problems, or to check only, nothing is kept."""
        sheet = read_sheet(file_name, content)
        places = _places(sheet.headings)
        if len(sheet.lines) > _MOST_LINES:
            raise invalid("file", f"一次最多导入 {_MOST_LINES} 行，请分成几个文件。")
        problems: list[PhraseProblem] = []
        entries: dict[tuple[str, str, bool], _Entry] = {}
        for line in sheet.lines:
            entry = _entry(line, places, problems)
            if entry is None:
                continue
            if entry.key in entries:
                problems.append(PhraseProblem(line=line.number, column="名称", text="与前面的行目录和名称相同。"))
            entries[entry.key] = entry
        mine = {
            (one.folder, one.name, one.is_phrase): one
            for one in self._library.find(uow, caller)
            if one.owner_id == caller.user_id
        }
        added = [one for one in entries.values() if one.key not in mine]
        changed = [one for one in entries.values() if one.key in mine and not _same(one, mine[one.key])]
        if not problems and not check_only:
            for one in (*added, *changed):
                there = mine.get(one.key)
                self._library.save(uow, caller, _request(one, None if there is None else there.id))
        return PhraseImport(
            added=len(added),
            changed=len(changed),
            unchanged=len(entries) - len(added) - len(changed),
            problems=tuple(problems[:_MOST_PROBLEMS]),
        )


def _places(headings: tuple[str, ...]) -> dict[str, int]:
    places = {name.strip(): place for place, name in enumerate(headings)}
    missing = [name for name in ("名称", "影像所见") if name not in places]
    if missing:
        raise invalid("file", f"表格缺少“{'”、“'.join(missing)}”列。请先导出一份，按其列名填写。")
    return places


def _entry(line: Line, places: dict[str, int], problems: list[PhraseProblem]) -> _Entry | None:
    before = len(problems)

    def cell(column: str, most: int, *, needed: bool = False) -> str:
        place = places.get(column, -1)
        value = line.cells[place] if 0 <= place < len(line.cells) else ""
        if isinstance(value, Formula):
            problems.append(PhraseProblem(line=line.number, column=column, text="单元格是公式，请改为文字。"))
            return ""
        words = "" if value is None else str(value).strip()
        if len(words) > most:
            problems.append(PhraseProblem(line=line.number, column=column, text=f"最多 {most} 个字。"))
        if needed and not words:
            problems.append(PhraseProblem(line=line.number, column=column, text="不能为空。"))
        return words

    kind = cell("类别", 10) or "模板"
    if kind not in _KINDS:
        problems.append(PhraseProblem(line=line.number, column="类别", text="请填写“模板”或“词条”。"))
    entry = _Entry(
        folder=cell("目录", 200) or "知识库",
        name=cell("名称", 60, needed=True),
        is_phrase=_KINDS.get(kind, False),
        exam_type=cell("检查类型", 16),
        findings=cell("影像所见", 4_000),
        impression=cell("诊断意见", 4_000),
    )
    if not entry.findings and not entry.impression:
        problems.append(PhraseProblem(line=line.number, column="影像所见", text="影像所见和诊断意见不能都为空。"))
    if entry.is_phrase and not entry.findings:
        problems.append(PhraseProblem(line=line.number, column="影像所见", text="词条的内容写在此列。"))
    return entry if len(problems) == before else None


def _same(entry: _Entry, there: TemplateView) -> bool:
    texts = _squeezed(plain(there.findings)), _squeezed(plain(there.impression))
    wanted = _squeezed(entry.findings), "" if entry.is_phrase else _squeezed(entry.impression)
    return texts == wanted and entry.exam_type == there.exam_type


def _squeezed(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _request(entry: _Entry, template_id: int | None) -> SaveTemplate:
    return SaveTemplate(
        id=template_id,
        is_phrase=entry.is_phrase,
        folder=entry.folder,
        name=entry.name,
        exam_type=entry.exam_type,
        findings=_paragraphs(entry.findings),
        impression=_paragraphs(entry.impression),
    )


def _paragraphs(text: str) -> str:
    from html import escape

    return "".join(f"<p>{escape(line.strip(), quote=False)}</p>" for line in text.splitlines() if line.strip())
