"""Keeping through the real server: a series is compressed by its job, still read by peers that know no compression,
deleted, sent again in vain, restored, backed up by the button and checked."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pynetdicom import AE
from server_process import running_server
from sqlalchemy import text

from server.kernel.database import Database
from shared.contract.jobs import GetJob, JobView
from shared.contract.keeping import (
    DeleteImages,
    GetCheckReport,
    GetKeepingPolicy,
    KeepingPolicy,
    ListBackups,
    ListBin,
    PurgeImages,
    RestoreImages,
    RunCompression,
    SaveKeepingPolicy,
    StartBackup,
    StartCheck,
    VerifyBackup,
)
from shared.dicomkit.synthetic import ct_series
from shared.rpc.client import RpcClient


def finished(client: RpcClient, job: JobView) -> JobView:
    """Wait for a job that must be done well."""
    end = time.monotonic() + 90
    while job.state in ("waiting", "running"):
        assert time.monotonic() < end, job
        time.sleep(0.1)
        job = client.call(GetJob(job_id=job.id))
    assert job.state == "done", job.sentence
    return job


def store(port: int, images: list[Any]) -> None:
    ae = AE(ae_title="CT1")
    ae.add_requested_context(images[0].SOPClassUID, images[0].file_meta.TransferSyntaxUID)
    association = ae.associate("127.0.0.1", port, ae_title="MINGJING")
    for image in images:
        assert association.send_c_store(image).Status == 0
    association.release()


def until(folder: Path, statement: str, expected: object) -> None:
    """Wait until the database answers so."""
    database = Database.in_folder(folder)
    end = time.monotonic() + 30
    while True:
        with database.read() as uow:
            found = uow.session.execute(text(statement)).scalar()
        if found == expected:
            break
        assert time.monotonic() < end, (found, expected)
        time.sleep(0.05)
    database.close()


@pytest.mark.skipif(shutil.which("getscu") is None, reason="DCMTK is not here")
def test_a_series_is_kept_in_every_way(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = tmp_path / "settings.toml"
    settings.write_text(f"backup_folder = '{(tmp_path / 'vault').as_posix()}'\n", encoding="utf-8")
    images = ct_series(slices=3, rows=64)
    uid = str(images[0].StudyInstanceUID)
    with running_server(data, "--settings", str(settings)) as server:
        store(server.dicom_port, images)
        until(data, "select count(*) from instances", 3)
        client = server.client()
        version = client.call(GetKeepingPolicy()).version
        policy = KeepingPolicy(compress_after_hours=0, compress_grace_minutes=0, purge_needs_second_person=False)
        client.call(SaveKeepingPolicy(version=version, policy=policy))
        finished(client, client.call(RunCompression()))
        until(data, "select count(received_key) from instances", 3)
        received = tmp_path / "received"
        received.mkdir()
        command = ["getscu", "-S", "-aec", "MINGJING", "127.0.0.1", str(server.dicom_port), "-od", str(received)]
        subprocess.run([*command, "-k", "0008,0052=STUDY", "-k", f"0020,000D={uid}"], check=True, timeout=60)
        back = {one.SOPInstanceUID: one for one in map(dcmread, received.iterdir())}
        for image in images:
            assert not back[image.SOPInstanceUID].file_meta.TransferSyntaxUID.is_compressed
            assert np.array_equal(back[image.SOPInstanceUID].pixel_array, image.pixel_array)
        entry = client.call(DeleteImages(study_uid=uid, reason="拍错了病人"))
        store(server.dicom_port, images[:1])
        backed_up = finished(client, client.call(StartBackup()))
        assert "其中新增 3 个" in backed_up.sentence
        assert client.call(ListBackups()).rows[0].state == "complete"
        finished(client, client.call(VerifyBackup()))
        assert client.call(ListBin()).total == 1
        client.call(RestoreImages(entry_id=entry.id))
        finished(client, client.call(StartCheck()))
        report = client.call(GetCheckReport())
        assert (report.instances, report.findings) == (3, ())
        entry = client.call(DeleteImages(study_uid=uid, reason="拍错了病人"))
        client.call(PurgeImages(entry_id=entry.id, reason="两人确认"))
        until(data, "select count(*) from archive_discards", 0)
        finished(client, client.call(StartCheck(repair=True)))
        report = client.call(GetCheckReport())
        assert (report.instances, report.files, report.findings) == (0, 0, ())
        client.close()
