"""Keys of objects: what new ones are, and that older ones stay good."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from server.kernel.storage.fingerprint import Proof, fingerprint, is_file_of, is_key_of
from server.kernel.storage.port import StorageFull, checked_key
from server.kernel.storage.space import SpaceGuard

DATA = bytes(range(256)) * 20_000


def test_the_key_of_nothing_is_that_of_the_algorithms_authors() -> None:
    assert fingerprint().hexdigest() == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"


@pytest.mark.parametrize("algorithm", ["blake3", "sha256"])
def test_keys_of_both_kinds_prove_their_bytes_and_no_others(tmp_path: Path, algorithm: str) -> None:
    key = checked_key(fingerprint(DATA, algorithm=algorithm).hexdigest())
    wrong = bytearray(DATA)
    wrong[1_000_003] ^= 1
    path = tmp_path / "object"
    for data, right in ((DATA, True), (bytes(wrong), False), (DATA[:-1], False)):
        proof = Proof(key)
        for start in range(0, len(data), 70_001):
            proof.update(memoryview(data)[start : start + 70_001])
        path.write_bytes(data)
        assert (is_key_of(key, data), proof.holds(), is_file_of(key, path)) == (right, right, right)


def test_new_objects_are_not_named_by_their_sha256_unless_asked_for() -> None:
    assert fingerprint(DATA).hexdigest() != hashlib.sha256(DATA).hexdigest()


def test_room_that_was_measured_is_not_given_away_twice(tmp_path: Path) -> None:
    free = [10_000]
    guard = SpaceGuard(tmp_path, reserve_bytes=1_000, measure=lambda _: free[0])
    taken = 0
    with pytest.raises(StorageFull):
        while True:
            guard.require(100)
            taken += 100
            free[0] -= 100
    assert taken == 9_000
