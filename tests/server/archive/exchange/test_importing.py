"""Imports: every file becomes an object or gets a sentence, and a killed import goes on as if nothing had been."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pydicom
import pytest

from server.archive.exchange.importing import forget_cancelled
from server.archive.receive import Receiver
from server.kernel.errors import Refusal
from server.kernel.jobs import JobFailed
from server.kernel.jobs.queue import ask_to_cancel
from shared.contract.errors import ErrorCode
from shared.contract.exchange import Identity, OutcomeState, PictureClass, StartImport
from shared.dicomkit.directory import Directory
from shared.dicomkit.headers import to_bytes
from tests.server.archive.archive_house import a_series, an_object, encoded
from tests.server.archive.exchange.exchange_house import CLERK, OURS, ExchangeHouse, a_picture, zipped

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


PLAIN = {"SpecificCharacterSet": "ISO_IR 6", "InstitutionName": "X", "StudyDescription": "", "SeriesDescription": ""}
PLAIN |= {"ReferringPhysicianName": "", "StationName": "", "ProtocolName": ""}
LATIN = {"SpecificCharacterSet": "ISO_IR 100", "StudyDescription": "Größe", "PatientName": "Müller^Jörg"}


def stored(exchange: ExchangeHouse, uid: str) -> pydicom.Dataset:
    return pydicom.dcmread(BytesIO(bytes(exchange.house.service.objects.part10(uid))))


def test_every_file_of_a_zip_gets_an_outcome(exchange: ExchangeHouse) -> None:
    objects = a_series(3)
    slices = [to_bytes(one) for one in objects]
    files = {f"a/{n}": data for n, data in enumerate(slices)}
    files |= {"again": slices[0], "viewer.exe": b"MZ", "empty": b"", "cut.dcm": slices[0][:500], "x.bad": b"\1\2\3"}
    view, outcomes = exchange.bring_in(files)
    assert {name: row.state for name, row in outcomes.items()} == {
        "a/0": "stored",
        "a/1": "stored",
        "a/2": "stored",
        "again": "duplicate",
        "viewer.exe": "ignored",
        "empty": "ignored",
        "cut.dcm": "refused",
        "x.bad": "refused",
    }
    assert (view.files, view.stored, view.duplicate, view.refused, view.ignored) == (8, 3, 1, 2, 2)
    assert all(row.sentence for row in outcomes.values() if row.state != "stored")
    assert {row.study_uid for row in outcomes.values() if row.state == "stored"} == {str(objects[0].StudyInstanceUID)}
    assert list(exchange.uploads._folder.glob("*.upload")) == []


def test_the_bytes_of_an_object_stay_as_they_are(exchange: ExchangeHouse) -> None:
    one = an_object()
    exchange.bring_in({"x": to_bytes(one)})
    kept = bytes(exchange.house.service.objects.part10(str(one.SOPInstanceUID)))
    assert kept.endswith(encoded(one))


def test_what_is_in_the_archive_already_is_a_duplicate(exchange: ExchangeHouse) -> None:
    data = to_bytes(an_object())
    exchange.bring_in({"x": data})
    view, outcomes = exchange.bring_in({"y": data})
    assert outcomes["y"].state == "duplicate"
    assert view.stored == 0


@pytest.mark.parametrize("form", ["no preamble", "data set only", "implicit", "big endian"])
def test_old_forms_of_files_are_read(exchange: ExchangeHouse, form: str) -> None:
    one = an_object()
    if form == "implicit":
        one.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    if form == "big endian":
        one.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRBigEndian
    data = to_bytes(one)[128:] if form == "no preamble" else encoded(one)
    view, outcomes = exchange.bring_in({"file": data})
    assert view.stored == 1, outcomes["file"].sentence
    assert stored(exchange, str(one.SOPInstanceUID)).PatientID == one.PatientID


def test_a_patient_of_ours_is_put_in_and_the_original_kept(exchange: ExchangeHouse) -> None:
    one = an_object(PatientName="Foreign^Name", PatientID="X9", AccessionNumber="OLD", **PLAIN)
    view, _ = exchange.bring_in({"cd/1": to_bytes(one)}, identity=Identity.EXAM, exam_id=1, title="CD of hospital X")
    assert view.stored == 1
    made = stored(exchange, str(one.SOPInstanceUID))
    assert (str(made.PatientName), made.PatientID) == ("Wang^Xiao Ming=王^小明", "P0042")
    assert made.AccessionNumber == "ACC7"
    assert made.StudyInstanceUID == one.StudyInstanceUID
    original = made.OriginalAttributesSequence[-1]
    assert original.SourceOfPreviousValues == "CD of hospital X"
    before = original.ModifiedAttributesSequence[0]
    assert (str(before.PatientName), before.PatientID, before.AccessionNumber) == ("Foreign^Name", "X9", "OLD")
    assert made.PixelData == one.PixelData


def test_a_latin_object_keeps_its_character_set(exchange: ExchangeHouse) -> None:
    one = an_object(**(PLAIN | LATIN))
    exchange.bring_in({"1": to_bytes(one)}, identity=Identity.PATIENT, patient_id=1)
    made = stored(exchange, str(one.SOPInstanceUID))
    assert made.SpecificCharacterSet == "ISO_IR 100"
    assert made.StudyDescription == "Größe"
    assert str(made.PatientName) == "Wang^Xiao Ming"
    assert str(made.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientName) == "Müller^Jörg"


def test_pictures_and_documents_become_the_exams(exchange: ExchangeHouse) -> None:
    files = {"a.jpg": a_picture(), "b.png": a_picture("PNG", "L"), "c.pdf": PDF}
    view, outcomes = exchange.bring_in(files, identity=Identity.EXAM, exam_id=1, pictures=PictureClass.PHOTOGRAPH)
    assert view.stored == 3
    for row in outcomes.values():
        made = stored(exchange, row.sop_instance_uid)
        assert (made.PatientID, made.AccessionNumber, made.StudyInstanceUID) == ("P0042", "ACC7", OURS.study_uid)
    assert stored(exchange, outcomes["a.jpg"].sop_instance_uid).SOPClassUID.name == "VL Photographic Image Storage"


def test_pictures_without_anybody_are_refused(exchange: ExchangeHouse) -> None:
    _, outcomes = exchange.bring_in({"a.jpg": a_picture()})
    assert outcomes["a.jpg"].state == "refused"
    assert "选择患者" in outcomes["a.jpg"].sentence


def medium(count: int = 3) -> dict[str, bytes]:
    """A medium whose DICOMDIR is in capitals, its files in small letters with versions, as some drives show them."""
    directory = Directory("TEST")
    files: dict[str, bytes] = {}
    for number, one in enumerate(a_series(count), 1):
        directory.add(one, ("IMAGES", f"IM{number:06d}"))
        files[f"images/im{number:06d}.;1"] = to_bytes(one)
    files["DICOMDIR;1"] = directory.to_bytes()
    files["AUTORUN.INF"] = b"[autorun]"
    files["VIEWER/LOGO.PNG"] = a_picture("PNG")
    return files


def test_a_medium_is_read_whatever_the_case_of_its_names(exchange: ExchangeHouse) -> None:
    view, outcomes = exchange.bring_in(medium())
    assert (view.stored, view.missing, view.refused) == (3, 0, 0)
    assert outcomes["VIEWER/LOGO.PNG"].state == "ignored"


def test_what_the_dicomdir_names_and_the_medium_lacks_is_said(exchange: ExchangeHouse) -> None:
    files = medium()
    del files["images/im000002.;1"]
    beside = an_object(SOPInstanceUID="2.25.99")
    files["extra/not listed"] = to_bytes(beside)
    view, outcomes = exchange.bring_in(files)
    assert (view.stored, view.missing) == (3, 1)
    assert outcomes["images/im000002"].state == "missing"
    assert outcomes["extra/not listed"].state == "stored"


class Dying:
    """A receiver whose process is killed at its n-th object, before or after keeping it."""

    def __init__(self, receiver: Receiver, dies_at: int, *, after: bool) -> None:
        self._receiver = receiver
        self.fingerprint = receiver.fingerprint
        self._left = dies_at
        self._after = after

    def receive(self, *given: object) -> None:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise KeyboardInterrupt
        self._receiver.receive(*given)  # type: ignore[arg-type]
        if self._left < 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", [0, 31, 32, 39])
def test_a_killed_import_goes_on(
    exchange: ExchangeHouse, dies_at: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = an_object(SOPInstanceUID="2.25.5", StudyInstanceUID="2.25.6", SeriesInstanceUID="2.25.7")
    exchange.bring_in({"old": to_bytes(old)})
    files = {f"{n:03d}": to_bytes(one) for n, one in enumerate(a_series(40))} | {"100": to_bytes(old)}
    view = exchange.start(upload_ids=(exchange.upload("x.zip", zipped(files)),))
    with pytest.raises(KeyboardInterrupt):
        exchange.run_import(view, exchange.importer(Dying(exchange.house.receiver, dies_at, after=after)))
    done = exchange.run_import(view)
    assert (done.stored, done.duplicate, done.refused) == (40, 1, 0)
    assert len(exchange.outcomes(view.id)) == 41
    with exchange.database.read() as uow:
        assert exchange.house.service.status(uow).instances == 41
    assert exchange.house.service.check(hashes=True).findings == ()


def test_a_folder_of_the_server_must_be_allowed(exchange: ExchangeHouse, tmp_path: Path) -> None:
    (tmp_path / "in" / "cd").mkdir(parents=True)
    (tmp_path / "in" / "cd" / "1").write_bytes(to_bytes(an_object()))
    (tmp_path / "elsewhere").mkdir()
    assert exchange.run_import(exchange.start(folder=str(tmp_path / "in" / "cd"))).stored == 1
    for bad in (tmp_path / "elsewhere", tmp_path / "in" / ".." / "elsewhere", Path("/")):
        with pytest.raises(Refusal) as refused:
            exchange.start(folder=str(bad))
        assert refused.value.body.code is ErrorCode.INVALID
    with pytest.raises(Refusal) as refused, exchange.database.write() as uow:
        exchange.service.start_import(uow, CLERK, StartImport(folder=str(tmp_path / "in")))
    assert refused.value.body.code is ErrorCode.PERMISSION_MISSING


def test_an_upload_that_is_not_whole_is_not_imported(exchange: ExchangeHouse) -> None:
    view = exchange.uploads.begin(1, "x", 10, "0" * 64)
    with pytest.raises(Refusal) as refused:
        exchange.start(upload_ids=(view.id,))
    assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION


def test_outcomes_are_listed_by_state(exchange: ExchangeHouse) -> None:
    view, _ = exchange.bring_in({"a": to_bytes(an_object()), "b": b"nothing"})
    with exchange.database.read() as uow:
        from shared.contract.base import Page

        listed = exchange.service.list_outcomes(uow, view.id, OutcomeState.STORED, Page())
        everything = exchange.service.list_imports(uow, Page())
    assert [row.name for row in listed.rows] == ["a"]
    assert everything.total == 1


def test_an_import_that_was_killed_at_its_very_end_is_only_closed(exchange: ExchangeHouse) -> None:
    view, outcomes = exchange.bring_in({"a": to_bytes(an_object()), "b": b"nothing"})
    again = exchange.run_import(view)
    assert again == view
    assert exchange.outcomes(view.id).keys() == outcomes.keys()


def test_an_import_whose_files_are_gone_says_so(exchange: ExchangeHouse) -> None:
    view = exchange.start(upload_ids=(exchange.upload("x.zip", zipped({"a": to_bytes(an_object())})),))
    with exchange.database.write() as uow:
        gone = exchange.uploads.forget_import(uow, view.id)
    for path in gone:
        path.unlink()
    with pytest.raises(JobFailed, match="重新上传"):
        exchange.run_import(view)


def test_a_cancelled_import_gives_its_files_back_to_nobody(exchange: ExchangeHouse) -> None:
    view = exchange.start(upload_ids=(exchange.upload("x.zip", zipped({"a": to_bytes(an_object())})),))
    assert forget_cancelled(exchange.database, exchange.uploads) == 0
    with exchange.database.write() as uow:
        ask_to_cancel(uow, view.job_id)
    assert forget_cancelled(exchange.database, exchange.uploads) == 1
    assert list(exchange.uploads._folder.glob("*.upload")) == []
