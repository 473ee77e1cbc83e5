"""Master data: the first start's hospital, its kept picture, and DICOM peers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from server.kernel.errors import Refusal
from server.organisation.defaults import ITEMS, ROOMS, TYPES
from server.organisation.peers import SqlPeers
from server.organisation.rules import fault_of_ae_title, fault_of_endpoint, is_loopback
from server.organisation.service import OrganisationService
from shared.contract.organisation import GetHospital, ListPeers, RemovePeer, SavePeer
from tests.hospital import ADMINISTRATOR, Hospital


@dataclass(frozen=True)
class KnownPeer:
    ae_title: str
    host: str
    port: int
    may_store: bool
    may_query: bool
    may_retrieve: bool
    may_use_worklist: bool = True
    may_report_steps: bool = True
    may_request_commitment: bool = True
    tls: bool = False
    character_set: str = ""
    ascii_names: bool = False
    transfer_syntaxes: tuple[str, ...] = ()


def peers_of(hospital: Hospital, **changes: Any) -> SqlPeers[KnownPeer]:
    return SqlPeers(hospital.database, hospital.organisation, KnownPeer, **changes)


def test_a_first_start_finds_a_whole_hospital(hospital: Hospital) -> None:
    view = hospital.call(GetHospital())
    assert view.name == "明镜示范医院"
    assert len(view.exam_items) == len(ITEMS) >= 40
    types = {kind.code for kind in view.exam_types}
    assert types >= {"CT", "MR", "DR", "CR", "MG", "US"}
    assert all(set(room.exam_types) <= types for room in view.rooms)
    assert types == {code for room in view.rooms for code in room.exam_types}
    assert {device.ae_title for device in view.devices} >= {"CT1", "CT2", "MR1", "DR1"}
    assert {item.exam_type for item in view.exam_items} == types


def test_the_catalogue_holds_only_what_dicom_can_carry() -> None:
    assert all(len(item.code) <= 16 and len(item.body_part_dicom) <= 16 for item in ITEMS)
    assert len({item.code for item in ITEMS}) == len(ITEMS)
    assert all(len(kind.code) <= 4 for kind in TYPES)  # an accession number of 16 characters has room for four
    assert all(fault_of_ae_title(device[2]) is None for room in ROOMS for device in room.devices)


def test_seeding_twice_changes_nothing(hospital: Hospital) -> None:
    before = hospital.call(GetHospital())
    with hospital.write() as uow:
        assert hospital.organisation.seed_defaults(uow) is False
    assert hospital.call(GetHospital()) == before


def test_the_kept_picture_is_replaced_when_the_version_moves(hospital: Hospital) -> None:
    other_process = OrganisationService()
    with hospital.read() as uow:
        first = other_process.hospital(uow)
        assert other_process.hospital(uow) is first
    hospital.call(SavePeer(ae_title="PACS", host="10.0.0.2", port=104))
    with hospital.read() as uow:
        assert other_process.hospital(uow).view.version == first.view.version + 1


def test_a_change_that_is_rolled_back_leaves_no_picture(hospital: Hospital) -> None:
    before = hospital.call(GetHospital()).version
    with pytest.raises(ZeroDivisionError), hospital.write() as uow:
        hospital.organisation.save_peer(uow, ADMINISTRATOR, SavePeer(ae_title="X", host="h", port=1))
        assert hospital.organisation.hospital(uow).view.version == before + 1
        raise ZeroDivisionError
    assert hospital.call(GetHospital()).version == before


def test_peers_are_saved_changed_and_removed(hospital: Hospital) -> None:
    hospital.call(SavePeer(ae_title="WS1", host="10.0.0.5", port=104, description="工作站", may_store=False))
    hospital.call(SavePeer(ae_title="WS1", host="10.0.0.6", port=11113))
    (peer,) = hospital.call(ListPeers())
    assert (peer.host, peer.port, peer.may_store) == ("10.0.0.6", 11113, True)
    hospital.call(RemovePeer(ae_title="WS1"))
    assert hospital.call(ListPeers()) == ()
    with pytest.raises(Refusal):
        hospital.call(RemovePeer(ae_title="WS1"))


@pytest.mark.parametrize(
    ("ae_title", "host", "port", "field"),
    [
        ("", "h", 1, "ae_title"),
        ("A" * 17, "h", 1, "ae_title"),
        ("名称", "h", 1, "ae_title"),
        ("A\\B", "h", 1, "ae_title"),
        (" A", "h", 1, "ae_title"),
        ("A", "", 1, "host"),
        ("A", "a b", 1, "host"),
        ("A", "h", 65536, "port"),
        ("A", "h", -1, "port"),
    ],
)
def test_impossible_peers_name_their_field(
    small_hospital: Hospital, ae_title: str, host: str, port: int, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        small_hospital.call(SavePeer(ae_title=ae_title, host=host, port=port))
    assert refused.value.body.field == field


def test_loopback_is_free_only_where_the_setting_says_so(small_hospital: Hospital) -> None:
    free, strict = peers_of(small_hospital), peers_of(small_hospital, loopback_is_free=False)
    anybody = free.find("ANY ", "127.0.0.1")
    assert anybody is not None and (anybody.ae_title, anybody.port) == ("ANY", 0)
    assert free.find("ANY", "::1") is not None
    assert strict.find("ANY", "127.0.0.1") is None
    assert free.find("ANY", "10.1.1.1") is None


def test_a_saved_peer_may_come_only_from_its_own_host(small_hospital: Hospital) -> None:
    small_hospital.call(SavePeer(ae_title="CT1", host="10.0.0.5", port=104, may_query=False))
    peers = peers_of(small_hospital, loopback_is_free=False)
    known = peers.find("CT1", "10.0.0.5")
    assert known is not None and not known.may_query
    assert peers.find("CT1", "::ffff:10.0.0.5") is not None
    assert peers.find("CT1", "10.0.0.6") is None
    assert peers.find("CT2", "10.0.0.5") is None
    by_title = peers.by_title("CT1")
    assert by_title is not None and by_title.port == 104
    assert peers.by_title("CT2") is None


def test_the_profile_of_a_peer_is_kept_and_handed_on(small_hospital: Hospital) -> None:
    saved = SavePeer(
        ae_title="OLD",
        host="10.0.0.7",
        port=104,
        may_use_worklist=False,
        may_request_commitment=False,
        tls=True,
        character_set="\\ISO 2022 IR 58",
        ascii_names=True,
        transfer_syntaxes=("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2"),
    )
    view = small_hospital.call(saved)
    assert all(getattr(view, name) == getattr(saved, name) for name in SavePeer.__struct_fields__)
    known = peers_of(small_hospital).by_title("OLD")
    assert known is not None
    fields = ("may_use_worklist", "may_report_steps", "tls", "character_set", "ascii_names", "transfer_syntaxes")
    assert all(getattr(known, name) == getattr(saved, name) for name in fields)
    assert not known.may_request_commitment


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("character_set", "KLINGON"),
        ("character_set", "ISO_IR 100;DROP"),
        ("transfer_syntaxes", ("1.2.3",)),
        ("transfer_syntaxes", ("1.2.840.10008.1.2.4.50",)),  # with loss
    ],
)
def test_an_encoding_that_does_not_exist_is_refused(small_hospital: Hospital, field: str, value: object) -> None:
    with pytest.raises(Refusal) as refused:
        small_hospital.call(SavePeer(ae_title="OLD", host="10.0.0.7", port=104, **{field: value}))  # type: ignore[arg-type]
    assert refused.value.body.field == field


def test_a_host_by_name_is_looked_up(small_hospital: Hospital) -> None:
    small_hospital.call(SavePeer(ae_title="HERE", host="localhost", port=104))
    assert peers_of(small_hospital, loopback_is_free=False).find("HERE", "127.0.0.1") is not None


def test_loopback_addresses_are_known() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("10.0.0.1", "::2", "128.0.0.1")))
    assert fault_of_endpoint("h", 0) is None
