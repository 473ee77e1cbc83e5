"""Photographed applications on the server: kept durably, in order, within bounds, removable and restorable."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.attachments.rules import NotAPicture, picture_of
from server.kernel.errors import Refusal
from shared.contract.attachments import (
    MAX_ATTACHMENT_BYTES,
    MAX_PAGES,
    AddAttachment,
    ListAttachments,
    RemoveAttachment,
    RestoreAttachment,
)
from shared.contract.errors import ErrorCode
from shared.contract.exams import CancelExam, GetExam
from tests.hospital import CLERK, Hospital


def a_jpeg(shade: int = 200, width: int = 60, height: int = 80, suffix: str = ".jpg") -> bytes:
    done, data = cv2.imencode(suffix, np.full((height, width, 3), shade, np.uint8))
    assert done
    return data.tobytes()


def test_pages_are_kept_in_order_and_counted_in_lists(hospital: Hospital) -> None:
    exam = hospital.registered()
    first = hospital.call(AddAttachment(exam_id=exam.row.id, data=a_jpeg(10)), CLERK)
    second = hospital.call(AddAttachment(exam_id=exam.row.id, data=a_jpeg(20, suffix=".png")), CLERK)
    assert (first.page, first.media_type, first.width, first.height) == (1, "image/jpeg", 60, 80)
    assert (second.page, second.media_type, second.created_by) == (2, "image/png", "clerk-11")
    assert hospital.call(ListAttachments(exam_id=exam.row.id)) == (first, second)
    assert hospital.call(GetExam(exam_id=exam.row.id)).row.paper_pages == 2
    with hospital.read() as uow:
        assert hospital.attachments.open(uow, first.id) == a_jpeg(10)


def test_the_same_page_sent_twice_is_one_page(hospital: Hospital) -> None:
    exam = hospital.registered()
    request = AddAttachment(exam_id=exam.row.id, data=a_jpeg())
    assert hospital.call(request) == hospital.call(request)
    assert len(hospital.call(ListAttachments(exam_id=exam.row.id))) == 1


def test_a_removed_page_is_gone_and_can_be_brought_back(hospital: Hospital) -> None:
    exam = hospital.registered()
    page = hospital.call(AddAttachment(exam_id=exam.row.id, data=a_jpeg()))
    assert hospital.call(RemoveAttachment(attachment_id=page.id)) == ()
    assert hospital.call(RemoveAttachment(attachment_id=page.id)) == ()
    with hospital.read() as uow, pytest.raises(Refusal) as refused:
        hospital.attachments.open(uow, page.id)
    assert refused.value.body.code is ErrorCode.NOT_FOUND
    assert hospital.call(RestoreAttachment(attachment_id=page.id)) == (page,)


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", b"%PDF-1.7", b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\nIHDR", a_jpeg()[:40]],
)
def test_what_is_no_picture_is_refused(small_hospital: Hospital, data: bytes) -> None:
    exam = small_hospital.registered()
    with pytest.raises(Refusal) as refused:
        small_hospital.call(AddAttachment(exam_id=exam.row.id, data=data))
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, "data")


def test_bounds_of_size_and_number_hold(small_hospital: Hospital) -> None:
    exam = small_hospital.registered()
    with pytest.raises(Refusal, match="MB"):
        small_hospital.call(AddAttachment(exam_id=exam.row.id, data=a_jpeg() + bytes(MAX_ATTACHMENT_BYTES)))
    for shade in range(MAX_PAGES):
        small_hospital.call(AddAttachment(exam_id=exam.row.id, data=a_jpeg(shade * 10)))
    with pytest.raises(Refusal, match="最多"):
        small_hospital.call(AddAttachment(exam_id=exam.row.id, data=a_jpeg(255)))


def test_a_cancelled_or_unknown_exam_takes_no_page(small_hospital: Hospital) -> None:
    exam = small_hospital.registered()
    small_hospital.call(CancelExam(exam_id=exam.row.id, version=exam.version))
    with pytest.raises(Refusal) as cancelled:
        small_hospital.call(AddAttachment(exam_id=exam.row.id, data=a_jpeg()))
    assert cancelled.value.body.code is ErrorCode.ILLEGAL_ACTION
    with pytest.raises(Refusal) as unknown:
        small_hospital.call(AddAttachment(exam_id=999, data=a_jpeg()))
    assert unknown.value.body.code is ErrorCode.NOT_FOUND


@given(st.binary(max_size=200))
def test_no_bytes_upset_the_reader_of_headers(data: bytes) -> None:
    for start in (b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n"):
        try:
            picture = picture_of(start + data)
        except NotAPicture:
            continue
        assert picture.width > 0 and picture.height > 0
