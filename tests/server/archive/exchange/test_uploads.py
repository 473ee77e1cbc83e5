"""Uploads: appended, found again, proven, and nobody else's."""

from __future__ import annotations

import hashlib

import pytest

from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from tests.server.archive.exchange.exchange_house import ExchangeHouse

DATA = bytes(range(256)) * 40
DIGEST = hashlib.sha256(DATA).hexdigest()


def test_an_upload_goes_on_where_it_was_cut(exchange: ExchangeHouse) -> None:
    uploads = exchange.uploads
    first = uploads.begin(1, "a.dcm", len(DATA), DIGEST)
    assert uploads.put(1, first.id, 0, DATA[:1000]).offset == 1000
    again = uploads.begin(1, "a.dcm", len(DATA), DIGEST)
    assert (again.id, again.offset) == (first.id, 1000)
    # a chunk that comes twice, and one that leaves a gap, change nothing
    assert uploads.put(1, first.id, 0, DATA[:1000]).offset == 1000
    assert uploads.put(1, first.id, 2000, DATA[2000:3000]).offset == 1000
    assert uploads.put(1, first.id, 1000, DATA[1000:]).offset == len(DATA)
    assert uploads.finish(1, first.id).is_whole
    assert uploads.path(first.id).read_bytes() == DATA


def test_a_damaged_upload_begins_again(exchange: ExchangeHouse) -> None:
    uploads = exchange.uploads
    view = uploads.begin(1, "a.dcm", 4, hashlib.sha256(b"good").hexdigest())
    uploads.put(1, view.id, 0, b"evil")
    with pytest.raises(Refusal) as refused:
        uploads.finish(1, view.id)
    assert refused.value.body.code is ErrorCode.INVALID
    assert uploads.begin(1, "a.dcm", 4, hashlib.sha256(b"good").hexdigest()).offset == 0


@pytest.mark.parametrize(
    ("size", "digest", "code"),
    [(0, DIGEST, ErrorCode.INVALID), (1 << 50, DIGEST, ErrorCode.INVALID), (5, "../../x", ErrorCode.INVALID)],
)
def test_an_impossible_announcement_is_refused(
    exchange: ExchangeHouse, size: int, digest: str, code: ErrorCode
) -> None:
    with pytest.raises(Refusal) as refused:
        exchange.uploads.begin(1, "x", size, digest)
    assert refused.value.body.code is code


def test_more_than_was_announced_is_refused(exchange: ExchangeHouse) -> None:
    view = exchange.uploads.begin(1, "x", 10, DIGEST)
    with pytest.raises(Refusal) as refused:
        exchange.uploads.put(1, view.id, 0, b"x" * 11)
    assert refused.value.body.code is ErrorCode.TOO_LARGE
    assert exchange.uploads.path(view.id).stat().st_size == 0


def test_nobody_touches_anothers_upload(exchange: ExchangeHouse) -> None:
    view = exchange.uploads.begin(1, "x", 10, DIGEST)
    for attempt in (
        lambda: exchange.uploads.put(2, view.id, 0, b"x"),
        lambda: exchange.uploads.finish(2, view.id),
        lambda: exchange.uploads.drop(2, view.id),
    ):
        with pytest.raises(Refusal) as refused:
            attempt()
        assert refused.value.body.code is ErrorCode.NOT_FOUND
    exchange.uploads.drop(1, view.id)
    assert not exchange.uploads.path(view.id).exists()


def test_files_that_no_row_names_are_forgotten(exchange: ExchangeHouse) -> None:
    view = exchange.uploads.begin(1, "x", 10, DIGEST)
    stray = exchange.uploads.path(999)
    stray.write_bytes(b"left by a crash")
    assert exchange.uploads.forget_old() == 1
    assert not stray.exists()
    assert exchange.uploads.path(view.id).exists()
