"""Long work of the life cycle: rules, moves, recalls, proofs of copies, pre-fetch and the daily fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec
from sqlalchemy import select

from server.archive.lifecycle.fill import StoreFills
from server.archive.lifecycle.moving import Done, StudyBusy, StudyGone, StudyMover
from server.archive.lifecycle.registry import ONLINE, StoreRegistry
from server.archive.lifecycle.rules import Prior, PriorRule, Rule, priors_of
from server.archive.lifecycle.scrubbing import Scrubbing, ScrubPlan
from server.archive.lifecycle.selecting import compiled, entry_of, unsettled
from server.archive.lifecycle.service import MOVE, VERIFY
from server.archive.lifecycle.tables import PrefetchRule, StorageRule
from server.archive.lifecycle.tidying import Tidying
from server.archive.lifecycle.use import RECALL, ask_for_recall
from server.archive.tables import Series, Study
from server.kernel.database import Database, UnitOfWork
from server.kernel.jobs import JobContext, JobFailed, JobKind, JobRetry, Schedule
from server.kernel.storage.port import StorageError, StorageFull
from server.organisation.service import Hospital
from shared.contract.storage import PrefetchEntry

RULES = "storage.rules"
PREFETCH = "storage.prefetch"
FILL = "storage.fill"
TIDY = "storage.tidy"
SCRUB = "storage.scrub"

_FAILURES_IN_A_ROW = 10  # of different studies: then the store is in trouble, not a study
_BUSY_PAUSE_S = 5.0
_PREFETCH_PRIORITY = 3


@dataclass(frozen=True, slots=True)
class ComingExam:
    """An exam of today or tomorrow. `patient_id` is the DICOM Patient ID (0010,0020) of the images."""

    patient_id: str
    exam_type: str
    body_parts: tuple[str, ...]


class LifecycleJobs:
    """The handlers; `kinds` and `schedules` are for the runner."""

    def __init__(
        self,
        database: Database,
        mover: StudyMover,
        registry: StoreRegistry,
        fills: StoreFills,
        hospital: Callable[[UnitOfWork], Hospital],
        coming_exams: Callable[[UnitOfWork], Sequence[ComingExam]],
        *,
        growth: Callable[[Callable[[], None]], int] | None = None,
        scrub: ScrubPlan = ScrubPlan(),  # noqa: B008 - frozen
        is_night: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._mover = mover
        self._registry = registry
        self._fills = fills
        self._hospital = hospital
        self._coming_exams = coming_exams
        self._tidying = Tidying(database, registry)
        self._scrubbing = Scrubbing(database, mover, registry, scrub, is_night)
        self._growth = growth  # from the folder that received before to the bucket that receives now

    def kinds(self) -> list[JobKind]:
        """For the runner."""
        return [
            JobKind(RULES, self.apply_rules, lane="files"),
            JobKind(MOVE, self.move, lane="files"),
            JobKind(VERIFY, self.verify, lane="files"),
            JobKind(RECALL, self.recall, lane="recall"),
            JobKind(PREFETCH, self.prefetch, lane="house"),
            JobKind(FILL, self.fill, lane="house"),
            JobKind(TIDY, self.tidy, lane="files"),
            JobKind(SCRUB, self._scrubbing.run, lane="files"),
        ]

    def schedules(self) -> list[Schedule]:
        """For the runner."""
        return [
            Schedule(RULES, timedelta(hours=1)),
            Schedule(PREFETCH, timedelta(minutes=10)),
            Schedule(FILL, timedelta(hours=1)),
            Schedule(TIDY, timedelta(hours=6)),
            Schedule(SCRUB, timedelta(hours=1)),
        ]

    # rules

    def apply_rules(self, context: JobContext) -> str:
        """Finish what was begun, then bring every study to where its rule wants it."""
        self._registry.adopt()
        resumed = self._mover.resume(context.step)
        with self._database.read() as uow:
            rules = self._rules(uow)
        moved = failed = 0
        sentences: list[str] = []
        for rule in rules:
            trouble = self._trouble_of(rule)
            if trouble:
                sentences.append(trouble)
                continue
            done, bad, why = self._apply(context, rule, rules, moved)
            moved, failed = moved + done, failed + bad
            if why:
                sentences.append(why)
        counts = f"迁移 {moved} 个检查" + (f"，{failed} 个未完成" if failed else "")
        if resumed:
            counts += f"，续完 {resumed} 个"
        return "；".join([counts, *dict.fromkeys(sentences)]) + "。"

    def _apply(self, context: JobContext, rule: Rule, rules: list[Rule], before: int) -> tuple[int, int, str]:
        moved = failed = in_a_row = 0
        why = ""
        last = 0
        while True:
            with self._database.read() as uow:
                page = unsettled(uow.session, rule, rules, datetime.now(UTC), last)
            if not page:
                return moved, failed, why
            for row in page:
                last = row.id
                context.step(before + moved, None, f"已迁移 {before + moved} 个检查")
                try:
                    moved += self._mover.settle(row.uid, rule.keep_in, context.step).is_settled
                    in_a_row = 0
                except (StudyBusy, StudyGone):
                    continue
                except StorageError as trouble:
                    failed += 1
                    in_a_row += 1
                    why = str(trouble)
                    if isinstance(trouble, StorageFull) or in_a_row >= _FAILURES_IN_A_ROW:
                        return moved, failed, why

    def _rules(self, uow: UnitOfWork) -> list[Rule]:
        rows = uow.session.execute(select(StorageRule).order_by(StorageRule.position, StorageRule.id)).scalars()
        entries = [(entry_of(row), row.id) for row in rows]
        hospital = self._hospital(uow) if any(entry.campus_id is not None for entry, _ in entries) else None
        return [compiled(entry, rule_id, hospital) for entry, rule_id in entries if entry.is_enabled]

    def _trouble_of(self, rule: Rule) -> str:
        """Why nothing can be moved by a rule now; empty when it can."""
        for name in sorted(rule.keep_in - {ONLINE}):
            store = self._registry.get(name)
            if store is None:
                return f"存储“{name}”已不存在"
            try:
                probe = getattr(store.storage, "probe", None)
                if probe is not None:
                    probe()
            except StorageError as trouble:
                return str(trouble)
        return ""

    # one study

    def move(self, context: JobContext) -> str:
        """Bring one study into exactly the stores that the payload names."""
        uid, keep_in = context.payload["study_uid"], context.payload["keep_in"]
        done = self._one(lambda: self._mover.settle(uid, keep_in, context.step))
        return f"已迁移：复制 {done.copied_bytes / 2**20:.1f} MB，删除 {done.removed} 个文件。"

    def recall(self, context: JobContext) -> str:
        """Bring one study on-line."""
        done = self._one(lambda: self._mover.recall(context.payload["study_uid"], context.step))
        return f"已调回在线：{done.copied_bytes / 2**20:.1f} MB。"

    def verify(self, context: JobContext) -> str:
        """Prove the copies of one study."""
        done = self._one(lambda: self._mover.verify(context.payload["study_uid"], context.step))
        return f"副本校验完成，修复 {done.repaired} 个文件。"

    def _one(self, work: Callable[[], Done]) -> Done:
        try:
            return work()
        except StudyBusy:
            raise JobRetry("该检查正由另一任务处理，稍后继续。", _BUSY_PAUSE_S) from None
        except StudyGone:
            raise JobFailed("该检查的影像已不在归档中。") from None
        except StorageError as trouble:
            raise JobRetry(str(trouble)) from trouble

    # regular work

    def prefetch(self, _context: JobContext) -> str:
        """Queue the recall of priors for the exams of today and tomorrow."""
        with self._database.read() as uow:
            rows = uow.session.execute(select(PrefetchRule).order_by(PrefetchRule.id)).scalars()
            entries = [msgspec.convert(row.body, PrefetchEntry) for row in rows]
            rules = [_prior_rule(entry) for entry in entries if entry.is_enabled]
            if not rules:
                return "没有预取规则。"
            wanted: dict[str, None] = {}
            for exam in self._coming_exams(uow):
                priors = _priors(uow, exam.patient_id)
                wanted.update(dict.fromkeys(priors_of(exam.exam_type, exam.body_parts, priors, rules, _today())))
        if wanted:
            with self._database.write() as uow:
                for uid in wanted:
                    ask_for_recall(uow, uid, priority=_PREFETCH_PRIORITY)
        return f"预取 {len(wanted)} 个既往检查。"

    def fill(self, _context: JobContext) -> str:
        """Measure every store."""
        return f"已记录 {self._fills.take_samples()} 个存储的用量。"

    def tidy(self, context: JobContext) -> str:
        """Forget copies of purged studies, clean media, move what an earlier on-line folder still holds."""
        forgotten = self._tidying.forget_purged()
        cleaned = self._tidying.clean_media(context.step)
        grown = self._growth(context.step) if self._growth is not None else 0
        moved = f"，转入对象存储 {grown} 个文件" if grown else ""
        return f"清理 {forgotten} 条副本记录，从离线介质删除 {cleaned} 个文件{moved}。"


def _priors(uow: UnitOfWork, patient_id: str) -> list[Prior]:
    """The near-line studies of a patient."""
    if not patient_id:
        return []
    studies = uow.session.execute(
        select(Study.id, Study.uid, Study.study_date, Study.modalities)
        .where(Study.patient_id == patient_id, Study.availability == "NEARLINE")
        .order_by(Study.study_date.desc())
        .limit(100)
    ).all()
    parts: dict[int, set[str]] = {}
    of = select(Series.study_pk, Series.body_part).where(Series.study_pk.in_([study.id for study in studies]))
    for series in uow.session.execute(of):
        parts.setdefault(series.study_pk, set()).add(series.body_part)
    return [
        Prior(
            study.uid,
            study.study_date,
            frozenset(name for name in study.modalities.split("\\") if name),
            frozenset(parts.get(study.id, set()) - {""}),
        )
        for study in studies
    ]


def _prior_rule(entry: PrefetchEntry) -> PriorRule:
    return PriorRule(
        exam_type=entry.exam_type,
        modalities=frozenset(entry.modalities),
        same_body_part=entry.same_body_part,
        newest=entry.newest,
        within_years=entry.within_years,
    )


def _today() -> date:
    return datetime.now(UTC).date()
