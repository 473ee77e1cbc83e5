"""Captures on a whole server: picture, PNG, video and voice of a specimen; objects that outsiders accept."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydicom import dcmread

from clients.kit.server_connection import ServerConnection
from clients.kit.sound import flac
from clients.kit.voice.sound import tone
from shared.contract.errors import ErrorCode, Refused
from shared.contract.pathology import CaseEntry, ListLibraries, RegisterCase
from shared.contract.pathology_media import (
    AddMedia,
    AppendMedia,
    BeginMedia,
    DeleteMedia,
    FinishMedia,
    ListMedia,
    MediaFacts,
    MediaView,
)
from shared.contract.pathology_technique import SpecimenEntry
from shared.dicomkit import visible_light
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.imaging import motion_avi
from tests.server.pathology.media.media_house import NOW, a_key, jpeg, video
from tests.server_process import ServerProcess, running_server


def stored(line: ServerConnection, case_id: int, objects: int) -> tuple[MediaView, ...]:
    """The strip, once so many objects lie in the archive."""
    limit = time.monotonic() + 40
    while True:
        strip = line.call(ListMedia(case_id=case_id))
        if sum(bool(view.sop_uid) for view in strip) >= objects:
            return strip
        assert time.monotonic() < limit, "the archive has no objects of the captures"
        time.sleep(0.1)


def fetched(line: ServerConnection, item: str, name: str) -> bytes:
    bulk = line.open_bulk()
    try:
        return bytes(bulk.fetch(item, name).data)
    finally:
        bulk.close()


def test_captures_become_objects_that_a_validator_accepts(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        line = ServerConnection(str(server.connection))
        line.login("admin", server.admin_password)
        try:
            _capture_and_look(line, server, tmp_path)
        finally:
            line.close()


def _capture_and_look(line: ServerConnection, server: ServerProcess, folder: Path) -> None:
    library = line.call(ListLibraries())[0].id
    entry = CaseEntry(patient_name="欧阳静", hospital_patient_id="H0001")
    details = line.call(RegisterCase(library_id=library, entry=entry, specimens=(SpecimenEntry(name="胃窦活检"),)))
    case_id, specimen = details.case.id, details.specimens[0]

    def facts(kind: MediaKind, media_type: str, **more: Any) -> MediaFacts:
        given = {"case_id": case_id, "kind": kind, "subject": MediaSubject.MICROSCOPE, "taken_at": NOW, **more}
        return MediaFacts(media_type=media_type, specimen_id=specimen.id, objective="40x", um_per_pixel=0.25, **given)

    png = bytes(cv2.imencode(".png", np.full((40, 50, 3), (10, 200, 90), np.uint8))[1])
    photo = line.call(AddMedia(key=a_key(), facts=facts(MediaKind.IMAGE, "image/jpeg"), data=jpeg()))
    line.call(AddMedia(key=a_key(), facts=facts(MediaKind.IMAGE, "image/png", subject=MediaSubject.GROSS), data=png))
    voice = flac.encode(tone(440, 0.5, rate_hz=16_000).pcm())
    line.call(AddMedia(key=a_key(), facts=facts(MediaKind.VOICE, "audio/flac"), data=voice))
    film, key = video(), a_key()
    line.call(BeginMedia(key=key, facts=facts(MediaKind.VIDEO, "video/x-msvideo", frame_rate=25.0)))
    line.call(AppendMedia(key=key, offset=0, data=film))
    line.call(FinishMedia(key=key, size_bytes=len(film), sha256=hashlib.sha256(film).hexdigest()))

    strip = stored(line, case_id, 3)
    assert [view.kind for view in strip] == [MediaKind.IMAGE, MediaKind.IMAGE, MediaKind.VOICE, MediaKind.VIDEO]
    assert strip[2].sop_uid == "" and fetched(line, "pathology_media", str(strip[2].id)) == voice
    played = motion_avi.look(BytesIO(fetched(line, "pathology_media", str(strip[3].id))))
    assert len(played.places) == 5
    assert fetched(line, "pathology_thumbnail", str(photo.id)).startswith(b"\xff\xd8")
    studies = set()
    for view in (strip[0], strip[1], strip[3]):
        data = fetched(line, "object", view.sop_uid)
        made = dcmread(BytesIO(data))
        studies.add(made.StudyInstanceUID)
        assert made.PatientID == "H0001" and str(made.PatientName).startswith("Ouyang^Jing=")
        assert made.SpecimenDescriptionSequence[0].SpecimenIdentifier == specimen.number
        path = folder / "object.dcm"
        path.write_bytes(data)
        if (tool := shutil.which("dciodvfy")) is not None:
            said = subprocess.run([tool, "-new", str(path)], capture_output=True, text=True, check=False).stderr
            assert "Error" not in said, said
    assert len(studies) == 1, "a case is one study"
    first = dcmread(BytesIO(fetched(line, "object", strip[0].sop_uid)))
    assert first.SOPClassUID == visible_light.MICROSCOPIC and first.file_meta.TransferSyntaxUID.name.startswith("JPEG")

    line.call(DeleteMedia(case_id=case_id, media_ids=(photo.id,)))
    limit = time.monotonic() + 40
    with pytest.raises(Refused) as gone:
        while time.monotonic() < limit:
            fetched(line, "object", strip[0].sop_uid)
            time.sleep(0.1)
    assert gone.value.code is ErrorCode.NOT_FOUND, "the archive's object went with the picture"
