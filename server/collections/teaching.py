"""Teaching files (教学病例): cases without their patient, for all doctors; as a quiz without what gives them away."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, func, select

from server.collections.cases import long, short, words_in
from server.collections.deidentification import Identity, clean, leftover, told_age
from server.collections.ports import Documents, Reports
from server.collections.tables import TeachingAnswer, TeachingFile
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from shared.contract.base import Changed
from shared.contract.collections import (
    Difficulty,
    ListTeachingFiles,
    MakeTeachingFile,
    SaveTeachingFile,
    TeachingList,
    TeachingText,
    TeachingView,
)
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportView
from shared.domain.permissions import Permission
from shared.domain.rich_text import spelled
from shared.domain.states import ReportState, Sex

PICTURE = "teaching_picture"
_MOST_ROWS = 500
_MOST_TAGS = 12
_APPROVED = (ReportState.APPROVED, ReportState.PRINTED)


class TeachingFiles:
    """Keeps them; the author and auditors may change one, everybody may read and try."""

    def __init__(self, reports: Reports, documents: Documents, time: HospitalTime) -> None:
        self._reports = reports
        self._documents = documents
        self._time = time

    def page(self, uow: UnitOfWork, caller: Caller, request: ListTeachingFiles) -> TeachingList:
        """Return one page, newest first, and every tag in use."""
        page = request.page
        if not 1 <= page.limit <= _MOST_ROWS or page.offset < 0:
            raise invalid("page", f"每页 1 到 {_MOST_ROWS} 行，起始行不能为负。")
        where: list[ColumnElement[bool]] = [TeachingFile.is_removed.is_(False)]
        if request.exam_type:
            where.append(TeachingFile.exam_type == request.exam_type)
        if request.difficulty is not None:
            where.append(TeachingFile.difficulty == str(request.difficulty))
        if request.tag:
            where.append(TeachingFile.tags.contains(f"\n{request.tag}\n", autoescape=True))
        if request.text.strip():
            columns = [TeachingFile.body_part, TeachingFile.findings, TeachingFile.clinical]
            if not request.as_quiz:  # what was found by its answer would give it away
                columns += [TeachingFile.title, TeachingFile.points, TeachingFile.tags, TeachingFile.impression]
            where.append(words_in(request.text.strip(), *columns))
        total = uow.session.scalar(select(func.count()).select_from(TeachingFile).where(*where)) or 0
        statement = select(TeachingFile).where(*where).order_by(TeachingFile.id.desc())
        found = list(uow.session.scalars(statement.offset(page.offset).limit(page.limit)))
        tries = self._tries(uow, caller, [one.id for one in found])
        rows = tuple(_view(one, caller, tries.get(one.id), as_quiz=request.as_quiz) for one in found)
        return TeachingList(total=total, rows=rows, tags=self._tags(uow))

    def get(self, uow: UnitOfWork, caller: Caller, teaching_id: int, *, as_quiz: bool) -> TeachingView:
        """Return one file."""
        return self._shown(uow, caller, self._row(uow, teaching_id), as_quiz=as_quiz)

    def draft(self, uow: UnitOfWork, caller: Caller, report_id: int) -> TeachingView:
        """Propose a file from an approved report."""
        view = self._approved(uow, caller, report_id)
        identity = identity_of(view)
        clinical = view.exam.clinical
        told = "\n".join(part for part in (clinical.diagnosis, clinical.history, clinical.signs) if part)
        impression = clean(spelled(view.content.impression), identity)
        text = TeachingText(
            title=clean(f"{view.row.exam_type} {view.row.body_part}".strip(), identity)[:60],
            clinical=clean(told, identity),
            findings=clean(spelled(view.content.findings), identity),
            impression=impression,
        )
        return TeachingView(
            id=0,
            version=0,
            exam_type=view.row.exam_type,
            body_part=view.row.body_part,
            sex=view.row.sex,
            age=told_age(view.row.age),
            text=text,
            pictures=tuple(image.document_id for image in view.key_images),
            author=caller.name,
            is_mine=True,
            changed_at=self._time.now(),
            tries=0,
            right=0,
        )

    def make(self, uow: UnitOfWork, caller: Caller, request: MakeTeachingFile) -> TeachingView:
        """Keep a case; pictures are copied, so that they lead to no patient."""
        view = self._approved(uow, caller, request.report_id)
        text = _checked(request.text, identity_of(view))
        pictures = []
        for image in view.key_images if request.with_pictures else ():
            png = self._documents.open_document(uow, caller, image.document_id)
            pictures.append(self._documents.keep(uow, kind=PICTURE, media_type="image/png", data=png))
        one = TeachingFile(
            report_id=view.row.id,
            owner_id=caller.user_id,
            author=caller.name[:80],
            version=1,
            exam_type=view.row.exam_type,
            body_part=view.row.body_part,
            sex=str(view.row.sex),
            age=told_age(view.row.age),
            pictures=" ".join(map(str, pictures)),
            is_removed=False,
        )
        self._write(uow, one, text)
        return self._shown(uow, caller, one, as_quiz=False)

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveTeachingFile) -> TeachingView:
        """Change the text of a file."""
        one = self._own(uow, caller, request.teaching_id)
        one.expect(request.version)
        text = _checked(request.text, self._identity(uow, caller, one))
        one.touch()
        self._write(uow, one, text)
        return self._shown(uow, caller, one, as_quiz=False)

    def remove(self, uow: UnitOfWork, caller: Caller, teaching_id: int) -> None:
        """Take a file away."""
        one = self._own(uow, caller, teaching_id)
        one.is_removed = True
        uow.publish(Changed(entity="teaching_file", id=one.id, version=one.version))

    def answer(self, uow: UnitOfWork, caller: Caller, teaching_id: int, *, was_right: bool) -> TeachingView:
        """Note a try and show the whole file."""
        one = self._row(uow, teaching_id)
        uow.session.add(
            TeachingAnswer(teaching_id=one.id, by_id=caller.user_id, at=self._time.now(), was_right=was_right)
        )
        uow.session.flush()
        return self._shown(uow, caller, one, as_quiz=False)

    def _write(self, uow: UnitOfWork, one: TeachingFile, text: TeachingText) -> None:
        one.title, one.points, one.difficulty = text.title, text.points, str(text.difficulty)
        one.tags = "\n" + "".join(f"{tag}\n" for tag in text.tags)
        one.clinical, one.findings, one.impression = text.clinical, text.findings, text.impression
        one.changed_at = self._time.now()
        uow.session.add(one)
        uow.session.flush()
        uow.publish(Changed(entity="teaching_file", id=one.id, version=one.version))

    def _approved(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        view = self._reports.get(uow, caller, report_id)
        if view.row.state not in _APPROVED:
            raise illegal_action(view.row.state, "报告审核通过后才能加入教学病例。")
        return view

    def _identity(self, uow: UnitOfWork, caller: Caller, one: TeachingFile) -> Identity:
        try:
            return identity_of(self._reports.get(uow, caller, one.report_id))
        except Refusal:  # the report is gone; numbers are still looked for
            return Identity(names=())

    def _row(self, uow: UnitOfWork, teaching_id: int) -> TeachingFile:
        one = uow.session.get(TeachingFile, teaching_id)
        if one is None or one.is_removed:
            raise not_found("教学病例")
        return one

    def _own(self, uow: UnitOfWork, caller: Caller, teaching_id: int) -> TeachingFile:
        one = self._row(uow, teaching_id)
        if one.owner_id != caller.user_id and not caller.may(Permission.FINAL_AUDIT):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "只有作者或审核医生可以修改教学病例。")
        return one

    def _shown(self, uow: UnitOfWork, caller: Caller, one: TeachingFile, *, as_quiz: bool) -> TeachingView:
        return _view(one, caller, self._tries(uow, caller, [one.id]).get(one.id), as_quiz=as_quiz)

    @staticmethod
    def _tries(uow: UnitOfWork, caller: Caller, ids: list[int]) -> dict[int, tuple[int, int, bool | None]]:
        found: dict[int, tuple[int, int, bool | None]] = {}
        statement = select(TeachingAnswer.teaching_id, TeachingAnswer.by_id, TeachingAnswer.was_right)
        for one, by_id, was_right in uow.session.execute(
            statement.where(TeachingAnswer.teaching_id.in_(ids)).order_by(TeachingAnswer.id)
        ):
            tries, right, mine = found.get(one, (0, 0, None))
            found[one] = tries + 1, right + was_right, was_right if by_id == caller.user_id else mine
        return found

    @staticmethod
    def _tags(uow: UnitOfWork) -> dict[str, int]:
        counts: dict[str, int] = {}
        for tags in uow.session.scalars(select(TeachingFile.tags).where(TeachingFile.is_removed.is_(False))):
            for tag in tags.split("\n"):
                if tag:
                    counts[tag] = counts.get(tag, 0) + 1
        return dict(sorted(counts.items()))


def identity_of(view: ReportView) -> Identity:
    """Return what a teaching file from this report must not hold."""
    patient, row = view.exam.patient, view.row
    return Identity(
        names=(row.patient_name, patient.pinyin.replace("^", " "), patient.pinyin.replace("^", "")),
        staff=(row.diagnosing_doctor, row.auditing_doctor, row.requesting_doctor, row.registered_by),
        numbers=(
            row.accession_number,
            row.image_number,
            row.patient_number,
            patient.card_number,
            patient.id_number,
            patient.inpatient_number,
            patient.health_check_number,
            patient.phone,
            patient.address,
        ),
    )


def _checked(text: TeachingText, identity: Identity) -> TeachingText:
    tags = tuple(dict.fromkeys(short("tags", tag, 20) for tag in text.tags if tag.strip()))
    if len(tags) > _MOST_TAGS:
        raise invalid("tags", f"标签最多 {_MOST_TAGS} 个。")
    made = msgspec.structs.replace(
        text,
        title=short("title", text.title, 60, least=1),
        points=long("points", text.points, 5000),
        tags=tags,
        clinical=long("clinical", text.clinical, 5000),
        findings=long("findings", text.findings, 20_000, least=1),
        impression=long("impression", text.impression, 5000, least=1),
    )
    parts: tuple[tuple[str, Any], ...] = (
        ("title", made.title),
        ("points", made.points),
        ("tags", "\n".join(made.tags)),
        ("clinical", made.clinical),
        ("findings", made.findings),
        ("impression", made.impression),
    )
    for field, words in parts:
        found = leftover(words, identity)
        if found:
            raise invalid(field, f"内容中还有患者信息“{found}”，请删去后再保存。")
    return made


def _view(
    one: TeachingFile, caller: Caller, tries: tuple[int, int, bool | None] | None, *, as_quiz: bool
) -> TeachingView:
    count, right, mine = tries or (0, 0, None)
    text = TeachingText(
        title="" if as_quiz else one.title,
        points="" if as_quiz else one.points,
        difficulty=Difficulty(one.difficulty),
        tags=() if as_quiz else tuple(tag for tag in one.tags.split("\n") if tag),
        clinical=one.clinical,
        findings=one.findings,
        impression="" if as_quiz else one.impression,
    )
    return TeachingView(
        id=one.id,
        version=one.version,
        exam_type=one.exam_type,
        body_part=one.body_part,
        sex=Sex(one.sex),
        age=one.age,
        text=text,
        pictures=tuple(int(number) for number in one.pictures.split()),
        author=one.author,
        is_mine=one.owner_id == caller.user_id,
        changed_at=one.changed_at,
        tries=count,
        right=right,
        my_last_right=mine,
    )
