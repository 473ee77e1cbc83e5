"""Every real file at hand is stored, described, cut into frames and proved, or refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from server.archive.part10 import NotPart10, read_meta
from server.archive.receive import StoreRefused
from server.archive.tables import Instance, Study
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from tests.server.archive.archive_house import House

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="the collection of real files is not here")
def test_real_files_are_stored_or_refused_with_a_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path).start()
    accepted, refused = set(), []
    for path in sorted(DATA.rglob("*")):
        if not path.is_file() or path.stat().st_size < 300:
            continue
        whole = path.read_bytes()
        if whole[128:132] != b"DICM":
            continue
        try:
            what, offset = read_meta(whole)
            house.receiver.receive(what, "REAL", memoryview(whole)[offset:])
        except (NotPart10, StoreRefused) as no:
            assert str(no).endswith(".")
            refused.append(path.name)
        else:
            accepted.add(what.sop_instance_uid)
    assert house.indexer.wait_until_idle(60)
    assert len(refused) < 30
    with house.database.read() as uow:
        assert set(uow.session.execute(select(Instance.uid)).scalars()) == accepted
        for study_uid in uow.session.execute(select(Study.uid)).scalars():
            assert house.service.get_study(uow, study_uid).series
    for uid in accepted:
        try:
            data, _ = house.service.objects.frame(uid, 1)
            assert len(data) > 0
        except Refusal as no:
            assert no.body.code == ErrorCode.NO_IMAGES  # reports, plans, waveforms
    assert house.service.check(hashes=True).findings == ()
    told = [record for record in caplog.records if record.name.startswith("server")]
    assert [record for record in told if "has other content than instance" not in record.message] == []
    house.stop()
