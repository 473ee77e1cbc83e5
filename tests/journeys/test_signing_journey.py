"""A report is approved, signed, printed, corrected and proved at a real server; other programs read the signatures."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from mingjing.backup import main as backup_command
from mingjing.report import main as report_command
from mingjing.restore import main as restore_command
from server.bootstrap.areas import build_areas
from server.kernel.database import Database
from server.settings import load
from server.signing.data import signed
from server.signing.tables import CertificateRow
from server.signing.verification import check_data
from shared.contract.base import Request
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.printing import DocumentView, PrintReport
from shared.contract.reporting import (
    AddToReport,
    ApproveItem,
    ApproveReport,
    ApproveUnchanged,
    AuditReport,
    GetReport,
    ReportView,
    ReviseReport,
    SubmitReport,
    WriteReport,
)
from shared.contract.signing import (
    CheckEdition,
    EditionView,
    ExportSignedData,
    GetAuthority,
    GetSigner,
    ImportCertificate,
    ListEditions,
    RemoveSignaturePicture,
    RevokeCertificate,
    SetSignaturePicture,
)
from shared.domain.states import ReportState
from shared.rpc.bulk import BulkClient
from shared.rpc.client import RpcClient
from tests.pdfa import verdicts
from tests.results_house import CONTENT, ResultsHouse, a_results_house, until
from tests.server_process import running_server

NORMAL = msgspec.structs.replace(
    CONTENT, findings="<p>胸廓对称，双肺纹理清晰，未见异常密度影。</p>", impression="<p>胸部 CT 平扫未见异常。</p>"
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResultsHouse]:
    with running_server(tmp_path_factory.mktemp("signing")) as server, a_results_house(server) as house:
        yield house


def strokes() -> bytes:
    picture = Image.new("RGB", (500, 200), (250, 248, 240))
    ImageDraw.Draw(picture).line([(60, 120), (140, 50), (200, 150), (300, 60), (420, 130)], fill=(10, 20, 60), width=6)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def editions(house: ResultsHouse, report_id: int) -> tuple[EditionView, ...]:
    found: tuple[EditionView, ...] = house.doctor.call(ListEditions(report_id=report_id))
    return found


def signed_paper(house: ResultsHouse, report_id: int, edition: int) -> EditionView:
    """Wait for the job that draws and signs."""

    def there() -> EditionView | None:
        rows = editions(house, report_id)
        return next((one for one in rows if one.number == edition and one.document_id), None)

    found: EditionView = until(there)
    return found


def fetched(house: ResultsHouse, document_id: int) -> bytes:
    bulk = BulkClient(house.server.connection, house.auditor.session.token)  # type: ignore[union-attr]
    try:
        return bytes(bulk.fetch("document", str(document_id)).data)
    finally:
        bulk.close()


def visible_field(pdf: bytes) -> bool:
    """Whether the field of the signature has an extent on the page."""
    from pypdf import PdfReader

    fields = PdfReader(BytesIO(pdf)).get_fields() or {}
    page = PdfReader(BytesIO(pdf)).pages[-1]
    rectangles = [one.get_object()["/Rect"] for one in page.get("/Annots", ())]
    left, bottom, right, top = (float(side) for side in rectangles[0])
    return "Approval" in fields and right - left > 10 and top - bottom > 5


def test_from_approval_to_the_second_edition(
    house: ResultsHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house.auditor.call(SetSignaturePicture(picture=strokes()))
    _, report_id = house.examined()
    house.approved(report_id)
    first = signed_paper(house, report_id, 1)
    assert first.signer == "欧阳建国" and first.is_present and first.kind == "first"

    # What is printed is what was signed, byte by byte.
    printed: DocumentView = house.auditor.call(PrintReport(report_id=report_id))
    paper = fetched(house, first.document_id)
    assert fetched(house, printed.id) == paper
    assert visible_field(paper), "the signature can be clicked where its picture stands"
    pdf, data, root = tmp_path / "r.pdf", tmp_path / "r.json", tmp_path / "root.pem"
    pdf.write_bytes(paper)
    data.write_bytes(house.auditor.call(ExportSignedData(report_id=report_id)).data)
    root.write_text(house.doctor.call(GetAuthority()).root_pem, encoding="utf-8")
    for file in (pdf, data):
        assert report_command(["verify", str(file), "--ca", str(root)]) == 0
        assert "欧阳建国 signed" in capsys.readouterr().out
    if shutil.which("pdfsig"):
        said = subprocess.run(["pdfsig", "-nocert", str(pdf)], capture_output=True, text=True, check=False).stdout
        assert "Signature is Valid" in said and "Total document signed" in said
    assert house.doctor.call(CheckEdition(report_id=report_id)).is_good

    # An addendum: the text stands, the second edition has to be printed.
    view: ReportView = house.auditor.call(GetReport(report_id=report_id))
    added = house.auditor.call(AddToReport(report_id=report_id, version=view.version, text="与旧片比较，结节无变化。"))
    assert added.row.state is ReportState.APPROVED and added.addenda[0].text == "与旧片比较，结节无变化。"
    second = signed_paper(house, report_id, 2)
    assert second.kind == "addendum" and fetched(house, second.document_id) != paper

    # A revision: withdrawn, written, audited again; the earlier papers stay readable and provable.
    withdrawn = house.auditor.call(ReviseReport(report_id=report_id, version=added.version, reason="结节侧别写错"))
    assert withdrawn.row.state is ReportState.WRITING and withdrawn.revision_reason == "结节侧别写错"
    assert withdrawn.content.impression == CONTENT.impression, "the approved text is where the revision begins"
    assert [one.is_withdrawn for one in editions(house, report_id)] == [True, False]
    changed = msgspec.structs.replace(CONTENT, impression="<p>左肺上叶磨玻璃结节，建议 3 个月后复查。</p>")
    written = house.doctor.call(WriteReport(report_id=report_id))
    house.doctor.call(
        SubmitReport(report_id=report_id, version=written.version, content=changed, overrule_reason="测试")
    )
    audited = house.auditor.call(AuditReport(report_id=report_id))
    house.auditor.call(ApproveReport(report_id=report_id, version=audited.version, content=changed))
    third = signed_paper(house, report_id, 3)
    assert third.kind == "revision" and third.reason == "结节侧别写错"
    assert [one.is_present for one in editions(house, report_id)] == [True, False, False]
    assert fetched(house, first.document_id) == paper
    assert report_command(["verify", str(pdf), "--ca", str(root)]) == 0
    for edition in (1, 2, 3):
        assert house.doctor.call(CheckEdition(report_id=report_id, edition=edition)).is_good
    assert verdicts([pdf]) == [[]], "a signed report is PDF/A still"  # skips where no validator is


def test_many_are_approved_in_one_step_and_each_answers_for_itself(house: ResultsHouse) -> None:
    reports = []
    for name in ("张一", "张二"):
        _, report_id = house.examined(name)
        submitted = house.written(report_id, NORMAL, with_key_image=False)
        reports.append(ApproveItem(report_id=report_id, version=submitted.version))
    stale = ApproveItem(report_id=reports[1].report_id, version=1)
    outcomes = {one.report_id: one for one in house.auditor.call(ApproveUnchanged(reports=(reports[0], stale)))}
    assert outcomes[reports[0].report_id].is_approved
    assert not outcomes[stale.report_id].is_approved and "改动" in outcomes[stale.report_id].sentence
    again = house.auditor.call(ApproveUnchanged(reports=(reports[0],)))
    assert not again[0].is_approved and again[0].state == ReportState.APPROVED, "twice does nothing twice"


def refused(client: RpcClient, request: Request[Any]) -> ErrorCode:
    """The code with which the server refuses."""
    with pytest.raises(RpcError) as caught:
        client.call(request)
    return caught.value.code


def test_each_new_request_refuses_who_may_not_and_what_cannot_be(house: ResultsHouse) -> None:
    _, report_id = house.examined("李三")
    at: dict[str, Any] = {"report_id": report_id, "version": 1}
    revise, add = ReviseReport(**at, reason="改"), AddToReport(**at, text="补")
    many = ApproveUnchanged(reports=(ApproveItem(report_id=report_id, version=1),))
    for request in (revise, add, many, RevokeCertificate(certificate_id=1, reason="x")):
        assert refused(house.doctor, request) is ErrorCode.PERMISSION_MISSING, request
    for request in (revise, add):
        assert refused(house.auditor, request) is ErrorCode.ILLEGAL_ACTION, "待诊断"
    house.written(report_id, NORMAL, with_key_image=False)
    for request in (revise, add):
        assert refused(house.auditor, request) is ErrorCode.ILLEGAL_ACTION, "待审核"
    audited = house.auditor.call(AuditReport(report_id=report_id))
    for request in (revise, add):
        assert refused(house.auditor, request) is ErrorCode.ILLEGAL_ACTION, "审核中"
    view = house.auditor.call(ApproveReport(report_id=report_id, version=audited.version, content=NORMAL))
    for request in (revise, add):
        assert refused(house.auditor, request) is ErrorCode.CONFLICT, "an old version"
    now: dict[str, Any] = {"report_id": report_id, "version": view.version}
    for request in (
        ReviseReport(**now, reason=" "),
        AddToReport(**now, text=""),
        ReviseReport(**now, reason="改" * 1001),
    ):
        assert refused(house.auditor, request) is ErrorCode.INVALID
    for count in (0, 101):
        items = tuple(ApproveItem(report_id=report_id, version=1) for _ in range(count))
        assert refused(house.auditor, ApproveUnchanged(reports=items)) is ErrorCode.INVALID
    nowhere: dict[str, Any] = {"report_id": 999_999}
    for question in (ListEditions(**nowhere), ExportSignedData(**nowhere), CheckEdition(**nowhere)):
        assert refused(house.auditor, question) is ErrorCode.NOT_FOUND
    assert refused(house.auditor, CheckEdition(report_id=report_id, edition=7)) is ErrorCode.NOT_FOUND
    other = house.admin.session.user_id  # type: ignore[union-attr]
    for step in (
        GetSigner(account_id=other),
        SetSignaturePicture(picture=strokes(), account_id=other),
        RemoveSignaturePicture(account_id=other),
        ImportCertificate(keystore=b"x", password="x", account_id=other),
    ):
        assert refused(house.auditor, step) is ErrorCode.PERMISSION_MISSING, step
    assert refused(house.doctor, SetSignaturePicture(picture=b"x" * (3 << 20))) is ErrorCode.TOO_LARGE
    assert refused(house.doctor, SetSignaturePicture(picture=b"x")) is ErrorCode.INVALID
    assert refused(house.doctor, ImportCertificate(keystore=b"x", password="x")) is ErrorCode.INVALID
    assert refused(house.admin, RevokeCertificate(certificate_id=999_999, reason="x")) is ErrorCode.NOT_FOUND


def test_a_restored_backup_proves_old_signatures_and_signs_on(house: ResultsHouse, tmp_path: Path) -> None:
    _, report_id = house.examined("赵四")
    house.approved(report_id, NORMAL, with_key_image=False)
    vault, data = tmp_path / "backups", tmp_path / "restored"
    assert backup_command(["--data", str(house.server.data), "--to", str(vault)]) == 0
    assert restore_command(["--from", str(vault), "--data", str(data)]) == 0
    database = Database.in_folder(data)
    try:
        areas = build_areas(load(None, {"data": data}), database)
        with database.write() as uow:
            assert areas.signing.service.check(uow, report_id, 0).is_good
            row = uow.session.scalars(select(CertificateRow).where(CertificateRow.holder == "欧阳建国")).first()
            assert row is not None
            kept, identity = areas.signing.keys.of_person(uow, row.account_id, "a1", "欧阳建国")
            assert kept.id == row.id, "the restored key ring opens the same key"
            cms = signed(identity, b"after the restore")
            assert check_data(b"after the restore", cms, (areas.signing.keys.root(uow),)).is_good
    finally:
        database.close()


def test_a_doctor_sees_the_own_picture_and_certificate(house: ResultsHouse) -> None:
    mine = house.auditor.call(GetSigner())
    assert mine.picture is not None and mine.picture.png.startswith(b"\x89PNG")
    assert mine.certificates[0].holder == "欧阳建国" and not mine.certificates[0].is_imported
