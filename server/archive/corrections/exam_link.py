"""How corrected studies stand to their exams: approved reports keep their images, others look for their exam anew."""

from __future__ import annotations

from sqlalchemy import update

from server.archive.ports import ExamMatcher
from server.archive.rules import AUTOMATIC, MatchState
from server.archive.tables import Study
from server.kernel.database import UnitOfWork


class ExamLink:
    """What all use cases of corrections need of the exams."""

    def __init__(self, exams: ExamMatcher) -> None:
        self._exams = exams

    def keep_examined(self, uow: UnitOfWork, study: Study) -> None:
        """Refuse to take images from an approved report: it would lose what it speaks of."""
        if study.exam_id is not None:
            self._exams.images_withdrawn(uow, study.exam_id, study.uid)
            self._exams.images_arrived(uow, study.exam_id, study.uid, study.series_count, study.instance_count)

    def match_again(self, uow: UnitOfWork, study: Study) -> None:
        """A study whose accession number or patient changed looks for its exam anew, unless a person chose it."""
        if study.exam_id is not None:
            self._exams.images_arrived(uow, study.exam_id, study.uid, study.series_count, study.instance_count)
        if study.match_state not in (*AUTOMATIC, MatchState.MATCHED):
            return
        found = self._exams.match(uow, study.accession, study.uid, study.patient_id)
        if found == study.exam_id:
            return
        if study.exam_id is not None:
            self._exams.images_withdrawn(uow, study.exam_id, study.uid)
        values = {
            "exam_id": found,
            "match_state": MatchState.UNMATCHED if found is None else MatchState.MATCHED,
            "why_unmatched": "更正后的检查号和患者编号没有对应的检查，请核对。" if found is None else "",
        }
        uow.session.execute(update(Study).where(Study.id == study.id).values(**values))
        uow.session.refresh(study)
        if found is not None:
            self._exams.images_arrived(uow, found, study.uid, study.series_count, study.instance_count)
