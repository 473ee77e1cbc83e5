"""Assisted reading over a simulated service: a JSON endpoint on a real socket, and objects that come back as DICOM."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from pydicom.data import get_testdata_file

from server.archive.tables import Instance, Series
from server.bootstrap.remote_services import ImagesOfServices
from server.kernel.jobs import JobFailed, JobRetry
from shared.contract import remote_services as contract
from shared.contract.errors import ErrorBody, ErrorCode
from shared.contract.remote_services import OrderState, ServiceKind
from shared.contract.routing import ListForwards, SaveTarget, TargetKind
from tests.server.remote.remote_world import RemoteWorld, uid_of


class SimulatedService:
    """Answers what a test tells it to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any] | None, str]] = []
        self.answers: list[tuple[int, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _answer(self, body: dict[str, Any] | None) -> None:
                outer.asked.append((self.command, self.path, body, self.headers.get("Authorization", "")))
                status, found = outer.answers.pop(0)
                data = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/orders"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def simulated() -> Iterator[SimulatedService]:
    made = SimulatedService()
    yield made
    made.close()


def configured(world: RemoteWorld, **parts: Any) -> contract.AssistService:
    if "boss" not in world.sessions.callers:
        world.account("boss", "管理员", 0, "administrator")
    service = contract.AssistService(id=0, version=0, name="肺结节辅助检测", kind=ServiceKind.JSON, exam_types=("CT",))
    found: contract.AssistService = world.ask(
        "boss", contract.SaveService(service=msgspec.structs.replace(service, **parts))
    )
    return found


def ordered(world: RemoteWorld, service: contract.AssistService, **fields: str) -> contract.AssistOrder:
    report = world.examined()
    found: contract.AssistOrder = world.ask(
        world.asker, contract.OrderService(exam_id=report.row.exam_id, service_id=service.id, fields=fields)
    )
    return found


def shown(world: RemoteWorld, order: contract.AssistOrder) -> contract.AssistOrder:
    found: contract.AssistOrder = world.ask(world.asker, contract.ListOrders(exam_id=order.exam_id))[0]
    return found


def test_a_request_is_sent_asked_after_and_answered(world: RemoteWorld, simulated: SimulatedService) -> None:
    field = contract.ServiceField(key="sensitivity", label="灵敏度", is_required=True, choices=("高", "低"))
    folders = world.areas.assisted._json._secrets  # type: ignore[attr-defined]
    folders.mkdir(parents=True, exist_ok=True)
    (folders / "ai-token").write_text("s3cret\n")
    service = configured(world, url=simulated.url, fields=(field,), token_file="ai-token")
    assert world.ask(world.asker, contract.ListServices(exam_type="MR")) == ()
    refused = world.reply(
        world.asker, contract.OrderService(exam_id=world.examined().row.exam_id, service_id=service.id)
    )
    assert isinstance(refused, ErrorBody) and refused.message == "请填写灵敏度。"
    order = ordered(world, service, sensitivity="高")
    assert order.state is OrderState.WAITING
    advance = lambda: world.areas.assisted.advance(world.database, order.id)  # noqa: E731

    simulated.answers = [(503, {}), (202, {"state": "working", "id": "j/7", "message": "排队中"})]
    for _ in range(2):
        with pytest.raises(JobRetry):
            advance()
    assert (shown(world, order).state, shown(world, order).sentence) == (OrderState.WORKING, "排队中")
    answer = {"state": "done", "findings": "右肺上叶结节 <8mm>\n余未见", "impression": "建议随访"}
    simulated.answers = [(200, answer)]
    assert advance() == "已返回结果。"
    done = shown(world, order)
    assert done.state is OrderState.DONE and done.impression == "<p>建议随访</p>"
    assert done.findings == "<p>右肺上叶结节 &lt;8mm&gt;</p><p>余未见</p>"
    method, path, body, token = simulated.asked[1]
    assert (method, path, token) == ("POST", "/orders", "Bearer s3cret") and body is not None
    assert simulated.asked[0][2] == body, "a repetition is the same request"
    assert body["study_uids"] == [uid_of(order.exam_id)] and body["fields"] == {"sensitivity": "高"}
    assert "赵大爷" not in json.dumps(body, ensure_ascii=False)
    assert simulated.asked[2][:2] == ("GET", "/orders/j%2F7")
    assert advance() == ""  # a job of a dead runner taken over does nothing twice


WRONG = (
    (500, b"", "500"),
    (404, b"{}", "404"),
    (200, b"<html>", "无法理解"),
    (200, b'{"state": "odd"}', "odd"),
    (200, '{"state": "failed", "message": "层厚太大"}'.encode(), "层厚太大"),
    (200, b'{"state": "done", "findings": "' + b"x" * (3 << 20) + b'"}', "太大"),
)


def test_a_wrong_answer_is_a_sentence(world: RemoteWorld, simulated: SimulatedService) -> None:
    service = configured(world, url=simulated.url)
    for status, body, said in WRONG:
        order = ordered(world, service)
        simulated.answers = [(status, body)]
        with pytest.raises(JobRetry if status == 500 else JobFailed, match=said):
            world.areas.assisted.advance(world.database, order.id)
        found = shown(world, order)
        assert said in found.sentence
        assert found.state is (OrderState.WAITING if status == 500 else OrderState.FAILED)


def test_who_waits_too_long_hears_of_it_and_may_cancel(world: RemoteWorld, simulated: SimulatedService) -> None:
    service = configured(world, url=simulated.url, timeout_minutes=5)
    order = ordered(world, service)
    simulated.answers = [(200, {"state": "working", "id": "1"}), (200, {"state": "working", "id": "1"})]
    with pytest.raises(JobRetry):
        world.areas.assisted.advance(world.database, order.id)
    again = contract.OrderService(exam_id=order.exam_id, service_id=service.id)
    assert world.code(world.colleague, again) is ErrorCode.ILLEGAL_ACTION
    world.clock.forward(minutes=6)
    with pytest.raises(JobFailed, match="5 分钟"):
        world.areas.assisted.advance(world.database, order.id)
    second = ordered(world, service)
    cancel = contract.CancelOrder(exam_id=second.exam_id, order_id=second.id)
    assert world.ask(world.asker, cancel).state is OrderState.CANCELLED
    assert world.code(world.asker, cancel) is ErrorCode.ILLEGAL_ACTION
    assert world.areas.assisted.advance(world.database, second.id) == ""
    assert world.code(world.expert, contract.ListOrders(exam_id=order.exam_id)) is ErrorCode.PERMISSION_MISSING


def test_a_dicom_service_answers_with_objects_of_the_study(world: RemoteWorld) -> None:
    world.account("boss", "管理员", 0, "administrator")
    target = SaveTarget(name="AI", kind=TargetKind.STOW, url="https://ai.example.cn/studies")
    target_id = world.ask("boss", target).id
    service = configured(world, kind=ServiceKind.DICOM, target_id=target_id, name="DICOM 服务")
    order = ordered(world, service)
    assert [one.study_uid for one in world.ask("boss", ListForwards()).rows] == [uid_of(order.exam_id)]
    with pytest.raises(JobRetry):
        world.areas.assisted.advance(world.database, order.id)
    with world.database.write() as uow:
        series = Series(uid="1.2.3.4.77", study_pk=_study(uow, order.exam_id), modality="SEG")
        uow.session.add(series)
        uow.session.flush()
        uow.session.add(
            Instance(
                uid="1.2.3.4.77.1",
                series_pk=series.id,
                sop_class_uid="1.2.840.10008.5.1.4.1.1.66.4",
                transfer_syntax_uid="1.2.840.10008.1.2.1",
                object_key="f" * 64,
                size_bytes=1,
                data_offset=0,
            )
        )
    assert world.areas.assisted.advance(world.database, order.id) == "已返回结果。"
    assert shown(world, order).object_uids == ("1.2.3.4.77.1",)


def test_a_structured_report_is_read_as_lines(world: RemoteWorld) -> None:
    data = Path(str(get_testdata_file("reportsi.dcm"))).read_bytes()
    pages = {"1.2": data, "1.3": data[:300], "1.4": b"no DICOM"}
    archive = SimpleNamespace(objects=SimpleNamespace(part10=lambda uid: memoryview(pages[uid])))
    images = ImagesOfServices(archive, SimpleNamespace())  # type: ignore[arg-type]
    lines = images.text("1.2").splitlines()
    assert len(lines) > 3 and any("：" in line for line in lines)
    assert images.text("1.3") == images.text("1.4") == ""


def _study(uow: Any, exam_id: int) -> int:
    from sqlalchemy import select

    from server.archive.tables import Study

    return int(uow.session.scalar(select(Study.id).where(Study.uid == uid_of(exam_id))))


def test_a_service_is_checked_when_it_is_saved(world: RemoteWorld) -> None:
    configured(world, url="http://127.0.0.1:9/x")
    wrong: tuple[dict[str, Any], ...] = (
        {"url": "ftp://x"},
        {"url": "http://x", "name": " "},
        {"url": "http://x", "token_file": "../admin-password"},
        {"kind": ServiceKind.DICOM},
        {"url": "http://x", "target_id": 99},
        {"url": "http://x", "timeout_minutes": 0},
        {"url": "http://x", "fields": (contract.ServiceField(key="A b", label="x"),)},
    )
    for parts in wrong:
        service = contract.AssistService(id=0, version=0, name="x", kind=ServiceKind.JSON)
        request = contract.SaveService(service=msgspec.structs.replace(service, **parts))
        assert world.code("boss", request) is ErrorCode.INVALID, parts
        assert world.code(world.chief, request) is ErrorCode.PERMISSION_MISSING
