"""外院诊断书: pages of an outside report kept with the loan that brought it back (PA-AWS-09)."""

from __future__ import annotations

from io import BytesIO

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.pathology.keeping.loans import Loans
from server.pathology.keeping.receipts import Documents
from shared.contract.pathology_keeping import MAX_PAPER_BYTES, MOST_PAPERS, LoanView

PAPER = "pathology_loan_paper"
_MOST_PIXELS = 60_000_000


class OutsidePapers:
    """Methods work in the caller's unit of work and never commit."""

    def __init__(self, loans: Loans, documents: Documents) -> None:
        self._loans = loans
        self._documents = documents

    def add(self, uow: UnitOfWork, caller: Caller, loan_id: int, data: bytes) -> LoanView:
        """Keep a page. Raises NOT_FOUND, INVALID, DISK_FULL."""
        media_type = media_type_of(data)
        row = self._loans.locked(uow, loan_id)
        if len(row.document_ids) >= MOST_PAPERS:
            raise invalid("data", f"一次借阅最多保存 {MOST_PAPERS} 页外院资料。")
        made = self._documents.keep_view(uow, kind=PAPER, media_type=media_type, data=data, subject_id=loan_id)
        row.document_ids = [*row.document_ids, made.id]
        return self._loans.told(uow, caller, row)

    def remove(self, uow: UnitOfWork, caller: Caller, loan_id: int, document_id: int) -> LoanView:
        """Take a page off; its bytes stay for whoever asks the audit log. Raises NOT_FOUND."""
        row = self._loans.locked(uow, loan_id)
        if document_id not in row.document_ids:
            raise not_found("外院资料")
        row.document_ids = [one for one in row.document_ids if one != document_id]
        row.note = f"{row.note} 删除外院资料 {document_id}（{caller.name}）".strip()[-500:]
        return self._loans.told(uow, caller, row)


def media_type_of(data: bytes) -> str:
    """What a file from outside is, proven by opening it. Raises INVALID."""
    if not 0 < len(data) <= MAX_PAPER_BYTES:
        raise invalid("data", f"文件为空或超过 {MAX_PAPER_BYTES >> 20} MB，请降低扫描分辨率后重试。")
    if data.startswith(b"%PDF-"):
        if b"%%EOF" not in data[-2048:]:
            raise invalid("data", "PDF 文件不完整，请重新导出。")
        return "application/pdf"
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise invalid("data", "图像太大，请降低扫描分辨率后重试。")
            image.load()
            return "image/png" if image.format == "PNG" else "image/jpeg"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as fault:
        raise invalid("data", "只能保存 JPEG、PNG 图像或 PDF，文件可能已损坏。") from fault
