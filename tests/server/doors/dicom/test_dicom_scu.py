"""What we ask of peers, asked of DCMTK, of pynetdicom and of our own door."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    BasicColorPrintManagementMeta,
    BasicGrayscalePrintManagementMeta,
    InstanceAvailabilityNotification,
    StorageCommitmentPushModel,
)

from server.doors.dicom import uids
from server.doors.dicom.door import Door
from server.doors.dicom.ports import DoorSettings, Level, Model, ObjectReference, Peer, StoredObject
from server.doors.dicom.scu import (
    Announcement,
    Film,
    FilmImage,
    FilmSession,
    Ours,
    ScuFailed,
    announce_availability,
    echo,
    find,
    get,
    move,
    print_films,
    printer_status,
    request_commitment,
    store_objects,
)
from server.doors.dicom.transcoding.frames import FrameTranscoder
from tests.fakes.dicom_objects import CT, patient_rows, stored_objects
from tests.fakes.dicom_ports import FakeArchive, FakeHospital, FakeStored
from tests.server.doors.dicom.test_dicom_transcoding import body_of, picture, read, same

Tool = Callable[..., subprocess.CompletedProcess[str]]
OURS = Ours(transcoder=FrameTranscoder(), connect_s=5.0, response_s=20.0)
SECONDARY = "1.2.840.10008.5.1.4.1.1.7"


def stored(data: bytes | memoryview, sop_class: str, instance: str, syntax: str = uids.EXPLICIT_LE) -> StoredObject:
    def opened() -> AbstractContextManager[memoryview]:
        @contextmanager
        def view() -> Iterator[memoryview]:
            yield memoryview(data)

        return view()

    return StoredObject(sop_class, instance, syntax, opened)


def of_fake(fake: FakeStored) -> StoredObject:
    return stored(fake.data, fake.sop_class_uid, fake.instance_uid, fake.transfer_syntax_uid)


def peer_at(door: Door, **more: Any) -> Peer:
    return Peer("MINGJING", "127.0.0.1", door.port, **more)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def listening(tool_path: Callable[[str], str]) -> Iterator[Callable[..., int]]:
    """Starts DCMTK servers with a port as last argument; gives the port when they listen."""
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str, *argv: str, port: int = 0) -> int:
        chosen = port or free_port()
        words = [tool_path(name), *argv] if port else [tool_path(name), *argv, str(chosen)]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        running.append(process)
        end = time.monotonic() + 40
        while time.monotonic() < end:
            with socket.socket() as sock:
                if not sock.connect_ex(("127.0.0.1", chosen)):
                    return chosen
            assert process.poll() is None, f"{name} ended"
            time.sleep(0.02)
        raise TimeoutError(f"{name} does not listen")

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


def received(folder: Path) -> dict[str, pydicom.FileDataset]:
    files = [pydicom.dcmread(path) for path in folder.iterdir()]
    return {str(ds.SOPInstanceUID): ds for ds in files}


def test_echo_says_what_is_wrong(door: Door, hospital: FakeHospital) -> None:
    echo(peer_at(door), OURS)
    with pytest.raises(ScuFailed, match="no connection"):
        echo(Peer("X", "127.0.0.1", free_port()), OURS)
    with pytest.raises(ScuFailed, match="no port"):
        echo(Peer("X", "127.0.0.1", 0), OURS)
    hospital.peers.anyone = False
    with pytest.raises(ScuFailed, match="does not know our AE title"):
        echo(peer_at(door), OURS)


# C-STORE


ACCEPTS = {
    "implicit": ("+xi",),
    "JPEG-LS": ("profile", "JPEGLSLossless"),
    "JPEG": ("profile", "JPEGLossless:Non-hierarchical-1stOrderPrediction"),
    "RLE": ("profile", "RLELossless"),
    "JPEG 2000": ("profile", "JPEG2000LosslessOnly"),
    "big endian": ("profile", "BigEndianExplicit"),
    "deflated": ("profile", "DeflatedLittleEndianExplicit"),
}


@pytest.mark.parametrize("accepts", ACCEPTS)
def test_storescp_gets_objects_in_the_syntax_it_takes(
    accepts: str, listening: Callable[..., int], tmp_path: Path
) -> None:
    """DCMTK's receiver restricted to one syntax; what it wrote is read by pydicom and compared."""
    target = tmp_path / "received"
    target.mkdir()
    options = ACCEPTS[accepts]
    if options[0] == "profile":
        profile = tmp_path / "storescp.cfg"
        profile.write_text(
            f"[[TransferSyntaxes]]\n[Only]\nTransferSyntax1 = {options[1]}\n"
            f"[[PresentationContexts]]\n[Storage]\nPresentationContext1 = SecondaryCaptureImageStorage\\Only\n"
            f"[[Profiles]]\n[Default]\nPresentationContexts = Storage\n"
        )
        options = ("-xf", str(profile), "Default")
    port = listening("storescp", *options, "-aet", "DEST", "-od", str(target))
    pictures = [picture(stored=12, frames=2), picture(bits=8, samples=3)]
    objects = [stored(body_of(p)[0], SECONDARY, str(p.SOPInstanceUID)) for p in pictures]
    for n, p in enumerate(pictures):  # the same, stored compressed
        p2 = p.copy()
        p2.SOPInstanceUID = f"1.2.9.{n}"
        data = FrameTranscoder().transcode(body_of(p2)[0], uids.EXPLICIT_LE, uids.JPEG_LS)
        objects.append(stored(data, SECONDARY, f"1.2.9.{n}", uids.JPEG_LS))
    seen: list[tuple[int, int]] = []
    report = store_objects(Peer("DEST", "127.0.0.1", port), objects, OURS, lambda *at: seen.append(at))
    assert [o.sentence for o in report.outcomes] == [""] * 4
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    files = received(target)
    assert len(files) == 4
    for n, original in enumerate(pictures):
        for name in (str(original.SOPInstanceUID), f"1.2.9.{n}"):
            assert same(files[name], original)
            assert files[name].file_meta.TransferSyntaxUID == report.outcomes[n].transfer_syntax_uid or n


def test_a_peer_that_prefers_a_syntax_gets_it(door: Door, hospital: FakeHospital) -> None:
    original = picture(stored=12)
    report = store_objects(
        peer_at(door, transfer_syntaxes=(uids.JPEG_2000_LOSSLESS,)),
        [stored(body_of(original)[0], SECONDARY, "1.2.3.4")],
        OURS,
    )
    assert report.outcomes[0].transfer_syntax_uid == uids.JPEG_2000_LOSSLESS
    kept = hospital.archive.objects["1.2.3.4"]
    assert same(read(kept.data, kept.transfer_syntax_uid), original)


def test_each_object_has_its_own_outcome(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    from server.doors.dicom.ports import StoreOutcome

    fakes = stored_objects(tmp_path)
    hospital.archive.refuse = {fakes[1].instance_uid: StoreOutcome.refused(0xA700, "The disk is full")}

    @contextmanager
    def broken() -> Iterator[memoryview]:
        raise OSError("gone")
        yield memoryview(b"")

    objects = [of_fake(f) for f in fakes]
    objects.insert(2, StoredObject(CT, "1.2.3.99", uids.EXPLICIT_LE, broken))
    objects.append(stored(b"", "1.2.840.10008.5.1.4.1.1.200.4", "1.2.3.98"))  # a class that nobody stores
    report = store_objects(peer_at(door), objects, OURS)
    statuses = {o.sop_instance_uid: o.status for o in report.outcomes}
    assert statuses[fakes[1].instance_uid] == 0xA700
    assert statuses["1.2.3.99"] == 0x0110
    assert statuses["1.2.3.98"] == 0x0122
    assert report.arrived == len(fakes) - 1
    assert len(report.failed) == 3
    assert report.sentence == ""


def test_sending_can_be_cancelled(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    objects = [of_fake(f) for f in stored_objects(tmp_path)]
    report = store_objects(peer_at(door), objects, OURS, cancelled=lambda: len(hospital.archive.order) >= 2)
    assert report.sentence == "Cancelled"
    assert [o.status for o in report.outcomes[2:]] == [0xFE00] * (len(objects) - 2)


def test_more_classes_than_one_association_has_contexts_for(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    data = stored_objects(tmp_path)[0].data
    objects = [stored(data, f"1.2.3.4.{n}", f"1.2.3.5.{n}") for n in range(100)]
    report = store_objects(peer_at(door), objects, OURS)
    assert {o.status for o in report.outcomes} == {0}
    assert hospital.archive.order == [o.sop_instance_uid for o in objects]


# query and retrieve


def test_find_gives_decoded_matches_and_can_stop_early(door: Door, hospital: FakeHospital) -> None:
    hospital.query.rows = patient_rows()
    keys = {0x0020000D: "", 0x00100010: "", 0x00100020: ""}
    answers = list(find(peer_at(door), Level.STUDY, keys, OURS))
    assert len(answers) >= 2
    assert any("=" in str(a[0x00100010]) for a in answers)
    assert len(list(find(peer_at(door), Level.STUDY, keys, OURS, limit=1))) == 1
    names = [a[0x00100010] for a in find(peer_at(door), Level.STUDY, {**keys, 0x00100010: "*张*"}, OURS)]
    assert names and all("张" in str(name) for name in names)
    with pytest.raises(ScuFailed, match="A900"):
        list(find(peer_at(door), Level.PATIENT, keys, OURS))
    patients = list(find(peer_at(door), Level.PATIENT, {0x00100020: ""}, OURS, model=Model.PATIENT_ROOT))
    assert patients


def test_get_puts_objects_into_a_receiver(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    hospital.retrieve.stored = stored_objects(tmp_path)
    sink = FakeArchive()
    report = get(peer_at(door), Level.STUDY, {0x0020000D: "1.2.3.1"}, sink, OURS)
    assert (report.status, report.completed, report.failed) == (0, 3, 0)
    wanted = {s.instance_uid: s.data for s in hospital.retrieve.stored if s.study_uid == "1.2.3.1"}
    assert {uid: kept.data for uid, kept in sink.objects.items()} == wanted


def test_get_reports_what_the_receiver_refused(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    from server.doors.dicom.ports import StoreOutcome

    hospital.retrieve.stored = stored_objects(tmp_path)
    sink = FakeArchive()
    bad = hospital.retrieve.stored[0].instance_uid
    sink.refuse = {bad: StoreOutcome.refused(0xA700, "full")}
    report = get(peer_at(door), Level.STUDY, {0x0020000D: "1.2.3.1"}, sink, OURS)
    assert (report.status, report.completed, report.failed, report.failed_instances) == (0xB000, 2, 1, (bad,))


def test_move_reports_counts_and_unknown_destinations(
    door: Door, hospital: FakeHospital, listening: Callable[..., int], tmp_path: Path
) -> None:
    hospital.retrieve.stored = stored_objects(tmp_path)
    target = tmp_path / "received"
    target.mkdir()
    port = listening("storescp", "+xa", "-aet", "DEST", "-od", str(target))
    hospital.peers.peers["DEST"] = Peer("DEST", "127.0.0.1", port)
    report = move(peer_at(door), Level.STUDY, {0x0020000D: "1.2.3.1"}, "DEST", OURS)
    assert (report.status, report.completed) == (0, 3)
    assert len(received(target)) == 3
    with pytest.raises(ScuFailed) as failed:
        move(peer_at(door), Level.STUDY, {0x0020000D: "1.2.3.1"}, "NOBODY", OURS)
    assert failed.value.status == 0xA801


def test_dcmqrscp_answers_us(listening: Callable[..., int], tmp_path: Path) -> None:
    """DCMTK's archive as the other side of store, find, get and move."""
    folder = tmp_path / "db"
    folder.mkdir()
    target = tmp_path / "moved"
    target.mkdir()
    moved = listening("storescp", "+xa", "-aet", "DEST", "-od", str(target))
    port = free_port()
    config = tmp_path / "dcmqrscp.cfg"
    config.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\ndest = (DEST, 127.0.0.1, {moved})\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nQR {folder} RW (100, 1024mb) ANY\nAETable END\n"
    )
    listening("dcmqrscp", "-c", str(config), port=port)
    peer = Peer("QR", "127.0.0.1", port)
    fakes = stored_objects(tmp_path)
    assert store_objects(peer, [of_fake(f) for f in fakes], OURS).arrived == len(fakes)
    studies = list(find(peer, Level.STUDY, {0x0020000D: "", 0x00100020: ""}, OURS))
    assert {a[0x0020000D] for a in studies} == {f.study_uid for f in fakes}
    sink = FakeArchive()
    report = get(peer, Level.STUDY, {0x0020000D: "1.2.3.1"}, sink, OURS, classes=[CT])
    assert report.status == 0
    assert set(sink.objects) == {f.instance_uid for f in fakes if f.study_uid == "1.2.3.1"}
    assert move(peer, Level.STUDY, {0x0020000D: "1.2.3.1"}, "DEST", OURS).completed == 3
    assert len(received(target)) == 3


# peers of pynetdicom


@contextmanager
def scp(contexts: list[Any], handlers: list[Any]) -> Iterator[Peer]:
    ae = AE(ae_title="OTHER")
    for context in contexts:
        ae.add_supported_context(context)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    try:
        yield Peer("OTHER", "127.0.0.1", server.socket.getsockname()[1])
    finally:
        server.shutdown()


REFERENCES = (ObjectReference(CT, "1.2.3.1"), ObjectReference(CT, "1.2.3.2"))


def event_info(transaction: str) -> Dataset:
    info = Dataset()
    info.TransactionUID = transaction
    good, bad = Dataset(), Dataset()
    good.ReferencedSOPClassUID, good.ReferencedSOPInstanceUID = CT, "1.2.3.1"
    bad.ReferencedSOPClassUID, bad.ReferencedSOPInstanceUID, bad.FailureReason = CT, "1.2.3.2", 0x0112
    info.ReferencedSOPSequence, info.FailedSOPSequence = [good], [bad]
    return info


def test_a_commitment_is_reported_on_the_same_association() -> None:
    asked: list[Any] = []
    threads: list[threading.Thread] = []

    def on_action(event: Any) -> tuple[int, None]:
        asked.append(event.action_information)

        def report() -> None:
            event.assoc.send_n_event_report(
                event_info(asked[0].TransactionUID), 2, StorageCommitmentPushModel, uids.COMMITMENT_INSTANCE
            )

        threads.append(threading.Timer(0.2, report))
        threads[-1].start()
        return 0, None

    with scp([StorageCommitmentPushModel], [(evt.EVT_N_ACTION, on_action)]) as peer:
        answer = request_commitment(peer, REFERENCES, "1.2.7.1", OURS, wait_s=10)
        for thread in threads:
            thread.join(10)
    assert [item.ReferencedSOPInstanceUID for item in asked[0].ReferencedSOPSequence] == ["1.2.3.1", "1.2.3.2"]
    assert answer is not None
    assert answer.committed == REFERENCES[:1]
    assert [(f.reference, f.reason) for f in answer.failed] == [(REFERENCES[1], 0x0112)]


class Reports:
    def __init__(self) -> None:
        self.got: list[tuple[Any, ...]] = []

    def reported(self, *what: Any) -> None:
        self.got.append(what)


def test_a_commitment_is_reported_on_a_new_association(hospital: FakeHospital, tmp_path: Path) -> None:
    from dataclasses import replace

    from pynetdicom import build_role

    reports = Reports()
    door = Door(DoorSettings(port=0, artim_s=2.0, drain_s=1.0), replace(hospital.ports(), commitment_reports=reports))
    door.start()
    try:
        with scp([StorageCommitmentPushModel], [(evt.EVT_N_ACTION, lambda _: (0, None))]) as peer:
            assert request_commitment(peer, REFERENCES, "1.2.7.2", OURS, wait_s=0.1) is None
        ae = AE(ae_title="OTHER")
        ae.add_requested_context(StorageCommitmentPushModel)
        association = ae.associate(
            "127.0.0.1", door.port, ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)]
        )
        assert association.is_established
        status, _ = association.send_n_event_report(
            event_info("1.2.7.2"), 2, StorageCommitmentPushModel, uids.COMMITMENT_INSTANCE
        )
        association.release()
    finally:
        door.stop()
    assert status.Status == 0
    assert reports.got == [("OTHER", "1.2.7.2", REFERENCES[:1], reports.got[0][3])]


def test_availability_is_announced() -> None:
    got: list[Any] = []

    def on_create(event: Any) -> tuple[int, Dataset]:
        got.append((event.request.AffectedSOPInstanceUID, event.attribute_list))
        return 0, Dataset()

    announcement = Announcement("1.2.3", {"1.2.3.1": REFERENCES}, "MINGJING", "NEARLINE", ["1.2.5"])
    with scp([InstanceAvailabilityNotification], [(evt.EVT_N_CREATE, on_create)]) as peer:
        announce_availability(peer, announcement, "1.2.8.1", OURS)
    ((uid, notice),) = got
    assert uid == "1.2.8.1"
    assert notice.StudyInstanceUID == "1.2.3"
    item = notice.ReferencedSeriesSequence[0].ReferencedSOPSequence[1]
    assert (item.ReferencedSOPInstanceUID, item.InstanceAvailability, item.RetrieveAETitle) == (
        "1.2.3.2",
        "NEARLINE",
        "MINGJING",
    )
    with pytest.raises(ValueError, match="availability"):
        announce_availability(peer, Announcement("1.2.3", {}, "X", "SOON"), "1.2.8.2", OURS)


# printing


class Printer:
    """A print SCP that keeps what it is sent."""

    def __init__(self, places: int, status: str = "NORMAL") -> None:
        self.places = places
        self.status = status
        self.sets: list[Dataset] = []
        self.films: list[Dataset] = []
        self.printed = 0
        self.deleted = 0

    def handlers(self) -> list[Any]:
        return [
            (evt.EVT_N_GET, self._get),
            (evt.EVT_N_CREATE, self._create),
            (evt.EVT_N_SET, self._set),
            (evt.EVT_N_ACTION, self._action),
            (evt.EVT_N_DELETE, self._delete),
        ]

    def _get(self, _event: Any) -> tuple[int, Dataset]:
        ds = Dataset()
        ds.PrinterStatus, ds.PrinterStatusInfo, ds.PrinterName = self.status, "NO SUPPLY PAPER", "Lobby"
        return 0, ds

    def _create(self, event: Any) -> tuple[int, Dataset]:
        ds = event.attribute_list
        if event.request.AffectedSOPClassUID == uids.FILM_BOX:
            self.films.append(ds)
            boxes = []
            for n in range(self.places):
                box = Dataset()
                box.ReferencedSOPClassUID = uids.GRAYSCALE_IMAGE_BOX
                box.ReferencedSOPInstanceUID = f"1.2.6.{len(self.films)}.{n + 1}"
                boxes.append(box)
            ds.ReferencedImageBoxSequence = boxes
        ds.AffectedSOPInstanceUID = f"1.2.6.{len(self.films)}"  # pynetdicom takes it out again
        return 0, ds

    def _set(self, event: Any) -> tuple[int, Dataset]:
        self.sets.append(event.modification_list)
        return 0xB604, event.modification_list

    def _action(self, _event: Any) -> tuple[int, None]:
        self.printed += 1
        return 0, None

    def _delete(self, _event: Any) -> int:
        self.deleted += 1
        return 0


def test_grey_films_are_printed_box_by_box() -> None:
    printer = Printer(places=2)
    images = [FilmImage(2, 3, bytes(range(6))), FilmImage(2, 2, b"abcd", inverse=True)]
    with scp([BasicGrayscalePrintManagementMeta], printer.handlers()) as peer:
        film = Film(images, "STANDARD\\1,2", size="14INX17IN")
        warnings = print_films(peer, [film, Film([None, images[0]], "STANDARD\\1,2")], OURS, FilmSession(copies=2))
        status = printer_status(peer, OURS)
    assert (status.status, status.info, status.name) == ("NORMAL", "NO SUPPLY PAPER", "Lobby")
    assert (printer.printed, printer.deleted) == (2, 3)
    assert printer.films[0].ImageDisplayFormat == "STANDARD\\1,2"
    assert printer.films[0].FilmSizeID == "14INX17IN"
    first, second, third = printer.sets
    assert (first.ImageBoxPosition, second.ImageBoxPosition, third.ImageBoxPosition) == (1, 2, 2)
    box = first.BasicGrayscaleImageSequence[0]
    assert (box.Rows, box.Columns, bytes(box.PixelData)) == (2, 3, bytes(range(6)))
    assert second.Polarity == "REVERSE"
    assert warnings == ("An image was made smaller to fit its place",) * 3


def test_colour_films_go_plane_by_plane() -> None:
    printer = Printer(places=1)
    with scp([BasicColorPrintManagementMeta], printer.handlers()) as peer:
        print_films(peer, [Film([FilmImage(1, 2, b"RGBrgb", samples=3)])], OURS)
    box = printer.sets[0].BasicColorImageSequence[0]
    assert (box.PlanarConfiguration, bytes(box.PixelData)) == (1, b"RrGgBb")
    assert box.PhotometricInterpretation == "RGB"


def test_a_printer_that_cannot_print_is_said() -> None:
    image = FilmImage(1, 2, b"ab")
    failing = Printer(1, "FAILURE").handlers()
    with scp([BasicGrayscalePrintManagementMeta], failing) as peer, pytest.raises(ScuFailed, match="NO SUPPLY PAPER"):
        print_films(peer, [Film([image])], OURS)
    with scp([BasicGrayscalePrintManagementMeta], Printer(1).handlers()) as peer:
        with pytest.raises(ScuFailed, match="has 1 places"):
            print_films(peer, [Film([image, image])], OURS)
        with pytest.raises(ScuFailed, match="did not accept"):
            print_films(peer, [Film([FilmImage(1, 1, b"abc", samples=3)])], OURS)
        with pytest.raises(ScuFailed, match="Cancelled"):
            print_films(peer, [Film([image])], OURS, cancelled=lambda: True)
    for wrong in (FilmImage(2, 2, b"abc"), FilmImage(1, 1, b"ab", samples=2)):
        with pytest.raises(ValueError, match=r"film|bytes"):
            print_films(peer, [Film([wrong])], OURS)


def test_dcmprscp_prints(listening: Callable[..., int], tmp_path: Path) -> None:
    """DCMTK's print server takes the films and keeps each as a stored print and a grayscale image."""
    port = free_port()
    config = tmp_path / "dcmpstat.cfg"
    for name in ("db", "spool", "log"):
        (tmp_path / name).mkdir()
    config.write_text(
        f"[[GENERAL]]\n[DATABASE]\nDirectory = {tmp_path / 'db'}\n[NETWORK]\nAetitle = PRINTER\n"
        f"[PRINT]\nDirectory = {tmp_path / 'spool'}\n"
        f"[APPLICATION]\nLogDirectory = {tmp_path / 'log'}\nUsePrintserverLog = false\n"
        f"[[COMMUNICATION]]\n[FULL]\nAetitle = PRINTER\nDescription = Test\nHostname = localhost\nPort = {port}\n"
        "Type = LOCALPRINTER\nDisplayFormat = 1,1\\1,2\nFilmSizeID = 14INX17IN\\8INX10IN\n"
        "MediumType = PAPER\\CLEAR FILM\nFilmDestination = MAGAZINE\\PROCESSOR\n"
        "MagnificationType = REPLICATE\\NONE\nMaxDensity = 320\nMinDensity = 20\nMaxPDU = 32768\n"
        "Supports12Bit = true\nSupportsDecimateCrop = false\nSupportsImageSize = false\nSupportsTrim = true\n"
        "SupportsPresentationLUT = true\n"
    )
    listening("dcmprscp", "-c", str(config), "-p", "FULL", port=port)
    peer = Peer("PRINTER", "127.0.0.1", port)
    assert printer_status(peer, OURS).status == "NORMAL"
    pixels = bytes(range(256)) * 256
    print_films(
        peer,
        [Film([FilmImage(256, 256, pixels), None], "STANDARD\\1,2", size="14INX17IN")],
        OURS,
        FilmSession(medium="PAPER"),
    )
    end = time.monotonic() + 40
    images: list[bytes] = []
    while time.monotonic() < end and not images:
        found = [pydicom.dcmread(p, force=True) for p in (tmp_path / "db").glob("HG_*.dcm")]
        images = [bytes(ds.PixelData) for ds in found if "PixelData" in ds]
        time.sleep(0.05)
    assert images == [pixels]
