"""Downloads and shared links of a real server over real sockets."""

from __future__ import annotations

import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from clients.viewer.download.job import Job
from clients.viewer.download.packing import fetch_export
from clients.viewer.history.model import earlier_from_server
from clients.viewer.server_studies import AdoptedLine, ServerStudies
from shared.contract.archive import GetStudy
from shared.contract.errors import RpcError
from shared.contract.exchange import AnonymisePlan, NotePictures, Packing, StartExport
from shared.contract.sharing import CreateShare, ListOpenings, RevokeShare
from tests.clients.viewer.viewer_builders import ROOT, write_series
from tests.server_process import start_server

STUDY = f"{ROOT}.9"

pytestmark = pytest.mark.skipif(shutil.which("dcmsend") is None, reason="dcmtk is not installed")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerStudies, int]]:
    folder = tmp_path_factory.mktemp("downloads")
    write_series(folder / "files", 4)
    running = start_server(folder / "data")
    client = running.client()
    try:
        subprocess.run(
            ["dcmsend", "127.0.0.1", str(running.dicom_port), "-aec", "MINGJING", "+sd", str(folder / "files")],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            try:
                if client.call(GetStudy(study_uid=STUDY)).row.instance_count == 4:
                    break
            except RpcError:
                assert time.monotonic() < deadline, "the images were not indexed"
            time.sleep(0.05)
        assert client.session is not None
        line = AdoptedLine(str(running.connection), client.session)
        source = ServerStudies(line)
        yield source, running.http_port
        source.stop()
        source.close()
        line.close()
    finally:
        client.close()
        running.stop()


@pytest.fixture
def source(served: tuple[ServerStudies, int]) -> ServerStudies:
    return served[0]


def test_the_server_packs_a_file_set_with_and_without_names(source: ServerStudies, tmp_path: Path) -> None:
    plain = StartExport(study_uids=(STUDY,), packing=Packing.MEDIA)
    assert fetch_export(source.call, source.fetch, plain, tmp_path / "plain.zip", Job()) == 4
    with zipfile.ZipFile(tmp_path / "plain.zip") as archive:
        assert "DICOMDIR" in archive.namelist()
        assert sum("/IM" in name for name in archive.namelist()) == 4

    hidden = StartExport(study_uids=(STUDY,), packing=Packing.MEDIA, anonymise=AnonymisePlan(project="study-1"))
    fetch_export(source.call, source.fetch, hidden, tmp_path / "hidden.zip", Job())
    with zipfile.ZipFile(tmp_path / "hidden.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert "张三".encode() not in everything and b"Zhang" not in everything


def test_pictures_are_noted_and_an_unknown_study_is_refused(source: ServerStudies) -> None:
    source.call(NotePictures(study_uid=STUDY, kind="png", count=4))
    with pytest.raises(RpcError):
        source.call(NotePictures(study_uid="1.2.3", kind="png", count=4))


def test_the_patients_exams_are_listed(source: ServerStudies) -> None:
    assert [(exam.study_uid, exam.images) for exam in earlier_from_server(source.call, "P1")] == [(STUDY, 4)]
    assert earlier_from_server(source.call, "P") == ()


def test_a_link_made_by_a_workstation_opens_in_a_browser_until_it_is_revoked(served: tuple[ServerStudies, int]) -> None:
    source, port = served
    made = source.call(CreateShare(study_uid=STUDY, password="geheim!"))
    url = f"http://127.0.0.1:{port}/s/{made.url.rpartition('/')[2]}"
    guest = requests.Session()
    guest.trust_env = False
    page = guest.post(url, data={"password": "geheim!"}, timeout=30)
    assert page.status_code == 200 and page.text.count("<img") == 4
    assert [one.outcome for one in source.call(ListOpenings(id=made.share.id))] == ["opened"]

    source.call(RevokeShare(id=made.share.id))
    assert guest.get(url, timeout=30).status_code == 403
