"""A case goes to another server and back without loss; whatever does not follow the format changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from sqlalchemy import func, select, text

from server.kernel.errors import Refusal
from server.pathology.cases.tables import CaseRow
from server.pathology.exchange.records import BY_NAME, KINDS
from server.pathology.orders.tables import OrderRow
from shared.contract import pathology_exchange as contract
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_technique as technique
from shared.contract.errors import ErrorCode
from shared.contract.pathology import CaseEntry, ListCases, ListLibraries, OpenCase, RegisterCase
from shared.contract.pathology_media import AddMedia, MediaFacts
from shared.contract.pathology_orders import PlaceOrders
from shared.contract.pathology_reports import Open, OpinionText
from shared.domain.pathology import OpinionKind, OrderKind
from shared.domain.pathology_media import MediaKind, MediaSubject
from tests.server.pathology.reports.report_room import Room


def _room(folder: Path) -> Room:
    made = Room(folder)
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    return made


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = _room(tmp_path_factory.mktemp("here"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = _room(tmp_path_factory.mktemp("there"))
    made.user("pathology_admin", "someone-else-first")  # so that ids differ
    yield made
    made.close()


@pytest.fixture(scope="module")
def package(here: Room) -> tuple[int, contract.Manifest, bytes]:
    """A case with blocks, slides, an order, opinions and two captures, exported."""
    boss = here.user("administrator", "boss")
    library = here.ask(boss, ListLibraries())[0]
    entry = CaseEntry(patient_name="欧阳𠮷祥", age="45岁", department="胃肠外科", hospital_patient_id="P77")
    made = here.ask(
        boss,
        RegisterCase(library_id=library.id, entry=entry, specimens=(technique.SpecimenEntry(name="胃窦黏膜"),)),
    )
    case_id = made.case.id
    here.ask(boss, technique.AcceptSpecimens(specimen_ids=(made.specimens[0].id,)))
    rows = tuple(technique.BlockEntry(serial=one, site="胃窦", pieces=2) for one in "AB")
    grosser, technician = here.user("pathology_grosser"), here.user("pathology_technician")
    blocks = here.ask(grosser, technique.AddBlocks(case_id=case_id, rows=rows)).blocks
    ids = tuple(block.id for block in blocks)
    here.ask(technician, technique.VerifyBlocks(checks=tuple(technique.PieceCheck(block_id=one) for one in ids)))
    here.ask(technician, technique.EmbedBlocks(block_ids=ids))
    here.ask(
        technician,
        preparation.SectionBlocks(plans=tuple(preparation.SectionPlan(block_id=one, sections=2) for one in ids)),
    )
    slides = here.ask(boss, OpenCase(case_id=case_id)).slides
    here.ask(here.user("pathology_chief"), PlaceOrders(case_id=case_id, kind=OrderKind.DEEPER, block_ids=ids[:1]))
    for place, colour in enumerate(("red", "blue")):
        picture = BytesIO()
        Image.new("RGB", (64, 48), colour).save(picture, "PNG")
        facts = MediaFacts(
            case_id=case_id,
            kind=MediaKind.IMAGE,
            subject=MediaSubject.MICROSCOPE,
            media_type="image/png",
            slide_id=slides[0].id,
            taken_at=made.case.registered_at,
        )
        here.ask(boss, AddMedia(key=f"{place:032x}", facts=facts, data=picture.getvalue()))
    text_of = OpinionText(findings="异型腺体", diagnosis="（胃窦）慢性胃炎。")
    here.write(here.user("pathology_chief"), case_id, OpinionKind.CHIEF, text_of)
    manifest, records = here.ask(boss, contract.ExportCase(case_id=case_id))
    return case_id, manifest, records


def _send(here: Room, there: Room, case_id: int, manifest: contract.Manifest, records: bytes) -> int:
    """What the workstation does: check, send what is missing in pieces, import."""
    boss, other = here.user("administrator", "boss"), there.user("administrator", "chief")
    plain = msgspec.json.encode(manifest)
    plan = there.ask(other, contract.CheckImport(manifest=plain, records=records))
    sizes = {one.sha256: one.size for one in manifest.files}
    for sha256 in plan.missing:
        whole, offset = b"", 0
        while offset < sizes[sha256]:
            whole += here.ask(boss, contract.ReadFile(case_id=case_id, sha256=sha256, offset=offset))
            offset = len(whole)
        for start in range(0, len(whole), 100):
            there.ask(
                other,
                contract.SendFile(sha256=sha256, size=len(whole), offset=start, data=whole[start : start + 100]),
            )
    new_id: int = there.ask(other, contract.ImportCase(manifest=plain, records=records))
    return new_id


def _normal(records: bytes) -> dict[str, list[dict[str, Any]]]:
    """Tables with ids replaced by places, and without what an import may change."""
    tables = json.loads(records)["tables"]
    places = {
        name: {row["id"]: place for place, row in enumerate(rows, 1)}
        for name, rows in tables.items()
        if rows and "id" in rows[0]
    }
    for kind in KINDS:
        for row in tables[kind.name]:
            for column, target in {**kind.refs, **kind.later}.items():
                row[column] = places.get(target, {}).get(row[column], row[column])
            for column in kind.people:
                row[column] = abs(row[column]) if row[column] is not None else None
            for column in ("id", "key", "object_id", *kind.blank):
                row.pop(column, None)
    tables["pathology_events"] = [
        row for row in tables["pathology_events"] if row["action"] not in ("import", "export")
    ]
    case = tables["pathology_cases"][0]
    case.pop("revision")
    for clock in tables["pathology_report_clocks"]:
        clock.pop("due_at"), clock.pop("warn_at")
    return tables  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def imported(here: Room, there: Room, package: tuple[int, contract.Manifest, bytes]) -> int:
    return _send(here, there, *package)


def test_an_exported_case_comes_back_without_loss(
    here: Room, there: Room, package: tuple[int, contract.Manifest, bytes], imported: int
) -> None:
    _case_id, manifest, records = package
    again, same = there.ask(there.user("administrator", "chief"), contract.ExportCase(case_id=imported))
    assert _normal(same) == _normal(records)
    assert {one.sha256 for one in again.files[1:]} == {one.sha256 for one in manifest.files[1:]}
    filled = {name for name, rows in _normal(records).items() if rows}
    assert {"pathology_slides", "pathology_orders", "pathology_media", "pathology_opinion_texts"} <= filled


def test_the_imported_case_opens_is_found_and_goes_on(there: Room, imported: int, here: Room, package: Any) -> None:
    boss = there.user("administrator", "chief")
    details = there.ask(boss, OpenCase(case_id=imported))
    before = here.ask(here.user("administrator", "boss"), OpenCase(case_id=package[0]))
    assert [one.number for one in details.slides] == [one.number for one in before.slides]
    assert details.case.state == before.case.state
    assert details.case.entry.patient_name == "欧阳𠮷祥"
    page = there.ask(boss, Open(case_id=imported))
    assert any(one.text.diagnosis == "（胃窦）慢性胃炎。" for one in page.opinions)
    from shared.contract.pathology import CaseFilter

    assert there.ask(boss, ListCases(filter=CaseFilter(text="P77"))).total == 1
    order = preparation.SectionBlocks(plans=(preparation.SectionPlan(block_id=details.grossing.blocks[0].id),))
    with there.database.read() as uow:
        waiting = uow.session.scalar(select(OrderRow.block_id).where(OrderRow.case_id == imported))
    assert waiting == details.grossing.blocks[0].id
    assert order is not None


def test_the_trail_says_where_the_case_came_from(there: Room, imported: int) -> None:
    with there.database.read() as uow:
        notes = uow.session.execute(
            text("SELECT note FROM pathology_events WHERE case_id = :id AND action = 'import'"), {"id": imported}
        ).scalars()
        assert any("boss" in note for note in notes)


def test_a_second_import_is_refused_and_changes_nothing(there: Room, package: Any, imported: int) -> None:
    _case_id, manifest, records = package
    ask = contract.ImportCase(manifest=msgspec.json.encode(manifest), records=records)
    with pytest.raises(Refusal) as caught:
        there.ask(there.user("administrator", "chief"), ask)
    assert caught.value.body.code is ErrorCode.CONFLICT
    assert manifest.number in caught.value.body.message
    assert imported > 0


def _counts(room: Room) -> dict[str, int]:
    with room.database.read() as uow:
        return {
            name: uow.session.execute(select(func.count()).select_from(kind.table)).scalar_one()
            for name, kind in BY_NAME.items()
        }


def _changed(change: Callable[[dict[str, Any]], None]) -> Callable[[contract.Manifest, bytes], tuple[bytes, bytes]]:
    """A package with other records, the manifest's hash made to fit; another number, so that only the fault counts."""

    def make(manifest: contract.Manifest, records: bytes) -> tuple[bytes, bytes]:
        whole = json.loads(records.replace(manifest.number.encode(), b"Z99-1"))
        change(whole)
        data = json.dumps(whole).encode()
        first = contract.PackageFile(name="case.json", sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        told = msgspec.structs.replace(manifest, number="Z99-1", files=(first, *manifest.files[1:]))
        return msgspec.json.encode(told), data

    return make


def _tables(whole: dict[str, Any]) -> Any:
    return whole["tables"]


FAULTS: dict[str, Callable[[contract.Manifest, bytes], tuple[bytes, bytes]]] = {
    "no json": lambda _m, _r: (b"\xff\x00nonsense", b"{}"),
    "another file": lambda _m, r: (b'{"format": "something"}', r),
    "newer version": lambda m, r: (msgspec.json.encode(msgspec.structs.replace(m, version=2)), r),
    "records changed": lambda m, r: (msgspec.json.encode(m), r.replace("胃窦".encode(), "胃体".encode())),
    "path outside": lambda m, r: (
        msgspec.json.encode(m).replace(b"media/0001.png", b"media/../../etc/passwd"),
        r,
    ),
    "two cases": _changed(lambda w: _tables(w)["pathology_cases"].append(_tables(w)["pathology_cases"][0])),
    "unknown table": _changed(lambda w: _tables(w).update({"users": []})),
    "unknown column": _changed(lambda w: _tables(w)["pathology_cases"][0].update({"is_admin": True})),
    "lacking column": _changed(lambda w: _tables(w)["pathology_slides"][0].pop("stain")),
    "wrong type": _changed(lambda w: _tables(w)["pathology_slides"][0].update({"serial": "1; DROP"})),
    "text too long": _changed(lambda w: _tables(w)["pathology_slides"][0].update({"stain": "x" * 5000})),
    "no zone": _changed(lambda w: _tables(w)["pathology_slides"][0].update({"made_at": "2026-01-01T00:00:00"})),
    "unknown state": _changed(lambda w: _tables(w)["pathology_cases"][0].update({"state": "deleted"})),
    "foreign block": _changed(lambda w: _tables(w)["pathology_slides"][0].update({"block_id": 99999})),
    "another case's slide": _changed(lambda w: _tables(w)["pathology_slides"][0].update({"case_id": 1234})),
    "capture not listed": _changed(lambda w: _tables(w)["pathology_media"][0].update({"sha256": "0" * 64})),
    "number twice": _changed(
        lambda w: _tables(w)["pathology_slides"][1].update({"number": _tables(w)["pathology_slides"][0]["number"]})
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_package_that_does_not_follow_the_format_is_refused_with_a_reason_and_changes_nothing(
    there: Room, package: Any, imported: int, fault: str
) -> None:
    _case_id, manifest, records = package
    before = _counts(there)
    plain, data = FAULTS[fault](manifest, records)
    with pytest.raises(Refusal) as caught:
        there.ask(there.user("administrator", "chief"), contract.ImportCase(manifest=plain, records=data))
    assert caught.value.body.code in (ErrorCode.INVALID, ErrorCode.CONFLICT)
    assert "没有导入任何内容" in caught.value.body.message
    assert _counts(there) == before


def test_a_file_with_other_bytes_than_its_hash_is_not_kept(there: Room) -> None:
    ask = contract.SendFile(sha256="a" * 64, size=4, offset=0, data=b"abcd")
    with pytest.raises(Refusal):
        there.ask(there.user("administrator", "chief"), ask)
    assert not there.areas.pathology.media.storage.exists("a" * 64)


def test_captures_of_another_case_are_not_read_by_their_hash(here: Room, package: Any) -> None:
    case_id, manifest, _records = package
    boss = here.user("administrator", "boss")
    library = here.ask(boss, ListLibraries())[0]
    entry = CaseEntry(patient_name="另一人")
    other = here.ask(boss, RegisterCase(library_id=library.id, entry=entry)).case.id
    assert case_id != other
    with pytest.raises(Refusal) as caught:
        here.ask(
            here.user("administrator", "boss"),
            contract.ReadFile(case_id=other, sha256=manifest.files[1].sha256, offset=0),
        )
    assert caught.value.body.code is ErrorCode.NOT_FOUND


def test_every_table_with_a_case_is_in_the_format_or_left_out_on_purpose() -> None:
    from server.kernel.database import Base

    left_out = {
        "pathology_numbers",  # made anew
        "pathology_case_words",  # made anew
        "pathology_deletions",
        "pathology_media_uploads",
        "pathology_favourites",  # of accounts
        "pathology_kept",  # places and loans stay with the archive that has the glass
        "pathology_loan_items",
        "pathology_missing",
        "pathology_slide_images",  # named in the manifest
    }
    with_case = {
        name for name, table in Base.metadata.tables.items() if name.startswith("pathology_") and "case_id" in table.c
    }
    assert with_case - left_out <= set(BY_NAME)
    assert CaseRow.__tablename__ in BY_NAME
