"""Who may use DICOMweb, and what web pages may do with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from server.audit.tables import AuditEntryRow
from server.doors.web.dicomweb import calls
from shared.contract.access import AccessScope
from tests.web_house import WebHouse, a_web_house

PATHS = ("/studies", "/studies/1.2/metadata", "/wado?requestType=WADO", "/workitems", "/studies/1.2/series/3/rendered")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic YWRtaW46YWRtaW4=", "Bearer mj_wrong"])
def test_nobody_comes_in_without_a_token(house: WebHouse, path: str, header: str | None) -> None:
    answer = requests.get(house.base + path, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_scopes_open_what_they_name(house: WebHouse) -> None:
    with house.session(house.new_token("reader", AccessScope.READ)) as reader:
        assert reader.get(f"{house.base}/studies").status_code == 200
        assert reader.get(f"{house.base}/workitems").status_code == 403
        kind = {"Content-Type": "application/dicom"}
        assert reader.post(f"{house.base}/studies", data=b"x", headers=kind).status_code == 403
    with house.session(house.new_token("storer", AccessScope.STORE)) as storer:
        assert storer.get(f"{house.base}/studies").status_code == 403
        assert storer.post(f"{house.base}/studies", data=b"x", headers=kind).status_code == 409


def test_a_revoked_token_stops_working(house: WebHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    token = house.new_token("short-lived", AccessScope.READ)
    with house.session(token) as session:
        assert session.get(f"{house.base}/studies").status_code == 200
        with house.database.write() as uow:
            (view,) = [one for one in house.areas.access.list(uow) if one.name == "short-lived"]
            house.areas.access.revoke(uow, view.id)
        assert session.get(f"{house.base}/studies").status_code == 401


def test_a_signed_in_person_may_read(house: WebHouse) -> None:
    house.areas.identity.create_user("li", "李医生", "long enough 1", ("doctor",))
    house.areas.identity.create_user("hall", "大屏", "long enough 1", ("display",))
    opened = house.areas.identity.login("li", "long enough 1", "web", "127.0.0.1")
    with house.session(opened.token) as session:
        assert session.get(f"{house.base}/studies").status_code == 200
        assert session.post(f"{house.base}/studies", data=b"x").status_code == 403
    display = house.areas.identity.login("hall", "long enough 1", "web", "127.0.0.1")
    with house.session(display.token) as session:
        assert session.get(f"{house.base}/studies").status_code == 403


def test_reading_and_refusing_are_audited(house: WebHouse, web: requests.Session) -> None:
    web.get(f"{house.base}/studies?PatientID=AUDITED")
    requests.get(f"{house.base}/studies")
    house.audit._write()
    with house.database.read() as uow:
        rows = uow.session.scalars(select(AuditEntryRow)).all()
    assert any(row.user == "token:tests" and row.method == "web.search" and row.outcome == "ok" for row in rows)
    assert any(row.user == "" and row.outcome == "401" and row.audit_class == "security" for row in rows)
    assert not any("AUDITED" in f"{row.subject} {row.method}" for row in rows)


def test_this_machine_may_read_only_when_the_setting_says_so(tmp_path: Path) -> None:
    with a_web_house(tmp_path, web_loopback_free=True) as house:
        assert requests.get(f"{house.base}/studies").status_code in (200, 204)
        assert requests.post(f"{house.base}/studies", data=b"x").status_code == 403
        for header in (
            {"X-Forwarded-For": "10.0.0.9"},
            {"Origin": "https://evil.example"},
            {"Host": "evil.example"},
            {"Authorization": "Bearer wrong"},
        ):
            assert requests.get(f"{house.base}/studies", headers=header).status_code == 401, header


def test_web_pages_of_listed_origins_only(house: WebHouse, web: requests.Session) -> None:
    ask = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    mine = requests.options(f"{house.base}/studies", headers={**ask, "Origin": "https://viewer.example"})
    assert mine.status_code == 204
    assert mine.headers["access-control-allow-origin"] == "https://viewer.example"
    other = requests.options(f"{house.base}/studies", headers={**ask, "Origin": "https://evil.example"})
    assert other.status_code == 403
    assert "access-control-allow-origin" not in other.headers
    answer = web.get(f"{house.base}/studies", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    answer = web.get(f"{house.base}/studies", headers={"Origin": "https://viewer.example"})
    assert answer.headers["access-control-allow-origin"] == "https://viewer.example"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_tokens_expire_and_are_kept_hashed(house: WebHouse) -> None:
    from server.access.rules import is_live
    from server.access.tables import ApiToken

    token = house.new_token("hashed", AccessScope.READ)
    with house.database.read() as uow:
        row = uow.session.scalars(select(ApiToken).where(ApiToken.name == "hashed")).one()
    assert token not in (row.token_hash, row.hint)
    assert row.expires_at is not None
    assert is_live(row.expires_at - timedelta(seconds=1), row.expires_at, None)
    assert not is_live(row.expires_at, row.expires_at, None)


def test_addresses_are_built_from_what_the_client_said(house: WebHouse, web: requests.Session) -> None:
    named = web.get(f"{house.base}/studies?limit=1", headers={"Host": "pacs.example:8443"}).json()
    assert named[0]["00081190"]["Value"][0].startswith("http://pacs.example:8443/dicom-web/studies/")
    bad = web.get(f"{house.base}/studies?limit=1", headers={"Host": 'x"><script>'})
    assert bad.status_code == 400
    assert calls.MAX_PARAMETERS < 1000


def test_capabilities_are_described(house: WebHouse) -> None:
    """PS3.18 8.9: WADL for programs; each resource says what may be done with it (RFC 9110 9.3.7)."""
    from xml.etree import ElementTree

    root = f"{house.base}/"
    short = requests.options(root)
    assert "STOW-RS" in short.json()["services"]
    wadl = requests.options(root, headers={"Accept": "application/vnd.sun.wadl+xml"})
    assert wadl.headers["content-type"] == "application/vnd.sun.wadl+xml"
    space = "{http://wadl.dev.java.net/2009/02}"
    resources = ElementTree.fromstring(wadl.content).find(f"{space}resources")
    assert resources is not None
    assert resources.get("base") == root
    found = {
        one.get("path"): {method.get("name") for method in one.findall(f"{space}method")}
        for one in resources.findall(f"{space}resource")
    }
    assert found["studies"] == {"GET", "POST"}
    assert found["studies/{study}/series/{series}/instances/{instance}/frames/{frames}"] == {"GET"}
    assert found["workitems/{workitem}/state"] == {"PUT"}
    assert requests.options(root, headers={"Accept": "text/html"}).status_code == 406
    allowed = requests.options(f"{house.base}/studies")
    assert (allowed.status_code, allowed.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert requests.options(f"{house.base}/nothing").status_code == 404
