"""Documents of the server on their way to a printer of this desk, or to a folder where no printer is set up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from clients.kit.printing.queue import Job, PrintQueue
from clients.kit.printing.setup import FOLDER_KEY, KIND_WORDS, Desk, PrinterSetup
from clients.kit.printing.transports import PrinterTrouble, Transport, default_folder, transport_for
from clients.kit.settings import UserSettings
from clients.kit.translations import tr
from shared.contract.errors import EnvironmentTrouble
from shared.contract.printing import DocumentView, Output, PrintTestPage, RecordPrint

__all__ = ["FOLDER_KEY", "KIND_WORDS", "Fetcher", "ServerDocuments", "words_of"]

_MORE_WORDS = {
    "barcode_zpl": "检查条码",
    "report_preview": "报告",
    "test_page": "测试页",
    "pathology_barcode": "病理条码",
    "pathology_acceptance": "标本签收单",
    "pathology_rejection": "标本拒收单",
    "pathology_cassette": "包埋条码",
    "pathology_slide_label": "制片条码",
    "pathology_grossing_sheet": "取材明细",
    "pathology_specimen_sheet": "标本移交表",
    "pathology_slide_sheet": "玻片移交表",
    "pathology_order_sheet": "医嘱工作单",
    "pathology_loan_receipt": "借阅回执",
    "pathology_loan_list": "借阅清单",
    "pathology_report": "病理诊断报告",
    "pathology_preview": "病理诊断报告",
}


class Fetcher(Protocol):
    """Where bytes of documents come from: the server connection of the kit."""

    def fetch_document(self, document_id: int) -> bytes:
        """The bytes of a document (blocking); raises RpcError."""
        ...


def words_of(kind: str) -> str:
    """What a document is called, translated."""
    return tr(KIND_WORDS.get(kind) or _MORE_WORDS.get(kind, "文档"))


class ServerDocuments:
    """Prints on the printer that this desk chose for the kind of document; without one, saves a file."""

    def __init__(
        self,
        fetcher: Fetcher,
        settings: UserSettings,
        transport: Callable[[PrinterSetup], Transport] | None = None,
    ) -> None:
        self._fetcher = fetcher
        self.desk = Desk(settings)
        self.queue = PrintQueue(
            transport or (lambda setup: transport_for(setup, self.desk.folder)),
            self._record,
            lambda fault: isinstance(fault, EnvironmentTrouble),
        )

    def read(self, document: DocumentView) -> bytes:
        """The bytes of a document (blocking)."""
        return self._fetcher.fetch_document(document.id)

    def output(self, kind: str) -> Output:
        """How the server shall make a document for this desk's printer."""
        return self.desk.setup(kind).output

    def hand_out(self, document: DocumentView) -> str:
        """Print or save (blocking, any thread); the sentence says where it went, or that it waits and why."""
        setup = self.desk.setup(document.kind)
        return self._hand_out(document, document.kind, setup)

    def print_test_page(self, kind: str, printer_of: str = "") -> str:
        """A test page of a document's printer (blocking), or of `printer_of`'s; the sentence says what became of it."""
        setup = self.desk.setup(printer_of or kind)
        call = self._fetcher.call  # type: ignore[attr-defined] # the kit's connection has it
        return self._hand_out(call(PrintTestPage(kind=kind, output=setup.output)), "test_page", setup)

    def _hand_out(self, document: DocumentView, kind: str, setup: PrinterSetup) -> str:
        what = words_of(kind)
        try:
            job = self.queue.submit(
                kind=kind,
                document_id=document.id,
                media_type=document.media_type,
                data=self.read(document),
                setup=setup,
            )
        except PrinterTrouble as full:
            return tr("{what}未打印：{why}", what=what, why=tr(full.source))
        if job.is_lost:
            return tr("{what}未打印：{why}", what=what, why=tr(job.trouble))
        if job.trouble:
            return tr("{what}未打印：{why}已排队，恢复后自动打印。", what=what, why=tr(job.trouble))
        lacking = document.warning  # the server's own sentence: characters that no font has
        if setup.printer:
            return tr("{what}已送往打印机 {printer}。", what=what, printer=setup.printer) + lacking
        return tr("未设置打印机，{what}已保存到 {path}。", what=what, path=job.data) + lacking

    def _record(self, job: Job) -> None:
        call = getattr(self._fetcher, "call", None)
        if call is not None and job.kind != "test_page":
            call(RecordPrint(document_id=job.document_id, printer=job.printer, copies=job.setup.copies))

    @property
    def folder(self) -> Path:
        """Where documents are saved when there is no printer."""
        return Path(self.desk.folder) if self.desk.folder else default_folder()
