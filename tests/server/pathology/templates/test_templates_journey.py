"""A template from one workstation to the next through real sockets: written, checked, answered; the notice arrives."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from server.bootstrap import load_tables
from server.bootstrap.pathology_templates import build_pathology_templates
from server.kernel.clock import HospitalTime
from shared.contract import pathology_templates as contract
from shared.contract.base import Changed, Notice
from shared.contract.errors import ErrorCode, RpcError
from shared.domain.pathology_templates import Answer, LineAnswers, fill, parse
from tests.rpc_house import RpcHouse, a_client
from tests.server.pathology.templates.test_templates_server import StandingClock


@pytest.fixture
def house(tmp_path: Path) -> RpcHouse:
    load_tables()
    room = build_pathology_templates(HospitalTime(StandingClock(), "Asia/Shanghai"))
    house = RpcHouse(tmp_path, room.handlers)
    with house.database.write() as uow:
        room.seed(uow)
    return house


def test_what_one_writes_the_other_uses(house: RpcHouse) -> None:
    told = threading.Event()

    def hear(notice: Notice) -> None:
        if isinstance(notice, Changed) and notice.entity == "pathology_templates":
            told.set()

    with house.on_sockets() as connection, a_client(connection) as writer, a_client(connection) as reader:
        writer.login("admin", house.admin_password)
        reader.login("admin", house.admin_password)
        reader.on_notice = hear
        site = writer.call(contract.SaveSite(name="涎腺"))
        text = writer.call(contract.SaveDisease(site_id=site.id, name="多形性腺瘤"))
        words = "（左；右）涎腺肿物，大小{（ ）}×{（ ）}×{（ ）cm}。"
        saved = writer.call(
            contract.SaveTexts(template_id=text.id, version=text.version, findings=words, diagnosis="多形性腺瘤。")
        )
        assert saved.usable and told.wait(10)
        found = next(one for one in reader.call(contract.ListTree()) if one.name == "涎腺")
        taken = reader.call(contract.GetTemplate(template_id=found.diseases[0].id))
        answers = (Answer(options=(1,)), *(Answer(values=(value,)) for value in ("3", "2", "1.5")))
        assert fill(parse(taken.findings), [LineAnswers(True, answers)]).text == "右涎腺肿物，大小3×2×1.5cm。"
        with pytest.raises(RpcError) as stale:
            reader.call(contract.SaveTexts(template_id=text.id, version=text.version, findings="旧"))
        assert stale.value.code is ErrorCode.CONFLICT
    house.close()
