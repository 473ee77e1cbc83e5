"""Use cases of import and export for workstations and the command line; the work itself is done by jobs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select

from server.archive.exchange.tables import Export, Import, Outcome, Pseudonym
from server.archive.exchange.uploads import Uploads, shown
from server.archive.tables import Instance, Series, Study
from server.exams.service import ExamService
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.kernel.jobs.queue import enqueue
from server.kernel.jobs.tables import OPEN, Job, JobState
from server.patients.service import PatientService
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.exchange import (
    EXPORT_PIECE_BYTES,
    AnonymisePlan,
    ExportFile,
    ExportList,
    ExportView,
    Identity,
    ImportList,
    ImportView,
    OutcomeList,
    OutcomeState,
    OutcomeView,
    Packing,
    PseudonymView,
    Reidentify,
    StartExport,
    StartImport,
)
from shared.domain.permissions import Permission
from shared.domain.states import ExamState

IMPORT_JOB = "exchange.import"
EXPORT_JOB = "exchange.export"
TIDY_JOB = "exchange.tidy"

MIN_VOLUME_BYTES = 20_000_000
MAX_NAMED = 2000  # UIDs in one request


class AllowedFolders:
    """Folders of the server that imports may read or exports may write."""

    def __init__(self, listed: str) -> None:
        """`listed`: absolute paths separated by semicolons."""
        self._roots = [Path(part.strip()).resolve() for part in listed.split(";") if part.strip()]

    def inside(self, text: str) -> Path:
        """The folder named, which may be below an allowed one. Raises INVALID."""
        try:
            folder = Path(text).resolve()
        except (OSError, ValueError):
            raise invalid("folder", "该文件夹名称无效。") from None
        if not any(folder == root or root in folder.parents for root in self._roots):
            raise invalid(
                "folder", "服务器设置不允许使用该文件夹，请由管理员在 import_folders / export_folders 中加入。"
            )
        return folder


class ExchangeService:
    """What people ask for: imports, exports, who is behind a pseudonym."""

    def __init__(
        self,
        database: Database,
        uploads: Uploads,
        exams: ExamService,
        patients: PatientService,
        *,
        export_folder: Path,
        import_folders: str = "",
        export_folders: str = "",
    ) -> None:
        self.uploads = uploads
        self.export_folder = export_folder
        self._database = database
        self._exams = exams
        self._patients = patients
        self._importable = AllowedFolders(import_folders)
        self._exportable = AllowedFolders(export_folders)

    # import

    def start_import(self, uow: UnitOfWork, caller: Caller, request: StartImport) -> ImportView:
        """Check the plan and queue the work. Raises Refusal."""
        if bool(request.upload_ids) == bool(request.folder):
            raise invalid("upload_ids", "请指定已上传的文件，或服务器上的一个文件夹。")
        if len(request.upload_ids) > MAX_NAMED or len(set(request.upload_ids)) != len(request.upload_ids):
            raise invalid("upload_ids", "上传文件重复或过多。")
        if request.folder:
            if not caller.may(Permission.ADMINISTER):
                raise Refusal(ErrorCode.PERMISSION_MISSING, "只有管理员可以从服务器的文件夹导入。")
            if not self._importable.inside(request.folder).is_dir():
                raise invalid("folder", "服务器上没有这个文件夹。")
        self._check_identity(uow, caller, request)
        if len(request.study_description) > 64 or len(request.modality) > 16:
            raise invalid("study_description", "检查描述最多 64 个字符，设备类型最多 16 个字符。")
        plan = msgspec.to_builtins(request)
        row = Import(
            job_id=0,
            title=shown(request.title or request.folder or "导入"),
            plan=plan,
            created_by=caller.login,
            created_at=datetime.now(UTC),
        )
        uow.session.add(row)
        uow.session.flush()
        self.uploads.take(uow, caller.user_id, request.upload_ids, row.id)
        row.job_id = enqueue(uow, IMPORT_JOB, {"import_id": row.id}, title=row.title, by=caller.login)
        return self._import_views(uow, [row])[0]

    def _check_identity(self, uow: UnitOfWork, caller: Caller, request: StartImport) -> None:
        if (request.identity is Identity.EXAM) != (request.exam_id is not None):
            raise invalid("exam_id", "请选择影像所属的检查。")
        if (request.identity is Identity.PATIENT) != (request.patient_id is not None):
            raise invalid("patient_id", "请选择影像所属的患者。")
        if request.exam_id is not None:
            self._check_exam(uow, caller, request.exam_id)
        if request.patient_id is not None:
            self._patients.get(uow, request.patient_id)

    def _check_exam(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        if self._exams.view(uow, caller, exam_id).row.state is ExamState.CANCELLED:
            raise illegal_action("cancelled", "该检查已取消，不能导入影像。")

    def get_import(self, uow: UnitOfWork, import_id: int) -> ImportView:
        """Raises NOT_FOUND."""
        return self._import_views(uow, [_found(uow.session.get(Import, import_id), "该导入")])[0]

    def list_imports(self, uow: UnitOfWork, page: Page) -> ImportList:
        total = uow.session.execute(select(func.count()).select_from(Import)).scalar_one()
        rows = uow.session.execute(_paged(select(Import).order_by(Import.id.desc()), page)).scalars().all()
        return ImportList(total=total, rows=tuple(self._import_views(uow, rows)))

    def list_outcomes(self, uow: UnitOfWork, import_id: int, state: OutcomeState | None, page: Page) -> OutcomeList:
        """Raises NOT_FOUND."""
        _found(uow.session.get(Import, import_id), "该导入")
        wanted = [Outcome.import_id == import_id, Outcome.is_settled.is_(True)]
        if state is not None:
            wanted.append(Outcome.state == state.value)
        total = uow.session.execute(select(func.count()).select_from(Outcome).where(*wanted)).scalar_one()
        chosen = _paged(select(Outcome).where(*wanted).order_by(Outcome.position), page)
        rows = uow.session.execute(chosen).scalars()
        return OutcomeList(
            total=total,
            rows=tuple(
                OutcomeView(
                    name=row.name,
                    state=OutcomeState(row.state),
                    study_uid=row.study_uid,
                    sop_instance_uid=row.sop_instance_uid,
                    sentence=row.sentence,
                )
                for row in rows
            ),
        )

    def _import_views(self, uow: UnitOfWork, rows: Iterable[Import]) -> list[ImportView]:
        rows = list(rows)
        jobs = _jobs(uow, [row.job_id for row in rows])
        counted: dict[int, dict[str, int]] = {row.id: {} for row in rows}
        grouped = (
            select(Outcome.import_id, Outcome.state, func.count())
            .where(Outcome.import_id.in_(list(counted)), Outcome.is_settled.is_(True))
            .group_by(Outcome.import_id, Outcome.state)
        )
        for import_id, state, count in uow.session.execute(grouped):
            counted[import_id][state] = count
        return [_import_view(row, jobs.get(row.job_id), counted[row.id]) for row in rows]

    # export

    def start_export(self, uow: UnitOfWork, caller: Caller, request: StartExport) -> ExportView:
        """Check what is asked for and queue the work. Raises Refusal."""
        named = (*request.study_uids, *request.series_uids, *request.instance_uids)
        if not named or len(named) > MAX_NAMED:
            raise invalid("study_uids", f"请指定要导出的检查、序列或图像（最多 {MAX_NAMED} 个）。")
        if request.volume_bytes and request.volume_bytes < MIN_VOLUME_BYTES:
            raise invalid("volume_bytes", f"每卷至少 {MIN_VOLUME_BYTES // 1_000_000} MB。")
        if request.language not in ("zh", "en"):
            raise invalid("language", "页面语言为 zh 或 en。")
        if (request.packing is Packing.FOLDER) != bool(request.folder):
            raise invalid("folder", "只有导出到服务器文件夹时才需要、也必须给出文件夹。")
        if request.folder:
            if not caller.may(Permission.ADMINISTER):
                raise Refusal(ErrorCode.PERMISSION_MISSING, "只有管理员可以导出到服务器的文件夹。")
            self._exportable.inside(request.folder)
        if request.anonymise is not None:
            _check_plan(request.anonymise)
        if not self._count(uow, request):
            raise not_found("要导出的影像")
        row = Export(
            job_id=0,
            title=shown(request.title or "导出"),
            plan=msgspec.to_builtins(request),
            created_by=caller.login,
            created_at=datetime.now(UTC),
            files=[],
            warnings=[],
        )
        uow.session.add(row)
        uow.session.flush()
        row.job_id = enqueue(uow, EXPORT_JOB, {"export_id": row.id}, title=row.title, by=caller.login)
        return self._export_views(uow, [row])[0]

    def _count(self, uow: UnitOfWork, request: StartExport) -> int:
        counted = select(func.count()).select_from(Instance).join(Series).join(Study, Study.id == Series.study_pk)
        for column, uids in (
            (Study.uid, request.study_uids),
            (Series.uid, request.series_uids),
            (Instance.uid, request.instance_uids),
        ):
            if uids:
                counted = counted.where(column.in_(list(uids)))
        return int(uow.session.execute(counted).scalar_one())

    def get_export(self, uow: UnitOfWork, export_id: int) -> ExportView:
        """Raises NOT_FOUND."""
        return self._export_views(uow, [_found(uow.session.get(Export, export_id), "该导出")])[0]

    def list_exports(self, uow: UnitOfWork, page: Page) -> ExportList:
        total = uow.session.execute(select(func.count()).select_from(Export)).scalar_one()
        rows = uow.session.execute(_paged(select(Export).order_by(Export.id.desc()), page)).scalars().all()
        return ExportList(total=total, rows=tuple(self._export_views(uow, rows)))

    def export_target(self, folder: str) -> Path:
        """The folder of the server that an export may write. Raises INVALID."""
        return self._exportable.inside(folder)

    def drop_export(self, uow: UnitOfWork, export_id: int) -> None:
        """Forget the files of an export, now. Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = _found(uow.session.get(Export, export_id), "该导出")
        job = uow.session.get(Job, row.job_id)
        if job is not None and job.state in OPEN:
            raise illegal_action(job.state, "正在导出，请先取消该任务。")
        row.files = []
        row.kept_until = datetime.now(UTC)  # the tidying job deletes what no row names

    def note_pictures(self, uow: UnitOfWork, study_uid: str) -> None:
        """The call itself is what the audit log keeps; the study must be here. Raises NOT_FOUND."""
        if uow.session.scalar(select(Study.id).where(Study.uid == study_uid)) is None:
            raise not_found("该检查")

    def export_piece(self, name: str, piece: int) -> bytes:
        """A piece (from 1) of the file "EXPORT/NUMBER" of a finished export. Raises NOT_FOUND."""
        with self._export_file(name).open("rb") as file:
            file.seek(max(piece - 1, 0) * EXPORT_PIECE_BYTES)
            return file.read(EXPORT_PIECE_BYTES)

    def _export_file(self, name: str) -> Path:
        """The file "EXPORT/NUMBER" of a finished export. Raises NOT_FOUND."""
        export, _, number = name.partition("/")
        if not export.isdecimal() or not number.isdecimal() or len(name) > 30:
            raise not_found("该文件")
        with self._database.read() as uow:
            row = _found(uow.session.get(Export, int(export)), "该导出")
            if int(number) >= len(row.files):
                raise not_found("该文件")
        path = self.export_folder / str(int(export)) / f"{int(number)}.out"
        if not path.is_file():
            raise not_found("该文件")
        return path

    def _export_views(self, uow: UnitOfWork, rows: Iterable[Export]) -> list[ExportView]:
        rows = list(rows)
        jobs = _jobs(uow, [row.job_id for row in rows])
        return [_export_view(row, jobs.get(row.job_id)) for row in rows]

    # pseudonyms

    def reidentify(self, uow: UnitOfWork, request: Reidentify) -> PseudonymView:
        """Who is behind a pseudonym. Raises Refusal."""
        if len(request.reason.strip()) < 2:
            raise invalid("reason", "请填写还原身份的理由，它会写入审计日志。")
        chosen = select(Pseudonym).where(Pseudonym.project == request.project, Pseudonym.pseudonym == request.pseudonym)
        row = _found(uow.session.execute(chosen).scalar_one_or_none(), "该假名")
        return PseudonymView(
            project=row.project,
            pseudonym=row.pseudonym,
            patient_id=row.patient_id,
            patient_name=row.patient_name,
            created_at=row.created_at,
        )


def _check_plan(plan: AnonymisePlan) -> None:
    from server.archive.exchange.anonymise import fault_of

    fault = fault_of(plan)
    if fault:
        raise invalid("anonymise", fault)


def _found(row: Any, what: str) -> Any:
    if row is None:
        raise not_found(what)
    return row


def _paged(statement: Any, page: Page) -> Any:
    return statement.offset(max(page.offset, 0)).limit(min(max(page.limit, 1), 500))


def _jobs(uow: UnitOfWork, ids: list[int]) -> dict[int, Job]:
    found = uow.session.execute(select(Job).where(Job.id.in_(ids))).scalars()
    return {job.id: job for job in found}


def _import_view(row: Import, job: Job | None, counts: dict[str, int]) -> ImportView:
    plan = msgspec.convert(row.plan, StartImport)
    return ImportView(
        id=row.id,
        job_id=row.job_id,
        state=job.state if job else JobState.DONE.value,
        title=row.title,
        identity=plan.identity,
        exam_id=plan.exam_id,
        patient_id=plan.patient_id,
        created_by=row.created_by,
        created_at=row.created_at,
        files=row.files,
        stored=counts.get(OutcomeState.STORED, 0),
        duplicate=counts.get(OutcomeState.DUPLICATE, 0),
        refused=counts.get(OutcomeState.REFUSED, 0),
        ignored=counts.get(OutcomeState.IGNORED, 0),
        missing=counts.get(OutcomeState.MISSING, 0),
        sentence=job.sentence if job else "",
    )


def _export_view(row: Export, job: Job | None) -> ExportView:
    plan = msgspec.convert(row.plan, StartExport)
    return ExportView(
        id=row.id,
        job_id=row.job_id,
        state=job.state if job else JobState.DONE.value,
        title=row.title,
        packing=plan.packing,
        objects=row.objects,
        bytes=row.bytes,
        created_by=row.created_by,
        created_at=row.created_at,
        kept_until=row.kept_until,
        files=tuple(ExportFile(**one) for one in row.files),
        sentence=job.sentence if job else "",
        warnings=tuple(row.warnings),
    )
