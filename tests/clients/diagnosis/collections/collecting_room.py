"""The fake reading room with the real collections behind it: the server's own use cases over a database in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from server.bootstrap import load_tables
from server.bootstrap.collections import collections_of
from server.bootstrap.structured import build_structured
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, collect
from server.kernel.errors import Refusal
from shared.contract.errors import error_for
from shared.contract.reporting import ListTemplates, SaveTemplate
from shared.contract.structured import FormTemplateView, SaveFormTemplate
from shared.domain.states import ReportState
from shared.domain.structured import FieldValue, FormContent
from shared.domain.structured_form import new_form
from tests.clients.diagnosis.fake_reading_room import FULL, ReadingRoom
from tests.databases import a_database
from tests.server.reporting.reporting_world import LI, ZHAO, World, a_png, an_exam, changed
from tests.structured_samples import nodule_template

load_tables()


class Documents:
    """Opens what a reporting world keeps."""

    def __init__(self, world: World) -> None:
        self._world = world

    def keep(self, uow: UnitOfWork, **parts: Any) -> int:
        return self._world.documents.keep(uow, **parts)

    def open_document(self, uow: UnitOfWork, caller: Caller, document_id: int) -> bytes:
        return self._world.documents.kept[document_id]


class CollectingRoom(ReadingRoom):
    """Reports 1 to 4: three approved ones of the chest, one being written; the same ids on both sides."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._database = a_database("sqlite", folder)
        self.world = World(self._database.__enter__())
        self.me = ZHAO
        self.structured = build_structured(self.world.reports, self.world.time)
        self.nodules = self._nodules()
        texts = (
            "右肺上叶尖段见磨玻璃结节，边缘毛刺",
            "双肺纹理走行自然",
            "右肺上叶磨玻璃结节，胸膜牵拉",
            "右肺上叶结节",
        )
        for number, text in enumerate(texts, 1):
            content = changed(FULL, findings=f"<p>{text}。</p>", form=self._form(number))
            self._add(number, content, state=ReportState.APPROVED if number < 4 else ReportState.WRITING)
        replies = dict(self.line.replies)
        for handler in collect(
            collections_of(
                self.world.reports, self.world.worklist, self.world.templates, Documents(self.world), self.world.time
            )
        ).values():
            replies[handler.request] = self._replying(handler.call)
        for handler in collect(self.structured.handlers).values():
            replies[handler.request] = self._replying(handler.call)
        replies[ListTemplates] = self._templates
        self.line.replies = replies
        self.line.documents = self.world.documents.kept

    def close(self) -> None:
        """Close the database."""
        self._database.__exit__(None, None, None)

    def save_template(self, request: SaveTemplate) -> None:
        """Put a template into the library."""
        with self.world.database.write() as uow:
            self.world.templates.save(uow, self.me, request)

    def _nodules(self) -> FormTemplateView:
        with self.world.database.write() as uow:
            self.structured.templates.install(uow)
            saved = self.structured.templates.save(uow, ZHAO, SaveFormTemplate(template=nodule_template()))
            return self.structured.templates.publish(uow, ZHAO, saved.row.id, 1)

    def _form(self, number: int) -> FormContent | None:
        """Reports 1 and 3 have a nodule in a form: 8.25 mm at the upper right, 12 mm at the lower left."""
        answers = {1: (8.25, "rul"), 3: (12.0, "lll")}
        if number not in answers:
            return None
        size, lobe = answers[number]
        return msgspec.structs.replace(
            new_form(self.nodules.template, self.nodules.row.id, 1),
            values={"nodules.1.size": FieldValue(number=size), "nodules.1.lobe": FieldValue(options=(lobe,))},
            items={"nodules": (1,)},
        )

    def _templates(self, request: Any) -> Any:
        with self.world.database.read() as uow:
            return self.world.templates.find(uow, self.me, request.text)

    def _replying(self, call: Callable[..., Any]) -> Callable[[Any], Any]:
        def reply(request: Any) -> Any:
            self.before_answer(request)
            try:
                with self.world.database.write() as uow:
                    return call(request, self.me, uow)
            except Refusal as refusal:
                raise error_for(refusal.body) from None

        return reply

    def _add(self, number: int, content: Any, state: ReportState) -> None:
        names = ("张三丰", "李四", "欧阳娜娜", "王五")
        name = names[number - 1]
        holder = "赵主任" if state is ReportState.WRITING else ""
        self.add(number, content, state=state, patient_name=name, patient_id=number, holder=holder)
        report = self.world.a_report(an_exam(number, patient_id=number, name=name))
        assert report == number
        from shared.contract.reporting import AddKeyImage

        with self.world.database.write() as uow:
            version = self.world.reports.write(uow, LI, report).version
            if state is ReportState.WRITING:
                self.world.reports.save(uow, LI, report, version, content)
                return
            image = AddKeyImage(
                report_id=report,
                study_uid="1",
                series_uid="2",
                instance_uid="3",
                frame=1,
                caption="结节",
                png=a_png(64, 64),
            )
            self.world.reports.add_key_image(uow, LI, image)
            self.world.reports.submit(uow, LI, report, version, content, "试验")
            version = self.world.reports.audit(uow, ZHAO, report).version
            self.world.reports.approve(uow, ZHAO, report, version, content)
