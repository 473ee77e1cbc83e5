"""Captures: kept once and for good, refused where they do not belong, marked, swapped, deleted, made into objects."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from server.kernel.errors import Refusal
from server.pathology.media.tables import MediaRow
from shared.contract import pathology_media as contract
from shared.contract.errors import ErrorCode
from shared.contract.pathology_media import MediaView
from shared.dicomkit import visible_light
from shared.domain.pathology_media import MediaKind, MediaSubject
from tests.server.pathology.media.media_house import (
    CASE,
    DOCTOR,
    NOW,
    OTHER_CASE,
    OTHER_DOCTOR,
    MediaHouse,
    a_key,
    facts,
    jpeg,
    sha,
    video,
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[MediaHouse]:
    made = MediaHouse(tmp_path)
    yield made
    made.database.close()


def flac(seconds: float = 0.5) -> bytes:
    out = BytesIO()
    sound = (np.sin(np.arange(int(16000 * seconds)) / 8) * 9000).astype(np.int16)
    soundfile.write(out, sound, 16000, format="FLAC", subtype="PCM_16")
    return out.getvalue()


def added(house: MediaHouse, shade: int = 90, **other: Any) -> MediaView:
    request = contract.AddMedia(key=a_key(), facts=facts(**other), data=jpeg(shade))
    view: MediaView = house.call(request)
    return view


def test_a_picture_is_kept_once_with_who_where_and_when(house: MediaHouse) -> None:
    request = contract.AddMedia(key=a_key(), facts=facts(specimen_id=10, objective="", camera="USB"), data=jpeg())
    view = house.call(request)
    assert house.call(request) == view
    assert house.call(contract.ListMedia(case_id=CASE)) == (view,)
    assert (view.width, view.height, view.taken_by, view.facts.station) == (64, 48, "王医生", "取材 1")
    with house.database.read() as uow:
        assert house.service.open(uow, DOCTOR, view.id) == jpeg()
        with Image.open(BytesIO(house.service.thumbnail(uow, DOCTOR, view.id))) as small:
            assert small.size == (64, 48)


def test_an_audited_case_takes_nothing_and_loses_nothing(house: MediaHouse) -> None:
    view = added(house)
    house.cases.locked.add(CASE)
    for request in (
        contract.AddMedia(key=a_key(), facts=facts(), data=jpeg()),
        contract.BeginMedia(key=a_key(), facts=facts()),
        contract.MarkMedia(case_id=CASE, media_ids=(view.id,), marked=True),
        contract.ClearMarks(case_id=CASE),
        contract.SwapMedia(case_id=CASE, first_id=view.id, second_id=view.id),
        contract.BindMedia(media_id=view.id),
        contract.DeleteMedia(case_id=CASE, media_ids=(view.id,)),
    ):
        assert house.refusal(request).body.code is ErrorCode.ILLEGAL_ACTION
    assert house.call(contract.ListMedia(case_id=CASE)) == (view,)


@pytest.mark.parametrize(
    ("field", "other", "data"),
    [
        ("data", {}, b"GIF89a" + bytes(100)),
        ("data", {}, b""),
        ("facts.media_type", {"media_type": "image/gif"}, jpeg()),
        ("facts.specimen_id", {"specimen_id": 11}, jpeg()),
        ("facts.specimen_id", {"case_id": OTHER_CASE, "slide_id": 30}, jpeg()),
        ("facts.um_per_pixel", {"um_per_pixel": -1.0}, jpeg()),
        ("facts.um_per_pixel", {"um_per_pixel": float("nan")}, jpeg()),
        ("facts.parent_id", {"parent_id": 99, "steps": ("gray",)}, jpeg()),
        ("facts.steps", {"parent_id": 99}, jpeg()),
        ("facts.calibration_id", {"calibration_id": 5}, jpeg()),
        ("facts.kind", {"kind": MediaKind.VIDEO, "media_type": "video/x-msvideo", "frame_rate": 25.0}, video()),
        ("data", {"kind": MediaKind.VOICE, "media_type": "audio/flac"}, b"fLaC" + bytes(60)),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(
    house: MediaHouse, field: str, other: dict[str, Any], data: bytes
) -> None:
    refusal = house.refusal(contract.AddMedia(key=a_key(), facts=facts(**other), data=data))
    assert (refusal.body.code, refusal.body.field) == (ErrorCode.INVALID, field)
    assert house.call(contract.ListMedia(case_id=CASE)) == ()


def test_a_recording_goes_on_where_it_was_cut_and_gets_its_index(house: MediaHouse) -> None:
    data, key = video(), a_key()
    begin = contract.BeginMedia(
        key=key, facts=facts(kind=MediaKind.VIDEO, media_type="video/x-msvideo", frame_rate=25.0)
    )
    assert house.call(begin).offset == 0
    assert house.call(contract.AppendMedia(key=key, offset=0, data=data[:500])).offset == 500
    assert house.call(contract.AppendMedia(key=key, offset=0, data=data[:500])).offset == 500, "sent twice, kept once"
    assert house.call(contract.AppendMedia(key=key, offset=700, data=data[700:])).offset == 500, "no hole"
    finish = contract.FinishMedia(key=key, size_bytes=len(data), sha256=sha(data))
    assert house.refusal(finish).body.state == "incomplete"
    assert house.call(begin).offset == 500
    assert house.refusal(contract.AppendMedia(key=key, offset=500, data=b"x"), OTHER_DOCTOR).body.code is (
        ErrorCode.NOT_FOUND
    )
    house.call(contract.AppendMedia(key=key, offset=500, data=data[500:]))
    view = house.call(finish)
    assert (view.width, view.height, view.duration_s) == (64, 48, 0.2)
    assert house.call(finish) == view == house.call(begin).media
    with house.database.read() as uow:
        kept = house.service.open(uow, DOCTOR, view.id)
        assert kept[48:52] == (5).to_bytes(4, "little") and b"idx1" in kept and sha(kept) == view.sha256
        assert house.service.thumbnail(uow, DOCTOR, view.id).startswith(b"\xff\xd8")


def test_an_end_that_comes_while_another_completes_finds_the_same_recording(
    house: MediaHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, key = video(), a_key()
    recording = facts(kind=MediaKind.VIDEO, media_type="video/x-msvideo", frame_rate=25.0)
    house.call(contract.BeginMedia(key=key, facts=recording))
    house.call(contract.AppendMedia(key=key, offset=0, data=data))
    finish = contract.FinishMedia(key=key, size_bytes=len(data), sha256=sha(data))
    alone, others = house.uploads.alone, []

    def after_another(key: str) -> AbstractContextManager[None]:
        monkeypatch.setattr(house.uploads, "alone", alone)
        others.append(house.call(finish))
        return alone(key)

    monkeypatch.setattr(house.uploads, "alone", after_another)
    assert [house.call(finish)] == others
    assert not house.uploads.path(key).exists()


def test_uploads_are_completed_one_at_a_time_for_each_key(house: MediaHouse) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def complete(key: str) -> None:
        nonlocal busy, most
        for _ in range(200):
            with house.uploads.alone(key):
                with lock:
                    busy += 1
                    most = max(most, busy)
                with lock:
                    busy -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(complete, [a_key()] * 4))
    assert most == 1
    with house.uploads.alone(a_key()), house.uploads.alone(a_key()):
        pass  # others do not wait


def test_damaged_on_the_way_is_sent_again(house: MediaHouse) -> None:
    data, key = flac(), a_key()
    voice = facts(kind=MediaKind.VOICE, media_type="audio/flac")
    house.call(contract.BeginMedia(key=key, facts=voice))
    house.call(contract.AppendMedia(key=key, offset=0, data=b"X" + data[1:]))
    finish = contract.FinishMedia(key=key, size_bytes=len(data), sha256=sha(data))
    assert house.refusal(finish).body.field == "sha256"
    assert house.call(contract.AppendMedia(key=key, offset=0, data=data)).offset == len(data)
    assert house.call(finish).duration_s == 0.5


def test_a_server_that_died_while_it_wrote_the_index_asks_for_the_video_again(house: MediaHouse) -> None:
    data, key = video(), a_key()
    house.call(
        contract.BeginMedia(key=key, facts=facts(kind=MediaKind.VIDEO, media_type="video/x-msvideo", frame_rate=25.0))
    )
    house.call(contract.AppendMedia(key=key, offset=0, data=data))
    house.uploads.path(key).write_bytes(data + b"idx1 half")
    finish = contract.FinishMedia(key=key, size_bytes=len(data), sha256=sha(data))
    assert house.refusal(finish).body.state == "incomplete"
    assert house.call(contract.AppendMedia(key=key, offset=0, data=data)).offset == len(data)
    assert house.call(finish).duration_s == 0.2


def test_a_case_audited_while_the_camera_ran_refuses_the_end(house: MediaHouse) -> None:
    data, key = flac(), a_key()
    house.call(contract.BeginMedia(key=key, facts=facts(kind=MediaKind.VOICE, media_type="audio/flac")))
    house.call(contract.AppendMedia(key=key, offset=0, data=data))
    house.cases.locked.add(CASE)
    finish = contract.FinishMedia(key=key, size_bytes=len(data), sha256=sha(data))
    assert house.refusal(finish).body.code is ErrorCode.ILLEGAL_ACTION
    house.cases.locked.clear()
    assert house.call(finish).duration_s == 0.5


def test_marks_choose_what_a_report_prints(house: MediaHouse) -> None:
    views = [added(house, shade) for shade in (10, 60, 110, 160)]

    def chosen(slots: int) -> list[int]:
        with house.database.read() as uow:
            return [one.id for one in house.service.for_report(uow, CASE, slots)]

    assert chosen(2) == [views[0].id, views[1].id], "without marks the first ones"
    house.call(contract.MarkMedia(case_id=CASE, media_ids=(views[3].id, views[1].id), marked=True))
    assert chosen(6) == [views[1].id, views[3].id], "with marks only these"
    house.call(contract.SwapMedia(case_id=CASE, first_id=views[1].id, second_id=views[3].id))
    assert chosen(6) == [views[3].id, views[1].id]
    house.call(contract.MarkMedia(case_id=CASE, media_ids=(views[3].id,), marked=False))
    assert chosen(6) == [views[1].id]
    strip = house.call(contract.ClearMarks(case_id=CASE))
    assert [one.id for one in strip] == [views[0].id, views[3].id, views[2].id, views[1].id]
    assert chosen(9) == [one.id for one in strip]


def test_deleting_is_for_good_and_logged(house: MediaHouse) -> None:
    view = added(house)
    house.runner.run_one()
    assert len(house.archive.stored) == 1
    assert house.call(contract.DeleteMedia(case_id=CASE, media_ids=(view.id,))) == ()
    assert house.refusal(contract.DeleteMedia(case_id=CASE, media_ids=(view.id,))).body.code is ErrorCode.NOT_FOUND
    with house.database.read() as uow:
        with pytest.raises(Exception, match="not_found"):
            house.service.open(uow, DOCTOR, view.id)
        row = uow.session.get(MediaRow, view.id)
        assert row is not None and (row.deleted_by, row.deleted_at) == ("王医生", NOW)
    house.runner.run_one()
    assert not house.archive.stored, "the archive's object is rejected"


def test_a_processed_picture_names_its_original_which_stays(house: MediaHouse) -> None:
    first = added(house)
    second = added(house, 20, parent_id=first.id, steps=("gamma 1.2",))
    assert [one.facts.parent_id for one in house.call(contract.ListMedia(case_id=CASE))] == [None, first.id]
    while house.runner.run_one():
        pass
    made = {one.InstanceNumber: one for one in house.archive.stored.values()}
    assert made[second.id].SourceImageSequence[0].ReferencedSOPInstanceUID == made[first.id].SOPInstanceUID
    assert made[second.id].DerivationDescription == "gamma 1.2"


def test_objects_wait_for_a_busy_archive_and_are_made_once(house: MediaHouse) -> None:
    view = added(house, subject=MediaSubject.MICROSCOPE, objective="40x", um_per_pixel=0.25)
    house.archive.busy = True
    house.runner.run_one()
    assert house.call(contract.ListMedia(case_id=CASE))[0].sop_uid == ""
    house.archive.busy = False
    with house.database.write() as uow:
        from server.kernel.jobs import enqueue

        enqueue(uow, "pathology_media.archive", {"media": view.id})
        enqueue(uow, "pathology_media.archive", {"media": view.id})
    while house.runner.run_one():
        pass
    (made,) = house.archive.stored.values()
    assert made.SOPClassUID == visible_light.MICROSCOPIC and made.StudyInstanceUID == house.cases.study_uid
    assert house.call(contract.ListMedia(case_id=CASE))[0].sop_uid == made.SOPInstanceUID


def test_calibrations_follow_each_other_and_expire(house: MediaHouse) -> None:
    def add(pixels: float, **other: Any) -> contract.CalibrationView:
        request = {"camera": "USB", "objective": "40x", "width": 1920, "known_um": 100.0, "pixels": pixels, **other}
        view: contract.CalibrationView = house.call(contract.AddCalibration(**request))
        return view

    old = add(400.0, valid_days=30)
    assert old.um_per_pixel == 0.25 and old.current and not old.expired
    picture = added(house, calibration_id=old.id, um_per_pixel=0.25)
    assert not picture.calibration_expired
    house.clock.present += dt.timedelta(days=31)
    assert house.call(contract.ListCalibrations())[0].expired
    late = added(house, calibration_id=old.id, um_per_pixel=0.25, taken_at=house.clock.present)
    assert late.calibration_expired and not house.call(contract.ListMedia(case_id=CASE))[0].calibration_expired
    new = add(410.0)
    newest, oldest = house.call(contract.ListCalibrations(camera="USB"))
    assert (newest.id, newest.current, oldest.current) == (new.id, True, False)
    house.call(contract.WithdrawCalibration(calibration_id=new.id))
    newest, oldest = house.call(contract.ListCalibrations(camera="USB"))
    assert (newest.current, oldest.current) == (False, True), "a withdrawn one gives its place back"
    for field, other in (
        ("known_um", {"known_um": 0.0}),
        ("pixels", {"pixels": 2.0}),
        ("objective", {"objective": " "}),
        ("valid_days", {"valid_days": 0}),
    ):
        request = {"camera": "USB", "objective": "4x", "width": 1920, "known_um": 100.0, "pixels": 50.0, **other}
        assert house.refusal(contract.AddCalibration(**request)).body.field == field


def test_uploads_that_nobody_goes_on_with_are_forgotten(house: MediaHouse) -> None:
    keys = [a_key(), a_key()]
    for key in keys:
        house.call(contract.BeginMedia(key=key, facts=facts(kind=MediaKind.VOICE, media_type="audio/flac")))
        house.call(contract.AppendMedia(key=key, offset=0, data=flac()))
    house.clock.present = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
    assert house.keeping.forget_old() == "0 uploads forgotten."
    house.clock.present += dt.timedelta(days=31)
    assert house.keeping.forget_old() == "2 uploads forgotten."
    assert not house.uploads.path(keys[0]).exists()
    assert house.refusal(contract.AppendMedia(key=keys[0], offset=0, data=b"x")).body.code is ErrorCode.NOT_FOUND


def test_a_picture_with_too_many_pixels_is_refused_unseen(house: MediaHouse) -> None:
    head = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR" + (11_000).to_bytes(4, "big") * 2 + bytes(20)
    request = contract.AddMedia(key=a_key(), facts=facts(media_type="image/png"), data=head)
    assert house.refusal(request).body.field == "data"


def test_captures_are_copied_into_another_case_once(house: MediaHouse) -> None:
    first = added(house, specimen_id=10, caption="溃疡")
    processed = added(house, shade=120, parent_id=first.id, steps=("反相",))
    house.call(contract.AddMedia(key=a_key(), facts=facts(kind=MediaKind.VOICE, media_type="audio/flac"), data=flac()))
    house.call(contract.MarkMedia(case_id=CASE, media_ids=(processed.id,), marked=True))

    def copy() -> int:
        with house.database.write() as uow:
            return house.service.copy(uow, OTHER_DOCTOR, CASE, OTHER_CASE, "2600001")

    assert copy() == 3
    assert copy() == 0  # the same again adds nothing
    with house.database.read() as uow:
        picture, child, voice = house.service.strip(uow, OTHER_CASE)
        assert house.service.read(uow, picture.id) == jpeg()
    assert picture.facts.caption == "溃疡（自 2600001）" and picture.facts.specimen_id is None
    assert child.facts.parent_id == picture.id and child.marked
    assert (picture.taken_by, voice.kind) == (DOCTOR.name, MediaKind.VOICE)
    while house.runner.run_one():
        pass
    assert len(house.archive.stored) == 4  # two pictures, and their copies in the other study
    house.cases.locked.add(OTHER_CASE)
    added(house, shade=140)
    with pytest.raises(Refusal):
        copy()
