"""The job that imports: every file becomes an object of the archive or gets a sentence that says why not.

Files are done in batches. What a batch will do is written down first, then the objects go to the archive, then the
rows are settled; an import that was killed at any point goes on with the first row that is not settled.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
from pathlib import Path
from typing import Protocol

import msgspec
from sqlalchemy import delete, insert, select, update

from server.archive.exchange import reading
from server.archive.exchange.identity import NotRewritable, Owner, adopted
from server.archive.exchange.pictures import Making, picture
from server.archive.exchange.reading import NotReadable
from server.archive.exchange.sources import Entry, RefusedSource, Sources, contents, free_scratch
from server.archive.exchange.tables import Import, Outcome, Upload
from server.archive.exchange.uploads import Uploads, shown
from server.archive.exchange.videos import video
from server.archive.receive import ObjectName, Receiver, StoreRefused, file_meta
from server.kernel.database import Database
from server.kernel.jobs import JobContext, JobFailed
from shared.contract.exchange import Identity, OutcomeState, StartImport
from shared.dicomkit.headers import SeriesFacts, StudyFacts
from shared.dicomkit.uids import derived_uid

logger = logging.getLogger(__name__)

CALLING_AE = "IMPORT"
BATCH_FILES = 32
BATCH_BYTES = 64 << 20
MAX_NAME = 500


class Owners(Protocol):
    """Finds whose the objects become."""

    def of_exam(self, exam_id: int) -> Owner: ...

    def of_patient(self, patient_id: int) -> Owner: ...


@dataclass(slots=True)
class _Planned:
    """A file of the batch: where it stands, what will be said of it, and the object if there is one."""

    position: int
    entry: Entry
    state: OutcomeState
    sentence: str = ""
    what: ObjectName | None = None
    data: memoryview | None = None
    key: str = ""
    study_uid: str = ""


@dataclass(slots=True)
class _Run:
    """What is known of the import while it runs."""

    import_id: int
    plan: StartImport
    made_at: datetime
    source: str
    owner: Owner | None
    root: str  # for derived UIDs: the same each time the import runs
    keys: set[tuple[str, str]] = field(default_factory=set)
    has_dicomdir: bool = False


class Importer:
    """Runs import jobs. One per process."""

    def __init__(
        self,
        database: Database,
        uploads: Uploads,
        receiver: Receiver,
        is_kept: Callable[[str, str], bool],
        owners: Owners,
        *,
        scratch: Path,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._uploads = uploads
        self._receiver = receiver
        self._is_kept = is_kept
        self._owners = owners
        self._scratch = scratch
        self._zone = zone

    def run(self, context: JobContext) -> str:
        """The handler of the job; see server.kernel.jobs."""
        import_id = int(context.payload["import_id"])
        with self._database.read() as uow:
            row = uow.session.get(Import, import_id)
            if row is None:
                raise JobFailed("导入记录已被删除。")
            plan = msgspec.convert(row.plan, StartImport)
            made_at, title = row.created_at.astimezone(self._zone), row.title
            root = f"{import_id} {row.created_at.isoformat()} {row.created_by}"
        run = _Run(import_id, plan, made_at, title, self._owner(plan), root)
        if plan.upload_ids and not self._uploads.of_import(import_id):
            return self._without_uploads(run)
        scratch = self._scratch / f"import-{import_id}"
        free_scratch(scratch)
        scratch.mkdir(parents=True)
        try:
            with Sources(scratch) as sources:
                entries = list(self._entries(run, sources, context))
                self._work(run, entries, scratch, context)
                self._say_what_is_missing(run, entries, scratch)
        finally:
            free_scratch(scratch)
        return self._close(run)

    def _without_uploads(self, run: _Run) -> str:
        """The import was closed just before its process ended; or it was cancelled and its files were forgotten."""
        settled, interrupted = self._known(run)
        if not settled or interrupted:
            raise JobFailed("上传的文件已被清理，请重新上传后再导入。")
        return self._close(run)

    def _owner(self, plan: StartImport) -> Owner | None:
        if plan.identity is Identity.EXAM and plan.exam_id is not None:
            return self._owners.of_exam(plan.exam_id)
        if plan.identity is Identity.PATIENT and plan.patient_id is not None:
            return self._owners.of_patient(plan.patient_id)
        return None

    def _entries(self, run: _Run, sources: Sources, context: JobContext) -> Iterator[Entry]:
        if run.plan.folder:
            found = sources.folder(Path(run.plan.folder))
        else:
            taken = self._uploads.of_import(run.import_id)
            found = (entry for name, path in taken for entry in sources.file(path, name))
        for count, entry in enumerate(found):
            if count % 200 == 0:
                context.step(sentence=f"已找到 {count} 个文件…")
            if entry.path and entry.path[-1] == "dicomdir":
                run.has_dicomdir = True
            yield entry

    # the work

    def _work(self, run: _Run, entries: Sequence[Entry], scratch: Path, context: JobContext) -> None:
        settled, interrupted = self._known(run)
        with self._database.write() as uow:
            uow.session.execute(update(Import).where(Import.id == run.import_id).values(files=len(entries)))
        todo = iter([(n, e) for n, e in enumerate(entries) if n not in settled])
        done = len(settled)
        while batch := list(_batch(todo)):
            context.step(done, len(entries), f"已处理 {done} / {len(entries)} 个文件")
            with contextlib.ExitStack() as open_files:
                planned = [self._plan(run, n, entry, interrupted, scratch, open_files) for n, entry in batch]
                self._write_down(run, planned)
                for one in planned:
                    self._store(run, one)
                self._settle(run, planned)
                for one in planned:
                    one.data = None
            done += len(planned)

    def _known(self, run: _Run) -> tuple[set[int], dict[int, OutcomeState]]:
        """Positions that are settled, and what those that were interrupted are to become."""
        chosen = select(
            Outcome.position, Outcome.state, Outcome.is_settled, Outcome.sop_instance_uid, Outcome.object_key
        ).where(Outcome.import_id == run.import_id)
        settled: set[int] = set()
        interrupted: dict[int, OutcomeState] = {}
        with self._database.read() as uow:
            for row in uow.session.execute(chosen):
                if row.is_settled:
                    settled.add(row.position)
                    if row.object_key:
                        run.keys.add((row.sop_instance_uid, row.object_key))
                else:
                    interrupted[row.position] = OutcomeState(row.state)
        return settled, interrupted

    def _plan(
        self,
        run: _Run,
        position: int,
        entry: Entry,
        interrupted: dict[int, OutcomeState],
        scratch: Path,
        open_files: contextlib.ExitStack,
    ) -> _Planned:
        planned = _Planned(position, entry, OutcomeState.REFUSED)
        try:
            data = open_files.enter_context(contents(entry, scratch))
            self._recognise(run, planned, data)
        except (NotReadable, NotRewritable, RefusedSource) as refused:
            planned.sentence = str(refused)
        if planned.what is not None and planned.data is not None:
            digest = self._receiver.fingerprint(file_meta(planned.what))
            digest.update(planned.data)
            planned.key = digest.hexdigest()
            pair = (planned.what.sop_instance_uid, planned.key)
            if pair in run.keys:
                planned.state, planned.sentence = OutcomeState.DUPLICATE, "本次导入中已有相同的文件。"
            elif position in interrupted:
                planned.state = interrupted[position]
            elif self._is_kept(*pair):
                planned.state, planned.sentence = OutcomeState.DUPLICATE, "归档中已有相同的图像。"
            else:
                planned.state = OutcomeState.STORED
            run.keys.add(pair)
        return planned

    def _recognise(self, run: _Run, planned: _Planned, data: memoryview) -> None:
        entry = planned.entry
        if not len(data):
            planned.state, planned.sentence = OutcomeState.IGNORED, "空文件。"
            return
        kind = reading.kind_of(data)
        if kind == "dicom":
            self._recognise_object(run, planned, data)
            return
        if not kind:
            if reading.is_bystander(entry.name):
                planned.state, planned.sentence = OutcomeState.IGNORED, "不是影像文件。"
                return
            raise NotReadable("既不是 DICOM，也不是可识别的图片、PDF 或视频。")
        if run.has_dicomdir:
            planned.state, planned.sentence = OutcomeState.IGNORED, "光盘自带程序的图片或文档，不是影像。"
            return
        if run.owner is None:
            raise NotReadable("图片、PDF 和视频不含患者身份；请在导入时选择患者或检查。")
        made = self._made(run, run.owner, planned, data, kind)
        self._take(planned, memoryview(made))

    def _recognise_object(self, run: _Run, planned: _Planned, data: memoryview) -> None:
        found = reading.find_object(data)
        if found.what.sop_class_uid == reading.DICOMDIR_CLASS or planned.entry.path[-1:] == ("dicomdir",):
            planned.state, planned.sentence = OutcomeState.IGNORED, "介质的目录文件。"
            return
        if reading.encapsulated_without_syntax(data, found):
            raise NotReadable("文件没有说明图像的压缩方式（缺少传输语法），不能安全导入。")
        if run.owner is None:
            planned.what, planned.data, planned.study_uid = found.what, data[found.offset :], found.study_uid
            return
        whole = memoryview(file_meta(found.what) + bytes(data[found.offset :]))
        self._take(planned, memoryview(adopted(whole, run.owner, run.made_at, run.source)))

    def _take(self, planned: _Planned, part10: memoryview) -> None:
        found = reading.find_object(part10)
        planned.what, planned.data, planned.study_uid = found.what, part10[found.offset :], found.study_uid

    def _made(self, run: _Run, owner: Owner, planned: _Planned, data: memoryview, kind: str) -> bytes:
        content = hashlib.sha256(data).hexdigest()
        study = StudyFacts(
            study_uid=owner.study_uid or derived_uid("import study", run.root),
            accession=owner.accession,
            started=run.made_at.replace(tzinfo=None),
            description=run.plan.study_description,
        )
        description, number = _SERIES[kind]
        making = Making(
            patient=owner.patient,
            study=study,
            series=SeriesFacts(derived_uid("import series", run.root, description), number, description),
            sop_uid=derived_uid("import object", run.root, str(planned.position), content),
            number=planned.position + 1,
            made_at=run.made_at,
            modality=run.plan.modality,
        )
        if kind in reading.PICTURES:
            return picture(data, kind, making, run.plan.pictures)
        if kind in reading.VIDEOS:
            return video(data, kind, making)
        return _document(data, making, planned.entry.name)

    def _store(self, run: _Run, planned: _Planned) -> None:
        if planned.state is not OutcomeState.STORED or planned.what is None or planned.data is None:
            return
        try:
            self._receiver.receive(planned.what, CALLING_AE, planned.data)
        except StoreRefused as refused:
            planned.state, planned.sentence = OutcomeState.REFUSED, refused.sentence
            run.keys.discard((planned.what.sop_instance_uid, planned.key))
            planned.key = ""

    # rows

    def _write_down(self, run: _Run, planned: Sequence[_Planned]) -> None:
        positions = [one.position for one in planned]
        with self._database.write() as uow:
            stale = Outcome.import_id == run.import_id, Outcome.position.in_(positions)
            uow.session.execute(delete(Outcome).where(*stale))
            uow.session.execute(insert(Outcome), [self._row(run, one, is_settled=False) for one in planned])

    def _settle(self, run: _Run, planned: Sequence[_Planned]) -> None:
        with self._database.write() as uow:
            for one in planned:
                uow.session.execute(
                    update(Outcome)
                    .where(Outcome.import_id == run.import_id, Outcome.position == one.position)
                    .values(state=one.state.value, sentence=one.sentence, object_key=one.key, is_settled=True)
                )

    def _row(self, run: _Run, one: _Planned, *, is_settled: bool) -> dict[str, object]:
        return {
            "import_id": run.import_id,
            "position": one.position,
            "name": shown(one.entry.name)[-MAX_NAME:],
            "state": one.state.value,
            "study_uid": one.study_uid,
            "sop_instance_uid": one.what.sop_instance_uid[:64] if one.what else "",
            "object_key": one.key,
            "sentence": one.sentence,
            "is_settled": is_settled,
        }

    # the end

    def _say_what_is_missing(self, run: _Run, entries: Sequence[Entry], scratch: Path) -> None:
        """Outcomes for files that a DICOMDIR names and the medium does not hold."""
        there = {entry.path for entry in entries}
        rows: list[dict[str, object]] = []
        for entry in entries:
            if entry.path[-1:] != ("dicomdir",) or entry.fault:
                continue
            try:
                with contents(entry, scratch) as data:
                    named = reading.dicomdir_files(data)
            except (NotReadable, RefusedSource) as refused:
                logger.info("import %d: a DICOMDIR cannot be read: %s", run.import_id, refused)
                continue
            absent = [path for path in named if entry.path[:-1] + path not in there]
            rows += [
                {
                    "import_id": run.import_id,
                    "position": len(entries) + len(rows) + number,
                    "name": shown("/".join(path))[-MAX_NAME:],
                    "state": OutcomeState.MISSING.value,
                    "study_uid": "",
                    "sop_instance_uid": "",
                    "object_key": "",
                    "sentence": "目录文件列出了该文件，但介质上没有；光盘可能没有读全。",
                    "is_settled": True,
                }
                for number, path in enumerate(absent)
            ]
        with self._database.write() as uow:
            beyond = Outcome.import_id == run.import_id, Outcome.position >= len(entries)
            uow.session.execute(delete(Outcome).where(*beyond))
            if rows:
                uow.session.execute(insert(Outcome), rows)

    def _close(self, run: _Run) -> str:
        from sqlalchemy import func

        counted = select(Outcome.state, func.count()).where(Outcome.import_id == run.import_id).group_by(Outcome.state)
        with self._database.write() as uow:
            counts = {str(row[0]): int(row[1]) for row in uow.session.execute(counted)}
            gone = self._uploads.forget_import(uow, run.import_id)
        for path in gone:
            path.unlink(missing_ok=True)
        said = [f"{_WORDS[state]} {counts[state]}" for state in OutcomeState if counts.get(state)]
        return f"导入完成：{'，'.join(said) or '没有文件'}。"


def forget_cancelled(database: Database, uploads: Uploads) -> int:
    """Release the uploads of imports whose job will not run again. Returns how many files went."""
    from server.kernel.jobs.tables import Job, JobState

    over = (
        select(Import.id)
        .join(Job, Job.id == Import.job_id)
        .where(
            Job.state == JobState.CANCELLED,
            Import.id.in_(select(Upload.import_id).where(Upload.import_id.is_not(None))),
        )
    )
    gone: list[Path] = []
    with database.write() as uow:
        for import_id in uow.session.execute(over).scalars().all():
            gone += uploads.forget_import(uow, import_id)
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


_WORDS = {
    OutcomeState.STORED: "存入",
    OutcomeState.DUPLICATE: "已有",
    OutcomeState.REFUSED: "拒绝",
    OutcomeState.IGNORED: "忽略",
    OutcomeState.MISSING: "缺失",
}
_SERIES = {
    "jpeg": ("Imported pictures", 951),
    "png": ("Imported pictures", 951),
    "bmp": ("Imported pictures", 951),
    "tiff": ("Imported pictures", 951),
    "pdf": ("Imported documents", 952),
    "mp4": ("Imported videos", 953),
    "mpeg2": ("Imported videos", 953),
}


def _batch(todo: Iterator[tuple[int, Entry]]) -> Iterator[tuple[int, Entry]]:
    size = 0
    for position, entry in islice(todo, BATCH_FILES):
        yield position, entry
        size += entry.size_bytes
        if size >= BATCH_BYTES:
            return


def _document(data: memoryview, making: Making, name: str) -> bytes:
    from shared.dicomkit.encapsulated_pdf import encapsulated_pdf
    from shared.dicomkit.headers import to_bytes

    title = name.rsplit("/", 1)[-1].rsplit(".", 1)[0][:64] or "Document"
    try:
        made = encapsulated_pdf(
            making.patient,
            making.study,
            bytes(data),
            made_at=making.made_at,
            title=title,
            verified=False,
            series=making.series,
            sop_uid=making.sop_uid,
        )
    except ValueError as fault:
        raise NotReadable("PDF 文件过大或损坏，未导入。") from fault
    made.InstanceNumber = making.number
    if making.modality:
        made.Modality = making.modality
    return to_bytes(made)
