"""A scanner's file travels over real sockets, becomes a series of its case in the archive, and is found there again."""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.viewer.server_studies import AdoptedLine, ServerStudies
from shared.contract import pathology as cases
from shared.contract import pathology_slides as slides
from shared.contract import pathology_technique as technique
from shared.contract.archive import GetStudy
from shared.contract.errors import ErrorCode, RpcError
from shared.imaging.slides import level_of
from shared.rpc.client import RpcClient
from tests.server.pathology.slides.slide_files import SIDE, write_svs
from tests.server_process import ServerProcess, start_server

CHUNK = 300_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    running = start_server(tmp_path_factory.mktemp("slides") / "data")
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def client(server: ServerProcess) -> Iterator[RpcClient]:
    client = server.client()
    try:
        yield client
    finally:
        client.close()


def a_case(client: RpcClient) -> cases.CaseDetails:
    library = client.call(cases.ListLibraries())[0]
    return client.call(
        cases.RegisterCase(
            library_id=library.id,
            entry=cases.CaseEntry(patient_name="李兰"),
            specimens=(technique.SpecimenEntry(name="胃窦"),),
        )
    )


def uploaded(client: RpcClient, path: Path) -> int:
    """Send a file in chunks, the second one twice as after a cut."""
    data = path.read_bytes()
    told = client.call(
        slides.BeginSlideUpload(name=path.name, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    )
    while told.offset < len(data):
        piece = slides.PutSlideChunk(
            upload_id=told.id, offset=told.offset, data=data[told.offset : told.offset + CHUNK]
        )
        told = client.call(piece)
        told = client.call(piece)
    assert client.call(slides.FinishSlideUpload(upload_id=told.id)).is_whole
    return told.id


def settled(client: RpcClient, case_id: int, image_id: int) -> slides.SlideImageView:
    deadline = time.monotonic() + 60
    while True:
        view = next(one for one in client.call(slides.ListSlideImages(case_id=case_id)) if one.id == image_id)
        if view.state in (slides.SlideImageState.READY, slides.SlideImageState.FAILED):
            return view
        assert time.monotonic() < deadline, view
        time.sleep(0.1)


def test_a_slide_is_converted_and_seen(server: ServerProcess, client: RpcClient, tmp_path: Path) -> None:
    case = a_case(client)
    write_svs(tmp_path / "slide.svs")
    asked = client.call(
        slides.ImportSlideImage(case_id=case.case.id, upload_id=uploaded(client, tmp_path / "slide.svs"))
    )
    view = settled(client, case.case.id, asked.id)
    assert view.state is slides.SlideImageState.READY, view.sentence
    assert (view.columns, view.rows, view.mpp, view.slide_number) == (SIDE, SIDE, 0.499, case.case.number)

    row = client.call(GetStudy(study_uid=view.study_uid)).row
    assert row.instance_count == 2 and row.accession_number == case.case.number and "李^兰" in row.patient_name
    assert not row.why_unmatched and row.exam_id is None  # it is a case's: no clerk is asked to match it
    assert client.session is not None
    line = AdoptedLine(str(server.connection), client.session)
    source = ServerStudies(line)
    try:
        described = source.study(view.study_uid)
        uids = [one.sop_instance_uid for one in described.objects]
        levels = [level_of(tiled.header, tiled.transfer_syntax) for tiled in map(source.tiled, uids)]
        assert sorted(level.columns for level in levels) == [350, SIDE]
        assert source.tiled(uids[0]).frame(0, 0).startswith(b"\xff\xd8")
    finally:
        source.stop()
        source.close()
        line.close()


def test_a_missing_scale_is_asked_for_and_given(client: RpcClient, tmp_path: Path) -> None:
    case = a_case(client)
    write_svs(tmp_path / "plain.svs", mpp="")
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as packed:
        packed.write(tmp_path / "plain.svs", "folder/plain.svs")
    asked = client.call(
        slides.ImportSlideImage(case_id=case.case.id, upload_id=uploaded(client, tmp_path / "plain.zip"))
    )
    view = settled(client, case.case.id, asked.id)
    assert view.state is slides.SlideImageState.FAILED and "微米" in view.sentence
    client.call(slides.RetrySlideImage(image_id=view.id, mpp=0.25))
    again = settled(client, case.case.id, asked.id)
    assert (again.state, again.mpp) == (slides.SlideImageState.READY, 0.25), again.sentence


def test_what_is_no_slide_says_so(client: RpcClient, tmp_path: Path) -> None:
    case = a_case(client)
    (tmp_path / "letter.svs").write_bytes(b"Dear colleague, " * 100)
    upload_id = uploaded(client, tmp_path / "letter.svs")
    other = a_case(client)
    with pytest.raises(RpcError) as refused:
        client.call(slides.ImportSlideImage(case_id=other.case.id, slide_id=9_999, upload_id=upload_id))
    assert refused.value.code is ErrorCode.INVALID
    asked = client.call(slides.ImportSlideImage(case_id=case.case.id, upload_id=upload_id))
    view = settled(client, case.case.id, asked.id)
    assert view.state is slides.SlideImageState.FAILED and "不是可读取的数字切片" in view.sentence
