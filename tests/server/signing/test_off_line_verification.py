"""Signed PDF and data: valid, tampered with, expired, foreign, revoked; other programs agree."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from mingjing.report import main
from server.signing import certificates, data
from server.signing.certificates import Identity
from server.signing.paper import Box, Seals, sign_pdf
from server.signing.verification import NotSigned, check_data, check_file, check_pdf
from tests.server.signing.signing_world import NOW, a_clock, a_pdf, an_authority

CANONICAL = '{"accession_number":"A0000001","edition":2,"findings":"<p>双肺未见异常。</p>"}'.encode()


@cache
def zhao() -> Identity:
    return certificates.new_holder(an_authority(), "赵主任", "zhao", "明镜医院", NOW)


@cache
def a_signed_pdf() -> bytes:
    lists = (certificates.revocation_list(an_authority(), dt.datetime.now(dt.UTC)),)
    seals = Seals(zhao(), a_clock(), lists)
    return sign_pdf(a_pdf(), seals, at=NOW, reason="审核通过", place="明镜医院", box=Box(0, 90, 60, 200, 90))


@cache
def signed_data() -> bytes:
    return data.signed(zhao(), CANONICAL)


def root() -> tuple[x509.Certificate, ...]:
    return (an_authority().certificate,)


def stranger() -> Identity:
    return certificates.new_authority("别的医院", NOW)


def test_a_signed_pdf_says_who_when_and_unchanged() -> None:
    proof = check_file(a_signed_pdf(), root())
    assert proof.is_good and proof.is_trusted and proof.is_unchanged and proof.is_signature_valid
    assert proof.signer == "赵主任" and proof.is_time_stamped and proof.signed_at is not None
    assert proof.sentence.startswith("VALID: 赵主任 signed “检查报告 A0000001” on ")
    assert proof.issuer == "明镜医院 报告签名 CA"


def test_without_a_root_the_sentence_says_what_was_not_checked() -> None:
    proof = check_file(a_signed_pdf())
    assert proof.is_good and proof.is_trusted is None
    assert "--ca" in proof.sentence


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_each_changed_byte_of_the_pdf_is_noticed(where: float, change: int) -> None:
    """All but the filler of the signature's own room, which carries nothing, and whose bytes nobody signs."""
    pdf = bytearray(a_signed_pdf())
    start = pdf.index(b"/Contents <") + len(b"/Contents <")
    end = pdf.index(b">", start)
    signed = list(range(start)) + list(range(end, len(pdf)))
    pdf[signed[int(where * len(signed))]] ^= change
    try:
        proof = check_pdf(bytes(pdf), root())
    except NotSigned:
        return
    assert not proof.is_good, proof.sentence


def test_what_is_added_behind_the_signature_is_noticed() -> None:
    from io import BytesIO

    from pyhanko.pdf_utils.generic import pdf_name, pdf_string
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(a_signed_pdf()))
    writer.root[pdf_name("/Note")] = pdf_string("changed")
    writer.update_root()  # type: ignore[no-untyped-call]
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    proof = check_pdf(out.getvalue(), root())
    assert not proof.is_good and not proof.is_unchanged
    assert "was changed after 赵主任 signed it" in proof.sentence


def test_the_certificate_of_another_authority_is_not_trusted() -> None:
    proof = check_file(a_signed_pdf(), (stranger().certificate,))
    assert not proof.is_good and proof.is_unchanged and proof.is_trusted is False
    assert "was not issued by the authority that you named" in proof.sentence


def test_the_same_name_of_another_authority_is_found_out() -> None:
    twin = certificates.new_authority("明镜医院", NOW)
    forged = certificates.new_holder(twin, "赵主任", "zhao", "明镜医院", NOW)
    assert not check_data(CANONICAL, data.signed(forged, CANONICAL), root()).is_good
    pdf = sign_pdf(a_pdf(), Seals(forged, certificates.new_clock(twin, "", NOW)), at=NOW, reason="x", place="")
    assert check_pdf(pdf, root()).is_trusted is False


def test_a_certificate_that_ran_out_before_signing_is_refused_and_one_that_ran_out_later_is_not() -> None:
    long_ago = NOW - dt.timedelta(days=3000)
    authority = certificates.new_authority("老医院", long_ago)
    expired = certificates.new_holder(authority, "旧证书", "old", "老医院", long_ago, years=1)
    clock = certificates.new_clock(authority, "老医院", long_ago)
    pdf = sign_pdf(a_pdf(), Seals(expired, clock), at=NOW, reason="审核通过", place="")
    proof = check_pdf(pdf, (authority.certificate,))
    assert proof.is_trusted is False and "was not valid when" in proof.sentence
    good = check_pdf(a_signed_pdf(), root())
    assert good.signed_at is not None and good.is_good  # the moment of the stamp counts, whatever today is


def test_detached_data_is_proved_and_tampering_found() -> None:
    good = check_data(CANONICAL, signed_data(), root())
    assert good.is_good and good.signer == "赵主任"
    changed = CANONICAL.replace("未见".encode(), "可见".encode())
    assert not check_data(changed, signed_data(), root()).is_good
    assert not check_data(CANONICAL + b" ", signed_data(), root()).is_good
    assert not check_data(CANONICAL, signed_data()[:-40], root()).is_good


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_damaged_signatures_end_in_a_verdict(where: float, change: int) -> None:
    cms = bytearray(signed_data())
    cms[int(where * len(cms))] ^= change
    try:
        proof = check_data(CANONICAL, bytes(cms), root())
    except NotSigned:
        return
    assert not proof.is_good or bytes(cms) == signed_data() or proof.signer == "赵主任"


def test_the_signed_file_carries_data_and_signature() -> None:
    file = data.file_of(CANONICAL, signed_data(), 2)
    proof = check_file(file, root())
    assert proof.is_good and proof.sentence.startswith("VALID: 赵主任 signed report A0000001 edition 2 on")
    body = json.loads(file)
    body["report"] = body["report"].replace("未见", "可见")
    assert not check_file(json.dumps(body, ensure_ascii=False).encode(), root()).is_good


@pytest.mark.parametrize(
    "file",
    [b"", b"{}", b"[]", b"%PDF-1.7", b"%PDF-1.7\nnonsense", b"\xff\xfe", b'{"format": "x"}', b"[" * 100_000, a_pdf()],
    ids=["empty", "object", "list", "head", "nonsense", "binary", "other", "deep", "unsigned"],
)
def test_what_is_no_signed_report_is_said_so(file: bytes) -> None:
    with pytest.raises(NotSigned):
        check_file(file, root())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees_about_the_data(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(certificates.pem(root()))
    (tmp_path / "data").write_bytes(CANONICAL)
    (tmp_path / "data.p7s").write_bytes(signed_data())
    verify = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "data.p7s", "-content", "data"]
    verify += ["-CAfile", "root.pem", "-attime", str(int(NOW.timestamp()) + 60), "-out", "out"]
    assert subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "data").write_bytes(CANONICAL + b" ")
    assert subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False).returncode != 0


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig (poppler-utils) is not installed")
def test_poppler_agrees_about_the_pdf(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(a_signed_pdf())
    command = ["pdfsig", "-nocert", str(tmp_path / "report.pdf")]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said and "Total document signed" in said
    assert "ETSI.CAdES.detached" in said and "CN=赵主任" in said
    broken = a_signed_pdf().replace(b"(ReportLab", b"(ReportLob", 1).replace(b"BT ", b"BT  ", 1)
    if broken == a_signed_pdf():
        broken = a_signed_pdf().replace(b"/Count 1", b"/Count 2", 1)
    (tmp_path / "report.pdf").write_bytes(broken)
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" not in said


def test_the_command_prints_one_sentence_and_a_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pdf, pem = tmp_path / "r.pdf", tmp_path / "root.pem"
    pdf.write_bytes(a_signed_pdf())
    pem.write_bytes(certificates.pem(root()))
    assert main(["verify", str(pdf), "--ca", str(pem)]) == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.startswith("VALID: 赵主任")
    assert main(["verify", str(pdf), "--ca", str(pem), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trusted"] is True
    pdf.write_bytes(a_signed_pdf().replace(b"/Count 1", b"/Count 2", 1))
    assert main(["verify", str(pdf), "--ca", str(pem)]) == 1
    assert "NOT VALID" in capsys.readouterr().out
    pdf.write_bytes(a_pdf())
    assert main(["verify", str(pdf)]) == 2
    assert "no signature" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "none.pdf")]) == 2
    pem.write_bytes(b"nonsense")
    assert main(["verify", str(pdf), "--ca", str(pem), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["valid"] is False
