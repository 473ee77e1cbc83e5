"""报告复制: texts, codes, checklist and images of one case into another open one (PA-RPT-05, PA-AMB-11)."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid
from server.pathology.reports.books import Books, is_locked
from server.pathology.reports.checklists import Checklists
from server.pathology.reports.coding import Coding
from server.pathology.reports.opinions import Opinions, text_of
from server.pathology.reports.ports import Images
from shared.contract.pathology_reports import PasteReport, SaveOpinion
from shared.domain.pathology import CASE_STATES


class Copying:
    """Copies reports; works in the caller's unit of work."""

    def __init__(
        self, books: Books, opinions: Opinions, checklists: Checklists, coding: Coding, images: Images
    ) -> None:
        self._books = books
        self._opinions = opinions
        self._checklists = checklists
        self._coding = coding
        self._images = images

    def paste(self, uow: UnitOfWork, caller: Caller, request: PasteReport) -> None:
        """Put a report into another case as the caller's draft. Raises INVALID, ILLEGAL_ACTION, NOT_FOUND."""
        if request.from_case_id == request.to_case_id:
            raise invalid("to_case_id", "请选择另一个病例粘贴。")
        source = self._books.cases.facts(uow, caller, request.from_case_id)
        self._books.cases.lock(uow, request.to_case_id)
        target = self._books.cases.facts(uow, caller, request.to_case_id)
        if is_locked(target):
            raise illegal_action(target.state, f"病例{CASE_STATES[target.state].zh}，不能粘贴报告。")
        report = self._books.main(uow, source.id)
        text = None if report is None else self._books.text(uow, report)
        if text is None:
            raise illegal_action(source.state, "要复制的病例还没有诊断内容。")
        self._opinions.save(
            uow,
            caller,
            SaveOpinion(case_id=target.id, kind=request.kind, text=text_of(text), is_automatic=True),
        )
        codes = self._coding.of_case(uow, source.id)
        if codes and not self._coding.of_case(uow, target.id):
            self._coding.set(uow, caller, target.id, codes)
        self._checklists.copy(uow, caller, source.id, target.id)
        images = self._images.copy(uow, caller, source.id, target.id, source.number)
        self._books.log(uow, caller, target.id, "pasted", note=f"自病例 {source.number}，影像 {images} 项")
        self._books.cases.touch(uow, target.id)
