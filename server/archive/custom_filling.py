"""Fills custom tags from the stored headers, in steps that a crash does not undo; and adds and removes such tags."""

from __future__ import annotations

import contextlib
import logging
import mmap
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from server.archive import inbox
from server.archive.custom import normal
from server.archive.header import BINARY_TAGS, EXPLICIT_BIG, DamagedHeader, read_header
from server.archive.query_keys import FROM_BLOB, KEYS, PATIENT_COUNTS, SERIES_DETAILS, STUDY_DETAILS
from server.archive.tables import CustomTag, CustomValue, Instance, Series
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal, invalid, not_found
from server.kernel.jobs import JobContext, enqueue
from server.kernel.storage.port import ObjectMissing, ObjectStorage
from shared.contract.archive import CustomTagView
from shared.contract.errors import ErrorCode
from shared.dicomkit.charsets import decode_text

logger = logging.getLogger(__name__)

JOB = "archive.fill_custom_tag"
CHUNK = 200
MAX_TAGS = 50
_MAX_VALUE = 256
_LOOK_EVERY_S = 5.0
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
_TEXTS = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
_OWN = frozenset({*KEYS["IMAGE"], *STUDY_DETAILS, *SERIES_DETAILS, *PATIENT_COUNTS, *FROM_BLOB}) | BINARY_TAGS


class CustomTags:
    """The administrator's tags. Thread-safe; several processes may fill at the same time, each step counts once."""

    def __init__(self, database: Database, storage: ObjectStorage, inbox_folder: Path) -> None:
        self._database = database
        self._storage = storage
        self._inbox = inbox_folder
        self._looked = float("-inf")
        self._ready: list[int] = []

    # what the administrator does

    def listed(self, uow: UnitOfWork) -> tuple[CustomTagView, ...]:
        """All custom tags with how far they are filled."""
        tags = uow.session.execute(select(CustomTag).order_by(CustomTag.id)).scalars().all()
        return tuple(self._view(uow, one) for one in tags)

    def add(self, uow: UnitOfWork, tag: int, creator: str, name: str, level: str, by: str) -> CustomTagView:
        """Index a further tag from now on, and ask for the job that looks at what is here. Raises Refusal."""
        creator = creator.strip()
        self._check(uow, tag, creator, level)
        row = CustomTag(
            tag=normal(tag),
            creator=creator[:64],
            name=(name.strip() or _keyword(tag))[:64],
            level=level,
            filled_to=0,
            filled_count=0,
            was_ready=False,
            created_at=datetime.now(UTC),
        )
        try:
            with uow.session.begin_nested():
                uow.session.add(row)
        except IntegrityError:
            raise Refusal(ErrorCode.DUPLICATE, "该标签在这一级别已经建立索引。") from None
        enqueue(uow, JOB, {"custom_tag_id": row.id}, key=str(row.id), title=f"索引标签 {row.name}", by=by)
        return self._view(uow, row)

    def remove(self, uow: UnitOfWork, custom_tag_id: int) -> None:
        """Forget a tag and its values. Raises Refusal."""
        row = uow.session.get(CustomTag, custom_tag_id)
        if row is None:
            raise not_found("该标签")
        uow.session.execute(delete(CustomValue).where(CustomValue.custom_tag_id == custom_tag_id))
        uow.session.delete(row)

    def _check(self, uow: UnitOfWork, tag: int, creator: str, level: str) -> None:
        if level not in ("STUDY", "SERIES", "IMAGE"):
            raise invalid("level", "级别只能是检查、序列或图像（STUDY、SERIES、IMAGE）。")
        if not 0x00080000 <= tag < 0x7F000000 or tag in _OWN:
            raise invalid("tag", "该标签已经在索引中，或不能建立索引。")
        if tag >> 16 & 1:
            if not creator or not tag & 0xFFFF >= 0x1000:
                raise invalid("creator", "私有标签需要填写创建者，元素号从 1000 开始。")
        elif vr_of(tag, "") not in _TEXTS | set(_NUMBERS):
            raise invalid("tag", "只能索引文字或数值类型的标签，序列和二进制数据不能。")
        if int(uow.session.execute(select(func.count()).select_from(CustomTag)).scalar_one()) >= MAX_TAGS:
            raise invalid("tag", f"最多可以建立 {MAX_TAGS} 个自定义标签，请先删除不用的标签。")

    def _view(self, uow: UnitOfWork, row: CustomTag) -> CustomTagView:
        table = Instance if row.level == "IMAGE" else Series
        total = int(uow.session.execute(select(func.count()).select_from(table)).scalar_one())
        return CustomTagView(
            id=row.id,
            tag=row.tag,
            creator=row.creator,
            name=row.name,
            level=row.level,
            filled=min(row.filled_count, total),
            total=total,
            is_ready=row.was_ready,
        )

    # filling

    def fill(self, context: JobContext) -> str:
        """The job: look at everything that is here, step by step. Returns the closing sentence."""
        custom_tag_id = int(context.payload["custom_tag_id"])
        while True:
            with self._database.read() as uow:
                row = uow.session.get(CustomTag, custom_tag_id)
                if row is None:
                    return "The tag was removed meanwhile."
                view = self._view(uow, row)
            context.step(view.filled, view.total, f"{view.filled} of {view.total} headers looked at.")
            if not self._step(custom_tag_id):
                break
        with self._database.write() as uow:
            uow.session.execute(update(CustomTag).where(CustomTag.id == custom_tag_id).values(was_ready=True))
        self._looked = float("-inf")
        while self._step(custom_tag_id):  # what came between the last look and the word "ready"
            context.step()
        return f"{view.total} headers looked at."

    def catch_up(self) -> None:
        """Look at what came just now; called by the indexer. Costs nothing while there is no custom tag."""
        now = time.monotonic()
        if now - self._looked > _LOOK_EVERY_S:
            with self._database.read() as uow:
                ready = select(CustomTag.id).where(CustomTag.was_ready)
                self._ready = list(uow.session.execute(ready).scalars())
            self._looked = now
        for custom_tag_id in self._ready:
            while self._step(custom_tag_id):
                pass

    def _step(self, custom_tag_id: int) -> bool:
        """Look at some further headers; False when there is none left."""
        with self._database.read() as uow:
            row = uow.session.get(CustomTag, custom_tag_id)
            if row is None:
                return False
            tag, creator, level, filled_to = row.tag, row.creator, row.level, row.filled_to
            found, reached, count = _next_objects(uow, level, filled_to)
        if not count:
            return False
        values: dict[int, str] = {}
        for one in found:
            owner = {"STUDY": one.study_pk, "SERIES": one.series_pk, "IMAGE": one.instance_pk}[level]
            if owner not in values:
                value = self._value(one, tag, creator)
                if value:
                    values[owner] = value
        with self._database.write() as uow:
            moved = uow.session.execute(
                update(CustomTag)
                .where(CustomTag.id == custom_tag_id, CustomTag.filled_to == filled_to)
                .values(filled_to=reached, filled_count=CustomTag.filled_count + count)
                .returning(CustomTag.id)
            ).first()
            if moved is not None and values:  # None: another process did this step, or the tag is gone
                rows = [{"custom_tag_id": custom_tag_id, "owner": o, "value": v} for o, v in values.items()]
                uow.session.execute(_insert(uow), rows)
        return True

    def _value(self, one: Any, tag: int, creator: str) -> str:
        wanted = _Wanted(tag)
        try:
            with self._original(one.object_key) as whole:
                header = read_header(whole[one.data_offset :], one.transfer_syntax_uid, wanted)
        except (OSError, DamagedHeader):
            return ""
        raw = header.tags.get(_actual(header.tags, tag, creator))
        if not raw:
            return ""
        form = _NUMBERS.get(vr_of(tag, creator))
        if form is not None:
            size = struct.calcsize(form)
            order = ">" if one.transfer_syntax_uid == EXPLICIT_BIG else "<"
            count = len(raw) // size
            numbers = struct.unpack(f"{order}{count}{form}", raw[: count * size])
            return "\\".join(f"{number:g}" if form in "fd" else str(number) for number in numbers)[:_MAX_VALUE]
        text = decode_text(raw, header.tags.get(0x00080005, b"")).strip().replace("\0", "")
        return text[:_MAX_VALUE]

    @contextlib.contextmanager
    def _original(self, key: str) -> Iterator[memoryview]:
        """The bytes of an object as it was stored, where it is or in the inbox."""
        try:
            file = self._storage.open(key)
        except ObjectMissing:
            waiting = inbox.find(self._inbox, key)
            if waiting is None:
                raise FileNotFoundError(key) from None
            file = waiting.open("rb")
        with file:
            try:
                descriptor = file.fileno()
            except OSError:  # not a real file
                yield memoryview(file.read())
                return
            with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
                yield view


class _Wanted:
    """The tags to gather: the one, its character set, and where it is private the creators of its group."""

    def __init__(self, tag: int) -> None:
        self._tag = tag
        self._group = tag >> 16
        self._low = tag & 0xFF
        self._private = bool(tag >> 16 & 1)

    def __contains__(self, tag: object) -> bool:
        if not isinstance(tag, int):
            return False
        if tag in (self._tag, 0x00080005, 0x00080018, 0x0020000D):
            return True
        if not self._private or tag >> 16 != self._group:
            return False
        element = tag & 0xFFFF
        return 0x10 <= element <= 0xFF or (element >= 0x1000 and element & 0xFF == self._low)


def _actual(tags: dict[int, bytes], tag: int, creator: str) -> int:
    """Where a private tag stands in this object: its creator has a block of its own in each (PS3.5 7.8.1)."""
    if not tag >> 16 & 1:
        return tag
    group = tag & 0xFFFF0000
    for block in range(0x10, 0x100):
        if tags.get(group | block, b"").rstrip(b" \0").decode("ascii", "replace") == creator:
            return group | block << 8 | tag & 0xFF
    return -1


def _next_objects(uow: UnitOfWork, level: str, filled_to: int) -> tuple[list[Any], int, int]:
    """The next objects to look at, the row up to which they reach, and how many rows that are.

    Of a series its first object speaks. The steps are separate so that no planner can think of a scan.
    """
    session = uow.session
    table = Instance if level == "IMAGE" else Series
    rows = session.execute(select(table.id).where(table.id > filled_to).order_by(table.id).limit(CHUNK)).scalars().all()
    if not rows:
        return [], filled_to, 0
    wanted = rows
    if level != "IMAGE":
        firsts = select(func.min(Instance.id)).where(Instance.series_pk.in_(rows)).group_by(Instance.series_pk)
        wanted = session.execute(firsts).scalars().all()
    columns = (
        Instance.id.label("instance_pk"),
        Instance.series_pk,
        Series.study_pk,
        Instance.object_key,
        Instance.data_offset,
        Instance.transfer_syntax_uid,
    )
    statement = select(*columns).join(Series, Series.id == Instance.series_pk).where(Instance.id.in_(wanted))
    return list(session.execute(statement.order_by(Instance.id)).all()), int(rows[-1]), len(rows)


def _insert(uow: UnitOfWork) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    dialect: Any = postgresql if uow.session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(CustomValue).on_conflict_do_nothing()


@lru_cache(maxsize=256)
def vr_of(tag: int, creator: str) -> str:
    """The value representation by the data dictionary; LO for private tags that nobody described."""
    from pydicom.datadict import dictionary_VR, private_dictionary_VR

    try:
        vr = private_dictionary_VR(tag, creator) if tag >> 16 & 1 else dictionary_VR(tag)
    except KeyError:
        return "LO" if tag >> 16 & 1 else "UN"
    return str(vr)[:2]


def _keyword(tag: int) -> str:
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
