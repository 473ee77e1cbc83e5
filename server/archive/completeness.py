"""Whether a study is whole: what its sources promised against what is here; knows no door.

Promises come from performed procedure steps, storage commitment requests, manifests (key object selection, PS3.16
CID 7010) and counts in the objects themselves. A study without promises costs nothing and stays *unknown*.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.archive.keeping.tables import BinObject
from server.archive.tables import Expectation, Instance, Series, Study
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found
from shared.contract.archive import CompletenessView, ExpectationView
from shared.contract.base import Changed

logger = logging.getLogger(__name__)

COMPLETE, SHORT, UNKNOWN = "complete", "short", "unknown"
MPPS, COMMITMENT, MANIFEST, REJECTED, COUNT, OTHER = "mpps", "commitment", "manifest", "rejected", "count", "other"
"""Sources. `other`: a key object selection that promises nothing, remembered so that it is not read again."""

MAX_PROMISED = 100_000
_ONLY_COUNT_ABOVE = 500  # while fewer objects are here than so many promised, their number alone is compared
_AT_ONCE = 500
_SHOWN = 200
_REVIEW_DAYS = 30
_REVIEW_AT_ONCE = 500

_FORGET_AFTER = timedelta(days=7)

_NAMED = frozenset({MPPS, COMMITMENT, MANIFEST})
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[str]).decode


def _encode(uids: list[str]) -> bytes:
    """UIDs of one device differ in their last digits: compressed they take a tenth."""
    return zlib.compress(_pack(uids), 1)


def _decode(packed: bytes) -> list[str]:
    return _unpack(zlib.decompress(packed))


@dataclass(frozen=True, slots=True)
class Promise:
    """What one source says that a study holds.

    `reference` tells the promise apart from others of its source: a later one replaces it. `count` is for sources
    that name no objects. `is_final` False: the source may promise more.
    """

    study_uid: str
    source: str
    reference: str
    uids: Collection[str] = ()
    count: int = 0
    sender: str = ""
    is_final: bool = True


class Completeness:
    """Keeps promises and compares; every method works in the caller's unit of work."""

    def promise(self, uow: UnitOfWork, promise: Promise, *, adds: bool = False) -> None:
        """Keep a promise and say at once how the study stands. `adds`: to what the reference promised before."""
        session = uow.session
        row = session.execute(
            select(Expectation).where(
                Expectation.source == promise.source,
                Expectation.reference == promise.reference[:64],
                Expectation.study_uid == promise.study_uid,
            )
        ).scalar_one_or_none()
        if row is None:
            row = Expectation(
                study_uid=promise.study_uid, source=promise.source, reference=promise.reference[:64], missing=0
            )
            session.add(row)
        uids = dict.fromkeys(promise.uids)
        if adds and row.uids:
            uids = dict.fromkeys([*_decode(row.uids), *uids])
        kept = list(uids)[:MAX_PROMISED]
        row.uids = _encode(kept) if kept else None
        row.expected = len(kept) or max(0, promise.count)
        row.sender = promise.sender[:16]
        row.is_final = promise.is_final
        row.changed_at = datetime.now(UTC)
        session.flush()
        self.review(uow, promise.study_uid)

    def committed(self, uow: UnitOfWork, uids: Sequence[str], sender: str) -> None:
        """A sender asked whether these objects are kept: it promises them, each to the study that it belongs to.

        An object that is not here is counted to the study that most of the others belong to.
        """
        places = _places(uow.session, uids)
        by_study: dict[str, list[str]] = {}
        for uid, study_uid in places.items():
            by_study.setdefault(study_uid, []).append(uid)
        lost = [uid for uid in uids if uid not in places]
        if lost:
            main = max(by_study, key=lambda study: len(by_study[study]), default="")
            by_study.setdefault(main, []).extend(lost)
        for study_uid, members in by_study.items():
            self.promise(uow, Promise(study_uid, COMMITMENT, sender or "-", members, sender=sender), adds=True)

    def review(self, uow: UnitOfWork, study_uid: str) -> None:
        """Compare again; tells workstations when the study stands otherwise than before."""
        session = uow.session
        rows = list(session.execute(select(Expectation).where(Expectation.study_uid == study_uid)).scalars())
        study = session.execute(select(Study).where(Study.uid == study_uid)).scalar_one_or_none()
        if study is None:
            for row in rows:
                row.missing = row.expected if row.source not in (REJECTED, OTHER) else 0
            return
        state, missing = self._compare(session, study, rows)
        if (state, missing) != (study.completeness, study.missing_count):
            study.completeness, study.missing_count = state, missing
            uow.publish(Changed("study", study.id, study.version))

    def settle(self, uow: UnitOfWork, study_ids: Collection[int]) -> None:
        """Studies got images: compare those of them that something was promised of."""
        with_promises = (
            select(Study.uid)
            .join(Expectation, Expectation.study_uid == Study.uid)
            .where(Study.id.in_(study_ids))
            .distinct()
        )
        for study_uid in uow.session.execute(with_promises).scalars().all():
            self.review(uow, study_uid)

    def promised_studies(self, session: Session, study_ids: Collection[int]) -> bool:
        """Whether anything was promised of one of these studies; one look at an index."""
        some = select(Expectation.id).join(Study, Study.uid == Expectation.study_uid).where(Study.id.in_(study_ids))
        return session.execute(some.limit(1)).first() is not None

    def review_open(self, uow: UnitOfWork) -> int:
        """Look at unkept promises of the last weeks again, and for the study of those that named none or a wrong one.

        Returns how many studies were looked at.
        """
        since = datetime.now(UTC) - timedelta(days=_REVIEW_DAYS)
        session = uow.session
        open_rows = list(
            session.execute(
                select(Expectation)
                .where(Expectation.missing > 0, Expectation.changed_at >= since)
                .order_by(Expectation.changed_at.desc())
                .limit(_REVIEW_AT_ONCE)
            ).scalars()
        )
        studies: set[str] = set()
        for row in open_rows:
            if row.uids and not _has_study(session, row.study_uid):
                places = _places(session, _decode(row.uids)[:50])
                if places:
                    row.study_uid = next(iter(places.values()))
            studies.add(row.study_uid)
        session.flush()
        for study_uid in sorted(studies):
            self.review(uow, study_uid)
        self._forget_kept(session)
        return len(studies)

    @staticmethod
    def _forget_kept(session: Session) -> None:
        """Forget the names of objects that all came some days ago: that they came is enough."""
        complete = select(Study.uid).where(Study.uid == Expectation.study_uid, Study.completeness == COMPLETE)
        kept = (
            select(Expectation.id)
            .where(
                Expectation.missing == 0,
                Expectation.changed_at < datetime.now(UTC) - _FORGET_AFTER,
                Expectation.uids.is_not(None),
                Expectation.is_final,
                Expectation.source.in_(_NAMED),
                complete.exists(),
            )
            .order_by(Expectation.changed_at.desc())
            .limit(_REVIEW_AT_ONCE)
        )
        ids = session.execute(kept).scalars().all()
        if ids:
            session.execute(update(Expectation).where(Expectation.id.in_(ids)).values(uids=None))

    def view(self, uow: UnitOfWork, study_uid: str) -> CompletenessView:
        """What was promised of a study. Raises Refusal."""
        session = uow.session
        study = session.execute(select(Study).where(Study.uid == study_uid)).scalar_one_or_none()
        if study is None:
            raise not_found("该影像")
        rows = list(
            session.execute(
                select(Expectation).where(Expectation.study_uid == study_uid).order_by(Expectation.id)
            ).scalars()
        )
        promised = _promised(rows)
        here = set(_places(session, promised))
        return CompletenessView(
            study_uid=study_uid,
            completeness=study.completeness,
            missing_count=study.missing_count,
            expectations=tuple(
                ExpectationView(
                    source=row.source,
                    sender=row.sender,
                    expected=row.expected,
                    missing=row.missing,
                    is_final=row.is_final,
                    at=row.changed_at,
                )
                for row in rows
                if row.expected and row.source not in (REJECTED, OTHER)
            ),
            missing_uids=tuple(uid for uid in promised if uid not in here)[:_SHOWN],
        )

    def drop(self, uow: UnitOfWork, study_uid: str, reason: str) -> CompletenessView:
        """A person says that what is missing will not come; the promises so far no longer count. Raises Refusal."""
        if not reason.strip():
            raise invalid("reason", "请填写理由：为什么缺少的影像不会再来。")
        for row in uow.session.execute(select(Expectation).where(Expectation.study_uid == study_uid)).scalars():
            row.expected = row.missing = 0
            row.uids = None
        uow.session.flush()
        self.review(uow, study_uid)
        return self.view(uow, study_uid)

    def _compare(self, session: Session, study: Study, rows: Sequence[Expectation]) -> tuple[str, int]:
        """The state and how many objects are missing; writes each promise's own share into its row."""
        promised = _promised(rows)
        by_uid = 0
        if len(promised) > _ONLY_COUNT_ABOVE and study.instance_count < len(promised):
            by_uid = len(promised) - study.instance_count  # at least so many: exact once the numbers meet
            for row in rows:
                if row.uids and row.source not in (REJECTED, OTHER):
                    row.missing = max(0, row.expected - study.instance_count)
        elif promised:
            wanted = set(promised)
            here = set(_places(session, promised))
            here |= _discarded(session, [uid for uid in promised if uid not in here])
            by_uid = len(wanted - here)
            for row in rows:
                if row.uids and row.source not in (REJECTED, OTHER):
                    row.missing = len((set(_decode(row.uids)) & wanted) - here)
        by_count, counted = self._by_count(session, study, [row for row in rows if row.source == COUNT])
        missing = max(by_uid, by_count)
        if missing:
            return SHORT, missing
        # a promise whose names were forgotten was kept
        final = any(row.is_final and row.expected and row.source in _NAMED for row in rows)
        running = any(not row.is_final for row in rows)
        return (COMPLETE if (final and not running) or counted else UNKNOWN), 0

    @staticmethod
    def _by_count(session: Session, study: Study, rows: Sequence[Expectation]) -> tuple[int, bool]:
        """How many are missing by stated numbers, and whether the numbers speak for the whole study.

        A number that is smaller than what is here is wrong and says nothing.
        """
        if not rows:
            return 0, False
        found = session.execute(select(Series.uid, Series.instance_count).where(Series.study_pk == study.id))
        present = {row.uid: row.instance_count for row in found}
        whole, by_series, covered = 0, 0, set()
        is_whole = False
        for row in rows:
            here = study.instance_count if row.reference == study.uid else present.get(row.reference)
            if here is None or not row.expected or here > row.expected:
                row.missing = 0
                continue
            row.missing = row.expected - here
            if row.reference == study.uid:
                whole, is_whole = row.missing, True
            else:
                by_series += row.missing
                covered.add(row.reference)
        return max(whole, by_series), is_whole or covered == set(present)


def keep_counts(
    session: Session, study_uid: str, series_uid: str, of_study: str, of_series: str, *, sender: str
) -> None:
    """Keep what an object states by Number of Study and Series Related Instances (0020,1208), (0020,1209).

    The first object of a series counts; the study is compared when it is settled.
    """
    for reference, text in ((study_uid, of_study), (series_uid, of_series)):
        if not (text.isdecimal() and 0 < int(text) <= MAX_PROMISED):
            continue
        known = select(Expectation.id).where(
            Expectation.source == COUNT, Expectation.reference == reference, Expectation.study_uid == study_uid
        )
        if session.execute(known).first() is None:
            row = Expectation(study_uid=study_uid, source=COUNT, reference=reference, expected=int(text), missing=0)
            row.sender, row.changed_at = sender[:16], datetime.now(UTC)
            session.add(row)
            session.flush()


def _promised(rows: Iterable[Expectation]) -> list[str]:
    """Every object promised and not withdrawn, in the order of the promises."""
    rejected: set[str] = set()
    found: dict[str, None] = {}
    for row in rows:
        if row.uids and row.source == REJECTED:
            rejected.update(_decode(row.uids))
        elif row.uids and row.source != OTHER:
            found.update(dict.fromkeys(_decode(row.uids)))
    return [uid for uid in found if uid not in rejected]


def _places(session: Session, uids: Sequence[str]) -> dict[str, str]:
    """The study of each of these objects that is here."""
    found: dict[str, str] = {}
    statement: Any = (
        select(Instance.uid, Study.uid)
        .join(Series, Series.id == Instance.series_pk)
        .join(Study, Study.id == Series.study_pk)
    )
    for start in range(0, len(uids), _AT_ONCE):
        rows = session.execute(statement.where(Instance.uid.in_(uids[start : start + _AT_ONCE])))
        found.update({row[0]: row[1] for row in rows})
    return found


def _discarded(session: Session, uids: Sequence[str]) -> set[str]:
    """Of these objects those that were here and lie in the recycle bin: nobody waits for them."""
    found: set[str] = set()
    for start in range(0, len(uids), _AT_ONCE):
        some = select(BinObject.uid).where(BinObject.uid.in_(uids[start : start + _AT_ONCE]))
        found.update(session.execute(some).scalars())
    return found


def _has_study(session: Session, study_uid: str) -> bool:
    return bool(session.execute(select(func.count()).where(Study.uid == study_uid)).scalar_one())
