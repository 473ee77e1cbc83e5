"""One web door with a few studies for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from pydicom.dataset import Dataset

from tests.server.archive.archive_house import a_series
from tests.web_house import WebHouse, a_web_house


@pytest.fixture(scope="module")
def series() -> list[Dataset]:
    """Five CT slices of a Chinese patient."""
    found = a_series(5, 32)
    for number, one in enumerate(found, 1):
        one.SpecificCharacterSet = "GB18030"
        one.PatientName = "Wang^Xiaodong=王^小东"
        one.PatientID = "P1001"
        one.StudyDate = "20260302"
        one.AccessionNumber = "A77"
        one.StudyDescription = "胸部平扫"
        one.InstanceNumber = number
        one.RescaleIntercept, one.RescaleSlope = -1024, 1
        one.WindowCenter, one.WindowWidth = 40, 400
    return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, series: list[Dataset]) -> Iterator[WebHouse]:
    with a_web_house(tmp_path_factory.mktemp("web"), web_origins="https://viewer.example") as made:
        made.keep(series)
        for number in range(4):
            other = a_series(1, 16)
            other[0].PatientID = f"Q{number}"
            other[0].PatientName = f"Test^Number{number}"
            other[0].StudyDate = f"2026010{number + 1}"
            made.keep(other)
        yield made


@pytest.fixture(scope="module")
def web(house: WebHouse) -> Iterator[requests.Session]:
    """A session with a token for everything."""
    with house.session() as session:
        yield session
