"""The recycle bin: takes studies, series and instances out of the index and brings them back.

What lies in the bin is in no query, no retrieval and no count; its files stay until it is purged. Purging forgets the
rows and announces the files (discards.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from server.archive import epoch
from server.archive.keeping.binrows import (
    Row,
    dependants,
    packed,
    put_back_dependants,
    remove,
    taken,
    unpacked,
)
from server.archive.keeping.discards import announce
from server.archive.keeping.holds import is_held
from server.archive.keeping.ports import Exams
from server.archive.keeping.recount import recount
from server.archive.keeping.tables import BinEntry, BinObject
from server.archive.keeping.unbinning import restored_instances, restored_series, restored_study, restored_version
from server.archive.matching import study_by_uid
from server.archive.rules import MatchState
from server.archive.tables import ImagePatient, Instance, InstanceVersion, Series, Study
from server.kernel.database import UnitOfWork
from server.kernel.errors import illegal_action, invalid, not_found
from shared.contract.base import Changed
from shared.contract.keeping import KeepingPolicy

_NOW = timedelta(0)


def checked_reason(reason: str) -> str:
    """A reason that says something, at most 400 characters. Raises the INVALID refusal."""
    reason = " ".join(reason.split())
    if len(reason) < 2:
        raise invalid("reason", "请填写原因。")
    return reason[:400]


class RecycleBin:
    """Deletes, restores, purges; every call works in the unit of work that is given."""

    def __init__(self, exams: Exams) -> None:
        self._exams = exams

    # into the bin

    def delete(
        self,
        uow: UnitOfWork,
        policy: KeepingPolicy,
        *,
        study_uid: str,
        series_uid: str = "",
        sop_instance_uid: str = "",
        reason: str,
        by: str,
        force: bool = False,
        by_retention: str = "",
    ) -> BinEntry:
        """Move a study, a series or an instance of it into the bin. Raises Refusal."""
        session = uow.session
        reason = checked_reason(reason)
        study = study_by_uid(session, study_uid)
        if is_held(session, study_uid):
            raise illegal_action("held", "该检查的影像处于依法保全状态，不能删除；请先解除保全。")
        approved = self._is_approved(uow, study)
        if approved and not force:
            raise illegal_action("approved", "该检查的报告已审核，影像不能删除；确需删除请选择强制删除并说明原因。")
        level, instances = _chosen(session, study, series_uid, sop_instance_uid)
        now = datetime.now(UTC)
        entry = BinEntry(
            level=level,
            study_uid=study_uid,
            series_uid=series_uid,
            sop_instance_uid=sop_instance_uid,
            patient_id=study.patient_id,
            patient_name=study.patient_name,
            accession=study.accession,
            study_date=study.study_date,
            modalities=study.modalities,
            description=study.description,
            instance_count=len(instances),
            bytes_stored=0,
            reason=reason,
            forced=approved,
            deleted_by=by,
            deleted_at=now,
            purge_at=now + timedelta(days=policy.bin_days) if policy.bin_days > 0 else None,
            accept_again_at=_accept_again(policy, now, by_retention),
            by_retention=by_retention,
            rows=b"",
        )
        self._take_out(uow, entry, study, instances, approved=approved)
        epoch.bump(session)
        uow.publish(Changed("study", study.id, study.version + 1))
        return entry

    def _is_approved(self, uow: UnitOfWork, study: Study) -> bool:
        facts = self._exams.facts(uow, study.exam_id) if study.exam_id is not None else None
        return facts is not None and facts.is_report_approved

    def _take_out(
        self, uow: UnitOfWork, entry: BinEntry, study: Study, instances: Sequence[int], *, approved: bool
    ) -> None:
        """Pack the rows, remove them, and what stays empty above them."""
        session = uow.session
        exam_id, study_id, patient_pk = study.exam_id, study.id, study.image_patient_id
        rows = taken(session, Instance, instances)
        versions = _versions_of(session, instances)
        series = {row["id"]: row for row in taken(session, Series, sorted({row["series_pk"] for row in rows}))}
        chosen = Counter(row["series_pk"] for row in rows)
        emptied = [one for one, count in _sizes(session, chosen).items() if count == chosen[one]]
        is_whole = entry.level == "study" or not _others(session, Series, Series.study_pk == study_id, emptied)
        if entry.level == "study":
            emptied = list(session.execute(select(Series.id).where(Series.study_pk == study_id)).scalars())
            series = {row["id"]: row for row in taken(session, Series, emptied)}
        entry.bytes_stored = sum(row["size_bytes"] for row in [*rows, *versions])
        whole: dict[str, Any] = {
            "patient": taken(session, ImagePatient, [patient_pk])[0],
            "study": taken(session, Study, [study_id])[0],
            "series": list(series.values()),
            "of_study": dependants(session, Study, [study_id]) if is_whole else {},
            "of_series": dependants(session, Series, emptied),
            "of_instances": dependants(session, Instance, instances),
        }
        entry.rows = packed(whole)
        session.add(entry)
        session.flush()
        _keep_objects(session, entry.id, rows, versions, {key: row["uid"] for key, row in series.items()})
        remove(session, InstanceVersion, [row["id"] for row in versions])
        remove(session, Instance, list(instances))
        remove(session, Series, emptied)
        if is_whole:
            if exam_id is not None and not approved:
                self._exams.images_withdrawn(uow, exam_id, entry.study_uid)
            session.expunge(study)
            remove(session, Study, [study_id])
            if not _others(session, Study, Study.image_patient_id == patient_pk, []):
                remove(session, ImagePatient, [patient_pk])
        else:
            session.flush()
            recount(session, study_id)
            session.refresh(study)
            if exam_id is not None:
                self._exams.images_arrived(uow, exam_id, study.uid, study.series_count, study.instance_count)

    # out of the bin

    def restore(self, uow: UnitOfWork, entry_id: int) -> None:
        """Bring an entry back; what has come since stays, and conflicting bytes become versions. Raises Refusal."""
        session = uow.session
        entry = self.entry(session, entry_id)
        whole = unpacked(entry.rows)
        study_id, is_new = restored_study(session, whole)
        series = restored_series(session, whole["series"], study_id)
        objects = session.execute(select(BinObject).where(BinObject.entry_id == entry.id)).scalars().all()
        own = [unpacked(kept.row) for kept in objects if not kept.is_version]
        instances = restored_instances(session, own, series)  # old id → present id
        by_uid = {row["uid"]: instances[row["id"]] for row in own}
        for kept in objects:
            if kept.is_version and kept.uid in by_uid:
                restored_version(session, unpacked(kept.row), by_uid[kept.uid])
        put_back_dependants(session, whole["of_study"], {whole["study"]["id"]: study_id})
        put_back_dependants(session, whole["of_series"], {old: new for old, (new, _, _) in series.items()})
        put_back_dependants(session, whole["of_instances"], instances)
        session.execute(delete(BinObject).where(BinObject.entry_id == entry.id))
        session.delete(entry)
        session.flush()
        recount(session, study_id)
        self._give_to_exam(uow, study_id, is_new=is_new)
        epoch.bump(session)

    def _give_to_exam(self, uow: UnitOfWork, study_id: int, *, is_new: bool) -> None:
        study = uow.session.get_one(Study, study_id, populate_existing=True)
        if study.exam_id is not None:
            if self._exams.facts(uow, study.exam_id) is not None:
                self._exams.images_arrived(uow, study.exam_id, study.uid, study.series_count, study.instance_count)
            elif is_new:
                study.exam_id, study.match_state = None, MatchState.PENDING
        uow.publish(Changed("study", study.id, study.version))

    # for ever

    def purge(self, uow: UnitOfWork, entry: BinEntry, *, by: str) -> None:
        """Forget an entry's rows and have its files removed. Raises ILLEGAL_ACTION under a legal hold."""
        session = uow.session
        if is_held(session, entry.study_uid):
            raise illegal_action("held", "该检查的影像处于依法保全状态，不能销毁；请先解除保全。")
        files = session.execute(select(BinObject.object_key, BinObject.uid).where(BinObject.entry_id == entry.id)).all()
        announce(session, [(row.object_key, row.uid) for row in files], "purged", _NOW)
        session.execute(delete(BinObject).where(BinObject.entry_id == entry.id))
        entry.rows = b""
        entry.purged_at = datetime.now(UTC)
        entry.purged_by = by
        entry.instance_count = 0
        session.flush()
        epoch.bump(session)

    def purge_by_hand(self, uow: UnitOfWork, policy: KeepingPolicy, entry_id: int, *, reason: str, by: str) -> BinEntry:
        """Purge, or note that a first person asks for it where two are needed. Raises Refusal."""
        entry = self.entry(uow.session, entry_id)
        reason = checked_reason(reason)
        if policy.purge_needs_second_person:
            if not entry.purge_asked_by:
                if is_held(uow.session, entry.study_uid):
                    raise illegal_action("held", "该检查的影像处于依法保全状态，不能销毁；请先解除保全。")
                entry.purge_asked_by, entry.purge_reason = by, reason
                return entry
            if entry.purge_asked_by == by:
                raise illegal_action("asked", "销毁影像需要两人：您已提出申请，请由另一位有权限的人员确认。")
        else:
            entry.purge_asked_by, entry.purge_reason = by, reason
        self.purge(uow, entry, by=by)
        return entry

    def purge_due(self, uow: UnitOfWork, now: datetime, limit: int = 1) -> list[BinEntry]:
        """Purge some entries whose time is over, except those under legal hold."""
        due = (
            select(BinEntry)
            .where(BinEntry.purge_at <= now, BinEntry.purged_at.is_(None))
            .order_by(BinEntry.purge_at, BinEntry.id)
        )
        done: list[BinEntry] = []
        for entry in uow.session.execute(due.with_for_update()).scalars():
            if not is_held(uow.session, entry.study_uid):
                self.purge(uow, entry, by="system")
                done.append(entry)
                if len(done) >= limit:
                    break
        return done

    def entry(self, session: Session, entry_id: int) -> BinEntry:
        """An entry that is not purged. Raises NOT_FOUND."""
        statement = select(BinEntry).where(BinEntry.id == entry_id, BinEntry.purged_at.is_(None)).with_for_update()
        found = session.execute(statement).scalar_one_or_none()
        if found is None:
            raise not_found("该回收站条目")
        return found


def _accept_again(policy: KeepingPolicy, now: datetime, by_retention: str) -> datetime | None:
    if by_retention:
        return now  # nobody rejected these images: they were only old
    return now + timedelta(days=policy.accept_again_days) if policy.accept_again_days > 0 else None


def _chosen(session: Session, study: Study, series_uid: str, instance_uid: str) -> tuple[str, list[int]]:
    """The level, and the ids of the instances. Raises NOT_FOUND."""
    statement = select(Instance.id).join(Series, Series.id == Instance.series_pk).where(Series.study_pk == study.id)
    level = "study"
    if instance_uid:
        statement, level = statement.where(Instance.uid == instance_uid), "instance"
        if series_uid:
            statement = statement.where(Series.uid == series_uid)
    elif series_uid:
        statement, level = statement.where(Series.uid == series_uid), "series"
    found = list(session.execute(statement.order_by(Instance.id)).scalars())
    if not found and level != "study":
        raise not_found("该影像")
    return level, found


def _versions_of(session: Session, instances: Sequence[int]) -> list[Row]:
    ids: list[int] = []
    for start in range(0, len(instances), 500):
        part = instances[start : start + 500]
        ids += session.execute(select(InstanceVersion.id).where(InstanceVersion.instance_pk.in_(part))).scalars()
    return taken(session, InstanceVersion, ids)


def _sizes(session: Session, series: Iterable[int]) -> dict[int, int]:
    """How many instances these series have."""
    statement = (
        select(Instance.series_pk, func.count())
        .where(Instance.series_pk.in_(list(series)))
        .group_by(Instance.series_pk)
    )
    return {row[0]: int(row[1]) for row in session.execute(statement)}


def _others(session: Session, model: Any, condition: Any, ids: Sequence[int]) -> bool:
    """Whether rows meet the condition beside those with these ids."""
    return session.execute(select(model.id).where(condition, model.id.not_in(ids)).limit(1)).first() is not None


def _keep_objects(
    session: Session, entry_id: int, rows: Sequence[Row], versions: Sequence[Row], series: dict[int, str]
) -> None:
    uids = {row["id"]: (row["uid"], series[row["series_pk"]]) for row in rows}
    common = ("sop_class_uid", "transfer_syntax_uid", "object_key", "size_bytes", "data_offset")
    values = [
        {
            **{name: row[name] for name in common},
            "entry_id": entry_id,
            "uid": row["uid"],
            "series_uid": series[row["series_pk"]],
            "received_key": row["received_key"],
            "is_version": False,
            "row": packed(row),
        }
        for row in rows
    ]
    values += [
        {
            **{name: row[name] for name in common},
            "entry_id": entry_id,
            "uid": uids[row["instance_pk"]][0],
            "series_uid": uids[row["instance_pk"]][1],
            "received_key": None,
            "is_version": True,
            "row": packed(row),
        }
        for row in versions
    ]
    if values:
        session.execute(insert(BinObject), values)
