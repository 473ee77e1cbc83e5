"""Objects beside images out of a real server: described, fetched, and their stacks right before a pixel came."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from clients.viewer.loading import SourceFailed
from clients.viewer.objects.book import read_object
from clients.viewer.objects.documents import read_document
from clients.viewer.objects.registry import OVER_IMAGES, Kind, kind_of
from clients.viewer.server_studies import AdoptedLine, ServerStudies
from clients.viewer.study import StudyDescription, stacks_of
from shared.contract.archive import GetStudy
from shared.contract.errors import RpcError
from shared.dicomkit.headers import PatientFacts, SeriesFacts, StudyFacts
from shared.dicomkit.visible_light import SpecimenFacts
from shared.dicomkit.whole_slide import LevelFacts, SlideCommon, write_level
from shared.imaging.frames import UnreadableFile
from shared.imaging.presentation import PresentationState
from shared.imaging.segmentation import Segmentation
from tests.clients.viewer.objects.object_builders import a_key_object, a_presentation_state, a_segmentation, item, saved
from tests.clients.viewer.viewer_builders import ROOT, write_series
from tests.server_process import start_server

STUDY = f"{ROOT}.9"
SENT = 6 + 3 + 1 + 1
TILES = 18  # in each direction

pytestmark = pytest.mark.skipif(shutil.which("dcmsend") is None, reason="dcmtk is not installed")


def a_diffusion(path: Path) -> Path:
    """Two b-values of three slices, written slice by slice."""

    def frame(b: int, z: int) -> object:
        return item(
            FrameContentSequence=[item(DimensionIndexValues=[b, z])],
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, 2.0 * z])],
            MRDiffusionSequence=[item(DiffusionBValue=800.0 * (b - 1))],
        )

    return saved(
        path, SOPClassUID="1.2.840.10008.5.1.4.1.1.4.1", SOPInstanceUID=f"{ROOT}.4", Modality="MR",
        SeriesInstanceUID=f"{ROOT}.40", Rows=4, Columns=4, BitsAllocated=8, BitsStored=8, HighBit=7,
        PixelRepresentation=0, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", NumberOfFrames=6,
        PixelData=bytes(96),
        DimensionIndexSequence=[item(DimensionIndexPointer=0x00189087), item(DimensionIndexPointer=0x00209057)],
        SharedFunctionalGroupsSequence=[
            item(PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
                 PixelMeasuresSequence=[item(PixelSpacing=[1, 1], SliceThickness=2)])
        ],
        PerFrameFunctionalGroupsSequence=[frame(b, z) for z in (1, 2, 3) for b in (1, 2)],
    )  # fmt: skip


def a_tile(number: int) -> bytes:
    """A JPEG whose grey tells its number."""
    out = BytesIO()
    Image.new("RGB", (32, 32), (number % 251,) * 3).save(out, "JPEG", quality=95)
    return out.getvalue()


def a_slide(path: Path) -> None:
    """A level of 18 x 18 tiles."""
    common = SlideCommon(
        PatientFacts("P1", "Zhang^San=张^三"), StudyFacts(STUDY), SpecimenFacts("S-1", f"{ROOT}.50"),
        made_at=datetime(2026, 3, 2, 9), profile=b"", mpp=(0.5, 0.5), series=SeriesFacts(f"{ROOT}.51"),
    )  # fmt: skip
    level = LevelFacts("VOLUME", (32 * TILES, 32 * TILES), (32, 32))
    write_level(common, level, (a_tile(n) for n in range(TILES**2)), path)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerStudies]:
    folder = tmp_path_factory.mktemp("objects-server")
    files = folder / "files"
    write_series(files, 6, side=32)
    a_segmentation(files / "seg.dcm", 32, 6)
    a_presentation_state(files / "pr.dcm")
    a_key_object(files / "ko.dcm")
    a_diffusion(files / "dwi.dcm")
    a_slide(files / "slide.dcm")
    running = start_server(folder / "data")
    try:
        subprocess.run(
            ["dcmsend", "127.0.0.1", str(running.dicom_port), "-aec", "MINGJING", "+sd", str(files)],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        client = running.client()
        deadline = time.monotonic() + 60
        while True:
            try:
                if client.call(GetStudy(study_uid=STUDY)).row.instance_count == SENT:
                    break
            except RpcError:
                pass
            assert time.monotonic() < deadline, "the objects were not indexed"
            time.sleep(0.05)
        assert client.session is not None
        line = AdoptedLine(str(running.connection), client.session)
        source = ServerStudies(line)
        yield source
        source.stop()
        source.close()
        line.close()
        client.close()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def study(source: ServerStudies) -> StudyDescription:
    return source.study(STUDY)


def test_all_objects_are_described_and_can_be_read(source: ServerStudies, study: StudyDescription) -> None:
    kinds = {kind_of(one.sop_class_uid): one for one in study.objects}
    assert set(kinds) == {Kind.SEGMENTATION, Kind.PRESENTATION, Kind.KEY_OBJECTS, Kind.SLIDE}

    over = {kind: read_object(source, one) for kind, one in kinds.items() if kind in OVER_IMAGES}
    document = read_document(source, kinds[Kind.KEY_OBJECTS], study, frozenset({f"{ROOT}.1.3"}))

    segmentation, state = over[Kind.SEGMENTATION], over[Kind.PRESENTATION]
    assert isinstance(segmentation, Segmentation) and len(segmentation.frames) == 6
    assert isinstance(state, PresentationState) and state.inverted
    assert f"image:{ROOT}.1.3#0" in document.html


def test_the_stacks_of_an_enhanced_object_stand_right_before_its_pixels(study: StudyDescription) -> None:
    stacks = [stack for stack in stacks_of(study) if stack.series.modality == "MR"]

    assert [[key.frame for key in stack.frames] for stack in stacks] == [[0, 2, 4], [1, 3, 5]]
    assert [stack.label for stack in stacks] == ["b=0", "b=800"]
    assert all(stack.order.is_volume for stack in stacks)


def test_an_object_that_is_not_there_is_refused_with_a_sentence(source: ServerStudies) -> None:
    with pytest.raises(SourceFailed, match=r"\w"):
        source.object("1.2.3.4.5.6")


def test_a_slide_stays_on_the_server_and_gives_the_tiles_that_are_asked_for(
    source: ServerStudies, study: StudyDescription, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = next(one for one in study.objects if kind_of(one.sop_class_uid) is Kind.SLIDE)
    monkeypatch.setattr(source, "object", lambda uid: pytest.fail(f"the whole slide was fetched: {uid}"))
    document = read_document(source, described, study, frozenset())
    assert document.slide is not None and document.objects is not None
    (level,) = document.slide.levels
    assert level.grid == (TILES, TILES) and level.micrometres == pytest.approx((0.5, 0.5))
    tiles = document.objects[level.sop_instance_uid]
    for place in ((0, 0), (5, 3), (TILES - 1, TILES - 1)):
        stored = tiles.frame(level.tiles[place], 0).rstrip(b"\0")
        assert stored == a_tile(place[0] + TILES * place[1])
    with pytest.raises(UnreadableFile, match="324"):
        tiles.frame(TILES**2, 0)
