"""The paper application: pages survive a crash, reach their exam over a broken line, can be taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from clients.kit.camera.paper import from_jpeg
from clients.kit.camera.virtual_cameras import VirtualCameras
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.sealed_files import SealedFiles
from clients.registration.paper.outbox import PaperOutbox
from clients.registration.paper.presenter import PaperPresenter
from shared.contract.attachments import MAX_PAGES, AddAttachment
from shared.contract.errors import EnvironmentTrouble, ErrorBody, ErrorCode, error_for


def a_photo(shade: int = 60) -> Any:
    photo = np.full((480, 640, 3), shade, np.uint8)
    photo[60:420, 200:460] = 235
    photo[80:100, 230:300] = 10
    return photo


class Line:
    """Takes pages, or fails as told."""

    def __init__(self) -> None:
        self.sent: list[AddAttachment] = []
        self.failure: Exception | None = None

    def call(self, request: Any) -> Any:
        if self.failure is not None:
            raise self.failure
        self.sent.append(request)
        return None


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.line = Line()
        self.messages = CollectedMessages()
        self.settings: dict[str, Any] = {}
        self.waiting: list[Any] = []
        self.arrived: list[int] = []
        self.outbox = PaperOutbox(SealedFiles(folder))
        self.cameras = VirtualCameras([a_photo()])
        self.presenter = self.again()

    def get(self, key: str, default: Any = None) -> Any:
        return self.settings.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.settings[key] = value

    def again(self) -> PaperPresenter:
        """The workstation starts, perhaps after a crash."""

        def later(_seconds: float, callback: Any) -> Any:
            self.waiting.append(callback)
            return lambda: None

        self.presenter = PaperPresenter(
            self.line,
            ImmediateRunner(),
            self.messages,
            self.outbox,
            self.cameras,
            self,
            later,
            on_sent=self.arrived.append,
        )
        self.presenter.start()
        return self.presenter

    @property
    def state(self) -> Any:
        return self.presenter.state

    @property
    def said(self) -> str:
        return self.messages.said[-1].text if self.messages.said else ""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


OFFLINE = EnvironmentTrouble(ErrorBody(code=ErrorCode.OFFLINE, message="the server does not answer"))


def test_the_camera_used_last_is_chosen(desk: Desk) -> None:
    desk.presenter.open_for(None)
    assert (desk.state.device, desk.state.live) == ("virtual", True)
    desk.presenter.camera_failed("摄像头已断开，请检查连接线。")
    assert not desk.state.live
    assert "断开" in desk.state.trouble
    desk.presenter.try_again()
    assert (desk.state.live, desk.state.trouble) == (True, "")


def test_a_photographed_sheet_is_cut_out_and_kept(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    (page,) = desk.state.pages
    assert page.found
    height, width = from_jpeg(page.jpeg).shape[:2]
    assert abs(width / height - 260 / 360) < 0.03
    assert desk.outbox.pages() == ((page.key, page.jpeg),)


def test_what_lies_on_disk_cannot_be_read_without_the_key(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    files = [path for path in desk.folder.iterdir() if path.suffix == ".sealed"]
    assert len(files) == 1
    assert b"JFIF" not in files[0].read_bytes()


def test_pages_survive_a_crash(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    desk.presenter.take(a_photo(80))
    before = [page.jpeg for page in desk.state.pages]
    desk.again()
    assert [page.jpeg for page in desk.state.pages] == before


def test_the_pages_of_a_registered_booking_reach_its_exam_in_order(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    desk.presenter.take(a_photo(80))
    pages = [page.jpeg for page in desk.state.pages]
    desk.presenter.registered(7)
    assert [(request.exam_id, request.data) for request in desk.line.sent] == [(7, page) for page in pages]
    assert (desk.state.pages, desk.state.waiting, desk.arrived) == ((), 0, [7, 7])
    assert desk.outbox.waiting() == ()


def test_a_broken_line_keeps_the_pages_and_sends_them_later_even_after_a_crash(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    desk.line.failure = OFFLINE
    desk.presenter.registered(7)
    assert desk.state.waiting == 1
    assert "暂存在本机" in desk.said
    desk.waiting.pop()()
    assert len(desk.messages.said) == 1  # said once, not with every attempt
    desk.line.failure = None
    desk.again()
    assert [request.exam_id for request in desk.line.sent] == [7]
    assert desk.state.waiting == 0


def test_a_page_that_the_server_will_never_take_does_not_block_the_next(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    desk.line.failure = error_for(ErrorBody(code=ErrorCode.ILLEGAL_ACTION, message="登记已取消。"))
    desk.presenter.registered(7)
    assert desk.outbox.waiting() == ()
    assert desk.state.waiting == 0


def test_a_page_for_a_registered_exam_goes_there_at_once(desk: Desk) -> None:
    desk.presenter.open_for(9)
    desk.presenter.take(a_photo())
    assert [request.exam_id for request in desk.line.sent] == [9]
    assert desk.state.pages == ()


def test_corners_are_moved_by_hand(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    key = desk.state.pages[0].key
    desk.presenter.correct(key)
    original = desk.presenter.original(key)
    assert original is not None and desk.state.correcting == key
    desk.presenter.apply_corners(original[1].moved(2, (330.0, 419.0)).moved(1, (330.0, 60.0)))
    assert desk.state.correcting == ""
    height, width = from_jpeg(desk.state.pages[0].jpeg).shape[:2]
    assert width < height / 2


def test_a_turned_page_is_still_turned_after_its_corners_are_moved(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    key = desk.state.pages[0].key
    desk.presenter.turn(key)
    turned_height, turned_width = from_jpeg(desk.state.pages[0].jpeg).shape[:2]
    assert turned_width > turned_height
    original = desk.presenter.original(key)
    assert original is not None
    desk.presenter.correct(key)
    desk.presenter.apply_corners(original[1])
    height, width = from_jpeg(desk.state.pages[0].jpeg).shape[:2]
    assert width > height


def test_a_page_is_taken_again_in_its_place(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    desk.presenter.take(a_photo(80))
    first, second = desk.state.pages
    desk.presenter.retake(first.key)
    desk.presenter.take(a_photo(100))
    assert [page.key for page in desk.state.pages] == [first.key, second.key]
    assert desk.state.pages[0].jpeg != first.jpeg
    assert desk.state.retaking == ""


def test_a_removed_page_comes_back_to_its_place(desk: Desk) -> None:
    for shade in (60, 80, 100):
        desk.presenter.take(a_photo(shade))
    keys = [page.key for page in desk.state.pages]
    desk.presenter.remove(keys[1])
    assert [page.key for page in desk.state.pages] == [keys[0], keys[2]]
    desk.messages.undo_offers[-1][1]()
    assert [page.key for page in desk.state.pages] == keys
    assert [key for key, _data in desk.outbox.pages()] == keys


def test_clearing_the_booking_takes_the_pages_and_undo_brings_them_back(desk: Desk) -> None:
    desk.presenter.take(a_photo())
    undo = desk.presenter.cleared()
    assert (desk.state.pages, desk.outbox.pages()) == ((), ())
    undo()
    assert len(desk.state.pages) == len(desk.outbox.pages()) == 1


def test_no_more_pages_than_the_server_takes(desk: Desk) -> None:
    desk.presenter.take_all([a_photo()] * (MAX_PAGES + 1))
    assert desk.state.pages == ()
    assert str(MAX_PAGES) in desk.said


def test_files_and_the_scanners_folder_are_imported_and_a_bad_file_is_named(desk: Desk, tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    desk.presenter.import_scan()
    assert "没有设置" in desk.said
    desk.presenter.set_scan_folder(str(scans))
    desk.presenter.import_scan()
    assert "没有图片" in desk.said
    cv2.imwrite(str(scans / "a.png"), a_photo())
    desk.presenter.import_scan()
    assert len(desk.state.pages) == 1
    (scans / "b.jpg").write_bytes(b"no picture")
    desk.presenter.import_files([scans / "b.jpg", scans / "a.png"])
    assert len(desk.state.pages) == 2
    assert any("不是可用的图片" in message.text for message in desk.messages.said)
