"""The portable reader in a real browser, opened from the disk as from a stick."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from shared.contract.exchange import Identity, Packing
from shared.dicomkit.headers import to_bytes
from tests.server.archive.archive_house import a_series, an_object
from tests.server.archive.exchange.exchange_house import ExchangeHouse, a_picture

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def dom_of(page: Path, profile: Path, anchor: str = "") -> tuple[str, str]:
    """The page's elements once its scripts are done, and what the browser's console said."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"]
    command += [f"--user-data-dir={profile}", "--virtual-time-budget=8000", "--dump-dom", page.as_uri() + anchor]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return done.stdout, said


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_browser_shows_the_images_from_the_disk(exchange: ExchangeHouse, tmp_path: Path, language: str) -> None:
    evil = "<img src=x onerror=alert(1)>"
    files = {f"{n}": to_bytes(one) for n, one in enumerate(a_series(12, 64, study_uid="1.2.9"))}
    exchange.bring_in(files)
    exchange.bring_in({"x": to_bytes(an_object(StudyInstanceUID="1.2.10", SeriesDescription=evil))})
    exchange.bring_in({"a.jpg": a_picture()}, identity=Identity.EXAM, exam_id=1)
    view = exchange.export(
        study_uids=("1.2.9", "1.2.10", "2.25.777"), packing=Packing.MEDIA, viewer=True, language=language
    )
    place = tmp_path / "stick"
    with zipfile.ZipFile(exchange.made(view)) as archive:
        archive.extractall(place)
    overview, said = dom_of(place / "INDEX.HTM", tmp_path / "profile")
    assert said == ""
    assert "VIEWER/VIEW.HTM#s0" in overview
    assert "<img src" not in overview
    page, said = dom_of(place / "VIEWER" / "VIEW.HTM", tmp_path / "profile", "#s0")
    assert said == ""
    assert len(re.findall(r'class="series(?: on)?"', page)) == 3
    assert re.search(r'id="br">[^<]* 7 / 12<', page)
    assert re.search(r'id="bl">W \d+ {1,2}L -?\d+<', page)
    assert evil not in page
    page, said = dom_of(place / "VIEWER" / "VIEW.HTM", tmp_path / "profile", "#s2")
    assert said == ""
    assert re.search(r'id="br">[^<]* 1 / 1<', page)
