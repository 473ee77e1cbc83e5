"""Shared links over real sockets: expiry, password, views, leaving names out, revocation, and who opened them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from pydicom.dataset import Dataset
from sqlalchemy import select, update

from server.kernel.errors import Refusal
from server.sharing.tables import SharedLink, SharedLinkOpening
from shared.contract.sharing import CreatedShare, CreateShare, ShareState
from tests.hospital import a_caller
from tests.server.archive.archive_house import a_series
from tests.web_house import WebHouse, a_web_house

LI = a_caller("doctor", 21)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WebHouse]:
    with a_web_house(tmp_path) as house:
        yield house


@pytest.fixture
def study(house: WebHouse) -> str:
    images = a_series(3)
    house.keep(images)
    return str(images[0].StudyInstanceUID)


def share(house: WebHouse, study_uid: str, **choices: Any) -> CreatedShare:
    with house.database.write() as uow:
        return house.areas.sharing.create(uow, LI, CreateShare(study_uid=study_uid, **choices))


def visitor() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def address(house: WebHouse, made: CreatedShare) -> str:
    return f"{house.root}/s/{made.url.rpartition('/')[2]}"


def outcomes(house: WebHouse, made: CreatedShare) -> list[str]:
    with house.database.read() as uow:
        return [one.outcome for one in house.areas.sharing.openings(uow, made.share.id)]


def pictures(page: str) -> list[str]:
    return re.findall(r'src="(/s/[^"]+\.jpg)"', page)


def test_a_link_shows_the_exam_on_any_browser(house: WebHouse, study: str) -> None:
    made = share(house, study)
    guest, url = visitor(), address(house, made)
    door = guest.get(url)
    assert door.status_code == 200 and "<form" in door.text and not pictures(door.text)
    assert outcomes(house, made) == []  # a preview of a chat program uses nothing up

    page = guest.post(url)
    found = pictures(page.text)
    assert page.status_code == 200 and len(found) == 3 and "width=device-width" in page.text
    assert "script" not in page.text.lower()
    picture = guest.get(house.root + found[1])
    assert picture.headers["content-type"] == "image/jpeg"
    assert min(Image.open(BytesIO(picture.content)).size) > 1
    assert "img-src 'self'" in page.headers["content-security-policy"]
    assert outcomes(house, made) == ["opened"]
    assert visitor().get(house.root + found[1]).status_code == 403  # the address alone is not enough


def test_the_secret_is_not_kept_and_a_wrong_one_leads_nowhere(house: WebHouse, study: str) -> None:
    made = share(house, study)
    token = made.url.rpartition("/")[2]
    with house.database.read() as uow:
        row = uow.session.scalars(select(SharedLink)).one()
        assert token not in repr({name: getattr(row, name) for name in (c.name for c in SharedLink.__table__.columns)})
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x" * 32, "a"):
        assert visitor().get(f"{house.root}/s/{wrong}").status_code in (403, 404)
        assert visitor().post(f"{house.root}/s/{wrong}").status_code in (403, 404, 405)


def test_a_password_is_asked_and_guessing_ends(house: WebHouse, study: str) -> None:
    made = share(house, study, password="correct horse")
    url = address(house, made)
    assert 'type="password"' in visitor().get(url).text
    assert visitor().post(url, data={"password": "wrong"}).status_code == 403
    assert len(pictures(visitor().post(url, data={"password": "correct horse"}).text)) == 3

    for _ in range(9):
        visitor().post(url, data={"password": "wrong"})
    assert "Too many" in visitor().post(url, data={"password": "correct horse"}).text
    assert outcomes(house, made)[0] == "locked" and outcomes(house, made).count("wrong_password") == 10


def test_views_are_counted_and_who_is_inside_may_stay(house: WebHouse, study: str) -> None:
    made = share(house, study, most_views=1)
    guest, url = visitor(), address(house, made)
    found = pictures(guest.post(url).text)
    assert visitor().post(url).status_code == 403
    assert guest.get(house.root + found[0]).status_code == 200 and guest.get(url).status_code == 200
    assert outcomes(house, made) == ["used_up", "opened"]


def test_a_revoked_link_ends_at_once_for_everybody(house: WebHouse, study: str) -> None:
    made = share(house, study)
    guest, url = visitor(), address(house, made)
    found = pictures(guest.post(url).text)
    with house.database.write() as uow:
        assert house.areas.sharing.revoke(uow, made.share.id).state is ShareState.REVOKED
    assert guest.get(house.root + found[0]).status_code == 403
    assert "revoked" in visitor().get(url).text
    with house.database.read() as uow:
        assert [one.state for one in house.areas.sharing.listed(uow, study)] == [ShareState.REVOKED]


def test_an_expired_link_and_an_old_visit_end(house: WebHouse, study: str) -> None:
    made = share(house, study)
    guest, url = visitor(), address(house, made)
    found = pictures(guest.post(url).text)
    now = house.areas.time.now()
    with house.database.write() as uow:
        uow.session.execute(update(SharedLinkOpening).values(at=now - timedelta(hours=3)))
    assert guest.get(house.root + found[0]).status_code == 403
    with house.database.write() as uow:
        uow.session.execute(update(SharedLink).values(expires_at=now - timedelta(seconds=1)))
    assert "expired" in visitor().post(url).text


def test_without_names_nothing_names_the_patient(house: WebHouse) -> None:
    plain, burnt = a_series(2), a_series(1)
    for one in (*plain, *burnt):
        one.PatientName, one.SeriesDescription = "Wang^Wu", "for Wang Wu"
        one.StudyInstanceUID = plain[0].StudyInstanceUID
    burnt[0].BurnedInAnnotation = "YES"
    house.keep([*plain, *burnt])
    study = str(plain[0].StudyInstanceUID)

    named = visitor().post(address(house, share(house, study)))
    hidden = visitor().post(address(house, share(house, study, is_anonymous=True)))

    assert "Wang" in named.text
    assert "Wang" not in hidden.text and study not in hidden.text and str(plain[0].PatientID) not in hidden.text
    assert len(pictures(hidden.text)) == 2


@pytest.mark.parametrize(
    "choices", [{"hours": 0}, {"hours": 24 * 91}, {"password": "short"}, {"most_views": -1}, {"study_uid": "1.2.3"}]
)
def test_what_makes_no_sense_is_refused(house: WebHouse, study: str, choices: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        share(house, **{"study_uid": study, **choices})


def test_a_page_escapes_what_files_say(house: WebHouse) -> None:
    images: list[Dataset] = a_series(1)
    images[0].PatientName, images[0].SeriesDescription = "<b>Evil</b>", "<script>x</script>"
    house.keep(images)
    page = visitor().post(address(house, share(house, str(images[0].StudyInstanceUID)))).text
    assert "<b>" not in page and "<script" not in page and "&lt;b&gt;Evil" in page
