"""UIDs: what is made is valid, what is invalid is refused with a reason."""

from __future__ import annotations

import pytest

from shared.dicomkit import uids


def test_new_uids_are_valid_and_differ() -> None:
    made = {uids.new_uid() for _ in range(2000)}
    assert len(made) == 2000
    assert all(uids.is_valid(uid) and uid.startswith("2.25.") for uid in made)


def test_a_hospital_root_leaves_room_for_the_number() -> None:
    source = uids.UidSource("1.2.156.112605.66.1.20261121")
    made = [source.new() for _ in range(200)]
    assert len(set(made)) == 200
    assert all(uids.is_valid(uid) and uid.startswith(source.root + ".") for uid in made)


@pytest.mark.parametrize("root", ["1.2." + "3" * 40, "1.02.3", "", "1..2", "abc"])
def test_an_unusable_root_is_refused(root: str) -> None:
    with pytest.raises(uids.UidError):
        uids.UidSource(root)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.",
        ".1",
        "1.02",
        "1..2",
        "1.2.a",
        "1.2 ",
        "1.2\n",
        "../../etc/passwd",
        "1." + "2" * 63,
        "１.２",
        "-1.2",
    ],
)
def test_what_is_no_uid_is_named(text: str) -> None:
    assert uids.fault_of(text)
    assert not uids.is_valid(text)


def test_padding_is_removed_before_checking() -> None:
    assert uids.checked("1.2.840.10008.1.2\0") == "1.2.840.10008.1.2"
    with pytest.raises(uids.UidError):
        uids.checked("../../etc/passwd")


def test_a_derived_uid_is_stable_and_keeps_its_parts_apart() -> None:
    assert uids.derived_uid("a", "b") == uids.derived_uid("a", "b")
    assert uids.derived_uid("a", "b") != uids.derived_uid("ab")
    assert uids.is_valid(uids.derived_uid("report", "17"))
