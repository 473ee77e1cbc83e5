"""Codes: an outside scanner library reads what the modules say."""

from __future__ import annotations

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.paper.codes import BarcodeError, code128, data_matrix, qr_matrix, row_runs


def read(rows: tuple[tuple[bool, ...], ...]) -> str:
    picture = np.kron(np.pad(~np.array(rows), 4, constant_values=True), np.ones((4, 4))).astype(np.uint8) * 255
    return "|".join(code.text for code in zxingcpp.read_barcodes(picture))


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=150))
def test_a_data_matrix_of_any_ascii_is_read(text: str) -> None:
    assert read(data_matrix(text)) == text


@pytest.mark.parametrize("text", ["张三", "欧阳𠮷祥 P0000123", "é", "0", "00", "000"])
def test_square_codes_of_chinese_and_digits_are_read(text: str) -> None:
    assert read(data_matrix(text)) == text
    assert read(qr_matrix(text)) == text


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=24))
def test_bars_of_any_ascii_are_read(text: str) -> None:
    bars = code128(text)
    row = np.full((40, (bars.modules + 24) * 3), 255, np.uint8)
    for start, length in bars.runs:
        row[:, (12 + start) * 3 : (12 + start + length) * 3] = 0
    assert [code.text for code in zxingcpp.read_barcodes(row)] == [text]


@pytest.mark.parametrize("make", [code128, qr_matrix, data_matrix])
def test_an_empty_text_is_refused(make: object) -> None:
    with pytest.raises(BarcodeError):
        make("")  # type: ignore[operator]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(BarcodeError):
        data_matrix("x" * 200)
    with pytest.raises(BarcodeError):
        qr_matrix("x" * 5000)
    with pytest.raises(BarcodeError):
        code128("张三")


def test_neighbouring_squares_are_one_run() -> None:
    assert row_runs((True, True, False, True)) == [(0, 2), (3, 1)]
