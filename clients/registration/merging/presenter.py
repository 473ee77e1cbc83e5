"""The intentions of the merging page; plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.merging.state import MergingState, Side
from shared.contract.base import Page
from shared.contract.exams import ExamList, ListExams
from shared.contract.patients import (
    GetPatient,
    GetRecords,
    LikePair,
    LinkPatient,
    ListLikePairs,
    PatientList,
    PatientRecords,
    PatientView,
    SearchPatients,
    SeparatePatient,
)

_EXAMS_SHOWN = 8


class MergingPresenter(ScreenPresenter[MergingState]):
    """Loads suggested pairs, compares two records, links and separates them."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[MergingState], None] = lambda _state: None,
    ) -> None:
        super().__init__(MergingState(), caller, runner, messages, show)

    # ── the list ─────────────────────────────────────────────────────────────────────────────────────

    def refresh(self) -> None:
        """Load the suggested pairs again, or the search that is shown."""
        if self.state.found is not None and self.state.search:
            self.search(self.state.search)
            return
        self._change(loading=True, trouble="")
        self._ask(ListLikePairs(limit=100), self._pairs_came, self._not_loaded, key="merging/list")

    def _pairs_came(self, pairs: tuple[LikePair, ...]) -> None:
        self._change(pairs=pairs, loading=False, loaded_once=True)

    def _not_loaded(self, error: Exception) -> None:
        self._change(loading=False, trouble=message_for(error).text)

    def search(self, text: str) -> None:
        """Find records by name or number; an empty text goes back to the suggested pairs."""
        wanted = text.strip()
        if not wanted:
            self._change(search="", found=None)
            self.refresh()
            return
        self._change(search=wanted, loading=True, trouble="")
        request = SearchPatients(text=wanted, page=Page(limit=50))
        self._ask(request, self._found, self._not_loaded, key="merging/list")

    def _found(self, found: PatientList) -> None:
        self._change(found=found.rows, loading=False, loaded_once=True)

    # ── the comparison ───────────────────────────────────────────────────────────────────────────────

    def compare(self, pair: LikePair) -> None:
        """Show both records of a pair; the older one is kept unless the clerk swaps them."""
        self._change(keep=Side(pair.first), join=Side(pair.second), records=None, reason="", reason_missing=False)
        self._load_sides()

    def choose(self, patient: PatientView) -> None:
        """A record found by a search: the first one is kept, the next one joins it."""
        keep, join = self.state.keep, self.state.join
        if keep is None or join is not None:
            self._change(keep=Side(patient), join=None, records=None, reason="", reason_missing=False)
        elif keep.patient.id != patient.id:
            self._change(join=Side(patient))
        self._load_sides()

    def swap(self) -> None:
        """Keep the other record."""
        if self.state.join is not None:
            self._change(keep=self.state.join, join=self.state.keep, records=None)
            self._load_records()

    def clear(self) -> None:
        """Put the comparison away."""
        self._change(keep=None, join=None, records=None, reason="", reason_missing=False)

    def write_reason(self, text: str) -> None:
        """Why, for whoever asks later."""
        self._change(reason=text, reason_missing=False)

    def _load_sides(self) -> None:
        self._load_records()
        for name in ("keep", "join"):
            side: Side | None = getattr(self.state, name)
            if side is not None and side.exams is None:
                self._load_exams(name, side.patient.id)

    def _load_exams(self, name: str, patient_id: int) -> None:
        def came(found: ExamList) -> None:
            side: Side | None = getattr(self.state, name)
            if side is not None and side.patient.id == patient_id:
                self._change(**{name: replace(side, exams=found.rows, exam_count=found.total)})

        request = ListExams(patient_id=patient_id, page=Page(limit=_EXAMS_SHOWN))
        self._ask(request, came, lambda _error: None, key=f"merging/exams/{name}")

    def _load_records(self) -> None:
        if self.state.keep is not None:
            request = GetRecords(patient_id=self.state.keep.patient.id)
            self._ask(request, self._records_came, lambda _error: None, key="merging/records")

    def _records_came(self, records: PatientRecords) -> None:
        self._change(records=records)

    # ── joining and separating ───────────────────────────────────────────────────────────────────────

    def merge(self) -> None:
        """合并: the kept record stands for both. Asks for a reason first."""
        state = self.state
        if not state.may_merge or state.keep is None or state.join is None:
            return
        if not state.reason.strip():
            self._change(reason_missing=True)
            return
        self._change(working=True)
        request = LinkPatient(
            patient_id=state.join.patient.id,
            version=state.join.patient.version,
            into_id=state.keep.patient.id,
            reason=state.reason.strip(),
        )
        kept = state.keep.patient.name

        def merged(joined: PatientView) -> None:
            self._change(working=False, join=None, reason="")
            self._load_records()
            self.refresh()
            undo_words = tr("合并有误，已撤销")
            self._messages.offer_undo(
                tr("{number} 已并入 {name}。", number=joined.patient_number, name=kept),
                lambda: self._separate(joined, undo_words),
            )

        self._ask(request, merged, self._failed)

    def separate(self, patient: PatientView) -> None:
        """拆分: the record stands for itself again. Asks for a reason first."""
        if not self.state.reason.strip():
            self._change(reason_missing=True)
            return
        self._separate(patient, self.state.reason.strip())

    def _separate(self, patient: PatientView, reason: str) -> None:
        self._change(working=True)

        def work() -> PatientView:
            fresh = self._caller.call(GetPatient(patient_id=patient.id))  # its version may have moved on
            request = SeparatePatient(patient_id=patient.id, version=fresh.version, reason=reason)
            return self._caller.call(request)

        def done(apart: PatientView) -> None:
            self._change(working=False, reason="", reason_missing=False)
            self._messages.say(tr("{number} 已拆分为单独的患者。", number=apart.patient_number), Tone.SUCCESS)
            self._load_records()
            self.refresh()

        self._runner.run(work, done, self._failed)

    def _failed(self, error: Exception) -> None:
        self._change(working=False)
        self._messages.report(error)
        self.refresh()
