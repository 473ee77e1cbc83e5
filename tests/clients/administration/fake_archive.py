"""An archive out of memory for the administrator's screens: every list has rows, commands are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from clients.kit.connection import FakeConnection
from shared.contract.access import AccessScope, AddToken, ListTokens, NewTokenView, TokenView
from shared.contract.archive import (
    ArchiveStatus,
    CheckFinding,
    CompletenessView,
    CustomTagView,
    ExpectationView,
    GetArchiveStatus,
    GetCompleteness,
    GetStudy,
    ListCustomTags,
    ListStudies,
    ListUnmatched,
    MatchStudy,
    SeriesView,
    StudyList,
    StudyRow,
    StudyView,
)
from shared.contract.corrections import (
    CorrectionList,
    CorrectionView,
    CorrectStudy,
    ListCorrections,
    MergeStudies,
    MoveSeries,
    RejectInstances,
    TagChange,
    UndoCorrection,
)
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.exams import ExamList, ListExams
from shared.contract.exchange import (
    EXPORT_PIECE_BYTES,
    BeginUpload,
    ExportFile,
    ExportList,
    ExportView,
    FinishUpload,
    Identity,
    ImportList,
    ImportView,
    ListExports,
    ListImports,
    ListOutcomes,
    OutcomeList,
    OutcomeState,
    OutcomeView,
    Packing,
    PseudonymView,
    PutChunk,
    Reidentify,
    StartExport,
    StartImport,
    UploadView,
)
from shared.contract.jobs import JobList, JobView, ListJobs
from shared.contract.keeping import (
    BackupList,
    BackupView,
    BinEntryView,
    BinList,
    CheckReport,
    CompressionRule,
    CompressionStatus,
    DeleteImages,
    GetCheckReport,
    GetCompressionStatus,
    GetKeepingPolicy,
    KeepingPolicy,
    LegalHoldView,
    ListBackups,
    ListBin,
    ListLegalHolds,
    PolicyView,
    PreviewRetention,
    RetentionCandidate,
    RetentionPreview,
    RetentionRule,
    SaveKeepingPolicy,
)
from shared.contract.organisation import ListPeers, PeerView
from shared.contract.routing import (
    CoercionView,
    Conditions,
    ForwardList,
    ForwardState,
    ForwardView,
    ListCoercions,
    ListForwards,
    ListTargets,
    Operation,
    TagRule,
    TargetKind,
    TargetView,
    TestTarget,
)
from shared.contract.routing import ListRules as ListRoutingRules
from shared.contract.routing import PreviewRule as PreviewRoutingRule
from shared.contract.routing import RuleView as RoutingRuleView
from shared.contract.routing import SaveRule as SaveRoutingRule
from shared.contract.storage import (
    CopyView,
    FillDay,
    GetFillHistory,
    GetStudyCopies,
    JobStarted,
    ListMoved,
    ListPrefetch,
    ListRules,
    ListStores,
    MovedList,
    MovedStudy,
    MoveStudy,
    PrefetchEntry,
    PrefetchView,
    PreviewRule,
    PreviewView,
    RuleEntry,
    RuleView,
    SaveRule,
    StoreView,
    StudyCopies,
)
from shared.domain.permissions import Permission
from tests.clients.administration import fake_halls
from tests.clients.administration.fake_interfaces import FakeInterfaces
from tests.clients.administration.fake_master import master_replies
from tests.clients.registration.fake_hospital import an_exam_row

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PIECES = b"exported" * 1000


def a_study(number: int, **changes: Any) -> StudyRow:
    values: dict[str, Any] = {
        "id": number,
        "version": 4,
        "study_uid": f"1.2.826.0.1.3680043.9.7.{number}",
        "accession_number": f"CT2026030{number}",
        "patient_id": "P0001",
        "patient_name": "Zhang^San=张^三",
        "patient_sex": "M",
        "patient_birth_date": "19800102",
        "study_at": NOW,
        "description": "胸部平扫",
        "modalities": ("CT",),
        "series_count": 2,
        "instance_count": 300,
        "calling_ae": "CT1",
        "received_at": NOW,
        "exam_id": None,
        "why_unmatched": "没有这个检查号。",
        "completeness": "short",
        "missing_count": 2,
        "availability": "NEARLINE",
        "charset_note": "按 GB18030 读取。",
    }
    return StudyRow(**{**values, **changes})


def a_correction(number: int, **changes: Any) -> CorrectionView:
    values: dict[str, Any] = {
        "id": number,
        "kind": "correct_study",
        "at": NOW,
        "by": "管理员",
        "reason": "登记时选错患者",
        "study_uids": ("1.2.826.0.1.3680043.9.7.1",),
        "changes": (TagChange(keyword="PatientName", before="Li^Si", after="Zhang^San=张^三"),),
        "sentence": "已更正。",
        "undone_at": None,
        "undone_by": "",
        "can_undo": True,
    }
    return CorrectionView(**{**values, **changes})


def a_store(name: str, role: str) -> StoreView:
    return StoreView(
        name=name,
        label="",
        kind="folder",
        role=role,
        place=f"/archive/{name}",
        is_from_settings=False,
        state="ready",
        sentence="",
        studies=12,
        bytes_stored=3_000_000_000,
        free_bytes=60_000_000_000,
        capacity_bytes=250_000_000_000,
        growth_bytes_per_day=500_000_000,
        days_until_full=120,
        waiting_uploads=0,
        warning="",
    )


def a_target(number: int) -> TargetView:
    return TargetView(
        id=number,
        version=1,
        name="二院归档",
        kind=TargetKind.DICOM,
        enabled=True,
        ae_title="PACS2",
        url="",
        token_file="",
        concurrency=1,
        transfer_syntaxes=(),
        commitment=False,
        waiting=3,
        failed=1,
        down_since=NOW,
        next_try=NOW,
        last_error="PACS2: no connection to 10.0.0.9:104",
    )


def a_job(number: int, **changes: Any) -> JobView:
    values: dict[str, Any] = {
        "id": number,
        "kind": "routing.send",
        "title": "二院归档",
        "state": "running",
        "attempts": 1,
        "not_before": NOW,
        "progress_done": 3,
        "progress_total": 10,
        "sentence": "3 of 10 objects sent",
        "created_by": "admin",
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": None,
    }
    return JobView(**{**values, **changes})


class Bulk:
    """The bulk channel: pieces of one exported file; a `fault` happens after so many pieces."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self.closed = False

    def fetch(self, item: str, name: str, frame: int = 0) -> Any:
        self.asked.append((item, name, frame))
        start = (frame - 1) * EXPORT_PIECE_BYTES

        class Piece:
            data = bytearray(PIECES[start : start + EXPORT_PIECE_BYTES])

        return Piece()

    def close(self) -> None:
        self.closed = True


class FakeArchive:
    """`line` is the connection; `sent` holds what was commanded, by type."""

    def __init__(self) -> None:
        self.studies = [a_study(1), a_study(2, completeness="complete", availability="ONLINE", missing_count=0)]
        self.corrections = [
            a_correction(2),
            a_correction(1, can_undo=False, undone_at=NOW, undone_by="admin", kind="merge_studies", changes=()),
        ]
        self.holds = [
            LegalHoldView(
                id=1,
                study_uid=a_study(1).study_uid,
                reason="医疗纠纷",
                held_by="admin",
                held_at=NOW,
                released_by="",
                released_at=None,
                release_reason="",
            )
        ]
        self.policy = KeepingPolicy(
            retention_rules=(RetentionRule(name="十五年", older_than_days=5475, unused_days=365),),
            compression_rules=(CompressionRule(codec="jpegls", modalities=("CR",)),),
        )
        self.version = 1
        self.is_approved = False
        self.uploads: dict[int, bytearray] = {}
        self.begun: dict[str, int] = {}  # SHA-256 → upload: the same content goes on where it stopped
        self.upload_names: list[str] = []
        self.cut_after = 1 << 62  # bytes of an upload after which the line breaks, once
        self.bulk = Bulk()
        self.interfaces = FakeInterfaces()
        self.line = FakeConnection(replies=self._replies(), permissions=tuple(Permission))
        self.line.open_bulk = lambda: self.bulk  # type: ignore[attr-defined]

    def sent(self, kind: type[Any]) -> list[Any]:
        return [call for call in self.line.calls if type(call) is kind]

    def _replies(self) -> dict[type[Any], Callable[[Any], Any]]:
        return {
            **master_replies(),
            **fake_halls.replies(),
            **self.interfaces.replies(),
            **self._study_replies(),
            **self._keeping_replies(),
            **self._exchange_replies(),
            ListStores: lambda _q: (a_store("online", "online"), a_store("nearline", "nearline")),
            GetFillHistory: lambda _q: (FillDay(day=NOW.date(), bytes_stored=10**9, free_bytes=10**10),),
            ListRules: lambda _q: (
                RuleView(
                    id=1,
                    version=1,
                    entry=RuleEntry(name="CT 近线", modalities=("CT",), after_days=90, keep_in=("nearline",)),
                    trouble="",
                ),
            ),
            SaveRule: lambda c: RuleView(id=c.id or 2, version=2, entry=c.entry, trouble=""),
            PreviewRule: lambda _q: PreviewView(
                studies=3, bytes_to_copy=10**9, bytes_to_free_online=10**9, sentence=""
            ),
            ListPrefetch: lambda _q: (PrefetchView(id=1, version=1, entry=PrefetchEntry(exam_type="CT")),),
            ListMoved: lambda _q: MovedList(
                total=1,
                rows=(
                    MovedStudy(
                        study_uid="1.2.3.4",
                        patient_id="P0001",
                        patient_name="Zhang^San",
                        study_date="20260302",
                        modalities=("CT",),
                        availability="OFFLINE",
                        bytes_stored=10**8,
                        stores=("tape",),
                        sentence="请插入介质 T-0007。",
                    ),
                ),
            ),
            ListTargets: lambda _q: (a_target(7),),
            TestTarget: lambda _q: "",
            ListRoutingRules: lambda _q: (
                RoutingRuleView(
                    id=3,
                    version=1,
                    name="CT 备份",
                    enabled=True,
                    conditions=Conditions(modalities=("CT",), weekdays=(0, 1)),
                    target_id=7,
                    changes=(TagRule(operation=Operation.SET, keyword="InstitutionName", value="第一医院"),),
                    delay_s=0,
                    priority=0,
                    days_back=7,
                ),
            ),
            SaveRoutingRule: lambda c: RoutingRuleView(
                id=c.id or 4,
                version=2,
                name=c.name,
                enabled=c.enabled,
                conditions=c.conditions,
                target_id=c.target_id,
                changes=c.changes,
                delay_s=c.delay_s,
                priority=c.priority,
                days_back=c.days_back,
            ),
            PreviewRoutingRule: lambda _q: (),
            ListCoercions: lambda _q: (
                CoercionView(
                    id=1,
                    version=1,
                    name="旧 CT",
                    enabled=True,
                    sender_aes=("CT1",),
                    modalities=(),
                    changes=(TagRule(operation=Operation.PREFIX, keyword="PatientID", value="ZY-"),),
                ),
            ),
            ListForwards: lambda _q: ForwardList(total=6, rows=tuple(map(self._forward, range(6)))),
            ListJobs: lambda _q: JobList(
                total=2,
                rows=(a_job(2), a_job(1, state="failed", kind="keeping.backup")),
                counts={"running": 1, "failed": 1},
            ),
            ListPeers: lambda _q: (
                PeerView(
                    ae_title="PACS2",
                    host="10.0.0.9",
                    port=104,
                    description="二院归档",
                    may_store=True,
                    may_query=True,
                    may_retrieve=True,
                ),
            ),
            ListTokens: lambda _q: (self._token(1),),
            AddToken: lambda _c: NewTokenView(token=self._token(2), secret="mj_secret_of_this_token"),
            ListCustomTags: lambda _q: (
                CustomTagView(
                    id=1, tag=0x00181400, creator="", name="处理", level="SERIES", filled=10, total=20, is_ready=False
                ),
            ),
            ListExams: self._find_exams,
        }

    def _study_replies(self) -> dict[type[Any], Callable[[Any], Any]]:
        return {
            GetArchiveStatus: lambda _q: ArchiveStatus(
                studies=2,
                series=4,
                instances=600,
                bytes_stored=10**10,
                disk_free_bytes=10**11,
                inbox_backlog=0,
                warning="",
            ),
            ListStudies: self._find,
            ListUnmatched: lambda _q: StudyList(total=2, rows=tuple(self.studies)),
            GetStudy: lambda q: StudyView(
                row=self._row(q.study_uid), institution="", manufacturer="", series=(_series(1), _series(2))
            ),
            GetCompleteness: lambda q: CompletenessView(
                study_uid=q.study_uid,
                completeness="short",
                missing_count=2,
                expectations=(
                    ExpectationView(source="mpps", sender="CT1", expected=302, missing=2, is_final=True, at=NOW),
                ),
                missing_uids=("1.2.3.4.5", "1.2.3.4.6"),
            ),
            GetStudyCopies: lambda q: StudyCopies(
                study_uid=q.study_uid,
                availability="NEARLINE",
                last_used_at=NOW,
                verified_copies=1,
                copies=(
                    CopyView(
                        store="nearline",
                        label="",
                        role="nearline",
                        state="verified",
                        is_current=True,
                        copied_at=NOW,
                        verified_at=NOW,
                        instances=300,
                        bytes_stored=10**8,
                        sentence="",
                    ),
                ),
                sentence="",
            ),
            ListCorrections: lambda _q: CorrectionList(total=len(self.corrections), rows=tuple(self.corrections)),
            CorrectStudy: lambda _c: self.corrections[0],
            UndoCorrection: lambda _c: self.corrections[0],
            MergeStudies: lambda _c: self.corrections[0],
            MoveSeries: lambda _c: self.corrections[0],
            RejectInstances: lambda _c: self.corrections[0],
            MatchStudy: lambda c: self._row(c.study_uid),
            MoveStudy: lambda _c: JobStarted(job_id=5, sentence=""),
        }

    def _keeping_replies(self) -> dict[type[Any], Callable[[Any], Any]]:
        return {
            DeleteImages: self._delete,
            ListLegalHolds: lambda q: tuple(hold for hold in self.holds if q.study_uid in ("", hold.study_uid)),
            ListBin: lambda _q: BinList(total=1, bytes_stored=10**6, rows=(_bin_entry(),)),
            ListBackups: lambda _q: BackupList(
                folder="/backup",
                rows=(
                    BackupView(
                        id=1,
                        generation="20260302-013000",
                        state="complete",
                        started_at=NOW,
                        finished_at=NOW,
                        objects=600,
                        objects_copied=10,
                        bytes_copied=10**7,
                        sentence="",
                    ),
                ),
            ),
            GetCheckReport: lambda _q: CheckReport(
                finished_at=NOW,
                instances=600,
                files=600,
                bytes_hashed=10**10,
                seconds=12.0,
                repaired=0,
                total_findings=1,
                findings=(
                    CheckFinding(
                        kind="missing_file",
                        sop_instance_uid="1.2.3.4.5",
                        sentence="文件不存在。",
                        repair="从备份恢复。",
                    ),
                ),
            ),
            GetKeepingPolicy: lambda _q: self._policy(),
            SaveKeepingPolicy: self._save_policy,
            GetCompressionStatus: lambda _q: CompressionStatus(
                series_done=4,
                series_waiting=1,
                instances_compressed=500,
                bytes_before=10**10,
                bytes_after=4 * 10**9,
                left={},
            ),
            PreviewRetention: lambda _q: RetentionPreview(
                examined=2,
                studies=1,
                bytes_stored=10**8,
                hindered=1,
                rows=(
                    RetentionCandidate(
                        rule="十五年",
                        study_uid="1.2.3",
                        patient_id="P0001",
                        study_date="20090101",
                        modalities=("CT",),
                        bytes_stored=10**8,
                        hindrance="",
                    ),
                ),
            ),
        }

    def _exchange_replies(self) -> dict[type[Any], Callable[[Any], Any]]:
        return {
            StartExport: lambda _c: self._export(),
            ListExports: lambda _q: ExportList(total=1, rows=(self._export(),)),
            ListImports: lambda _q: ImportList(total=1, rows=(_import(),)),
            ListOutcomes: lambda q: OutcomeList(
                total=1,
                rows=(
                    OutcomeView(
                        name="IM0001",
                        state=q.state or OutcomeState.STORED,
                        study_uid="",
                        sop_instance_uid="",
                        sentence="不是 DICOM 文件。",
                    ),
                ),
            ),
            StartImport: lambda _c: _import(),
            BeginUpload: self._begin,
            PutChunk: self._put,
            FinishUpload: lambda c: self._upload(c.upload_id),
            Reidentify: lambda c: PseudonymView(
                project=c.project,
                pseudonym=c.pseudonym,
                patient_id="P0001",
                patient_name="Zhang^San=张^三",
                created_at=NOW,
            ),
        }

    def _find(self, query: ListStudies) -> StudyList:
        rows = [
            row
            for row in self.studies
            if query.patient_id in ("", row.patient_id) and query.accession_number in ("", row.accession_number)
        ]
        return StudyList(total=len(rows), rows=tuple(rows))

    def _find_exams(self, query: ListExams) -> ExamList:
        rows = (an_exam_row(70), an_exam_row(71, has_images=True))
        found = tuple(row for row in rows if query.accession_number in ("", row.accession_number))
        return ExamList(total=len(found), rows=found)

    def _row(self, uid: str) -> StudyRow:
        return next(row for row in self.studies if row.study_uid == uid)

    def _delete(self, command: DeleteImages) -> BinEntryView:
        if self.is_approved and not command.force:
            raise error_for(ErrorBody(code=ErrorCode.ILLEGAL_ACTION, message="报告已审核。", state="approved"))
        self.studies = [row for row in self.studies if row.study_uid != command.study_uid]
        return _bin_entry()

    def _policy(self) -> PolicyView:
        return PolicyView(
            version=self.version, policy=self.policy, backup_folder="/backup", changed_at=NOW, changed_by="admin"
        )

    def _save_policy(self, command: SaveKeepingPolicy) -> PolicyView:
        if command.version != self.version:
            raise error_for(ErrorBody(code=ErrorCode.CONFLICT, message="changed", version=self.version))
        self.policy, self.version = command.policy, self.version + 1
        return self._policy()

    def _export(self) -> ExportView:
        digest = hashlib.sha256(PIECES).hexdigest()
        return ExportView(
            id=9,
            job_id=5,
            state="done",
            title="张三胸部 CT",
            packing=Packing.MEDIA,
            objects=300,
            bytes=len(PIECES),
            created_by="admin",
            created_at=NOW,
            kept_until=NOW + timedelta(days=7),
            files=(ExportFile(name="../images.zip", size_bytes=len(PIECES), sha256=digest),),
            sentence="导出完成。",
            warnings=(),
        )

    def _begin(self, command: BeginUpload) -> UploadView:
        number = self.begun.setdefault(command.sha256, len(self.uploads) + 1)
        self.uploads.setdefault(number, bytearray())
        self.upload_names.append(command.name)
        return self._upload(number)

    def _put(self, command: PutChunk) -> UploadView:
        if command.offset >= self.cut_after:
            self.cut_after = 1 << 62
            raise error_for(ErrorBody(code=ErrorCode.OFFLINE, message="cut"))
        assert command.offset == len(self.uploads[command.upload_id])
        self.uploads[command.upload_id] += command.data
        return self._upload(command.upload_id)

    def _upload(self, number: int) -> UploadView:
        return UploadView(id=number, name="", size_bytes=0, sha256="", offset=len(self.uploads[number]), is_whole=False)

    def _forward(self, number: int) -> ForwardView:
        return ForwardView(
            id=number,
            study_uid="1.2.3",
            patient_name="Zhang^San",
            patient_id="P0001",
            accession_number="CT20260301",
            target_id=7,
            target_name="二院归档",
            rule_name="CT 备份",
            state=list(ForwardState)[number],
            sent=3,
            total=10,
            attempts=2,
            sentence="PACS2: no connection",
            created_at=NOW,
            changed_at=NOW,
            next_try=NOW,
            finished_at=None,
        )

    def _token(self, number: int) -> TokenView:
        return TokenView(
            id=number,
            name="研究平台",
            scopes=(AccessScope.READ, AccessScope.STORE),
            hint="mj_ab",
            created_by="admin",
            created_at=NOW,
            expires_at=NOW,
            last_used_at=None,
            is_active=True,
        )


def _series(number: int) -> SeriesView:
    return SeriesView(
        series_uid=f"1.2.3.{number}",
        modality="CT",
        number=number,
        description="薄层",
        body_part="CHEST",
        frame_of_reference_uid="",
        instances=(),
    )


def _bin_entry() -> BinEntryView:
    return BinEntryView(
        id=1,
        level="study",
        study_uid="1.2.3",
        series_uid="",
        sop_instance_uid="",
        patient_id="P0001",
        patient_name="Zhang^San",
        accession_number="CT20260301",
        study_date="20260302",
        modalities=("CT",),
        description="胸部平扫",
        instance_count=300,
        bytes_stored=10**6,
        reason="测试影像",
        forced=False,
        deleted_by="admin",
        deleted_at=NOW,
        purge_at=NOW,
        by_retention="",
        purge_asked_by="",
        purge_reason="",
    )


def _import() -> ImportView:
    return ImportView(
        id=4,
        job_id=6,
        state="done",
        title="外院光盘",
        identity=Identity.KEEP,
        exam_id=None,
        patient_id=None,
        created_by="admin",
        created_at=NOW,
        files=10,
        stored=8,
        duplicate=1,
        refused=1,
        ignored=0,
        missing=0,
        sentence="",
    )
