"""The signed PDF of an approved edition: drawn and signed once, kept as a document, printed ever after byte by byte."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from server.signing.keys import Keys
from server.signing.paper import Seals, sign_pdf
from server.signing.ports import Documents, Edition, Editions, Hospital, Papers
from server.signing.tables import CertificateRow, DataSignature, SignedPaper
from shared.contract.base import Changed

LANGUAGES = ("zh", "en")
KIND = "report"
_PDF = "application/pdf"


class SignedPapers:
    """Makes and finds signed papers; opens its own short units of work, because drawing and signing take long."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        editions: Editions,
        papers: Papers,
        documents: Documents,
        hospital: Hospital,
        time: HospitalTime,
    ) -> None:
        self._database = database
        self._keys = keys
        self._editions = editions
        self._papers = papers
        self._documents = documents
        self._hospital = hospital
        self._time = time

    def paper(self, caller: Caller, report_id: int, language: str = "zh") -> int | None:
        """Return the document of the present edition's signed PDF, made now if there is none yet.

        None for a report that is not approved, is withdrawn, or was approved before signatures were made.
        """
        with self._database.read() as uow:
            edition = self._editions.editions(uow, report_id)[:1]
            if not edition or not edition[0].is_present:
                return None
            there = uow.session.get(SignedPaper, (report_id, edition[0].number, language))
            if there is not None:
                return there.document_id
            if uow.session.get(DataSignature, (report_id, edition[0].number)) is None:
                return None
        drawn = self._papers.draw_approved(caller, report_id, language)
        with self._database.write() as uow:  # the revocation list may make the authority
            seals, place = self._seals(uow, edition[0]), self._hospital.name(uow)
        signed = sign_pdf(
            drawn.pdf,
            seals,
            at=self._time.local(edition[0].at),
            reason="审核通过" if language == "zh" else "Approved",
            place=place,
            box=drawn.box,
        )
        return self._keep(report_id, edition[0], language, signed)

    def bytes_of(self, caller: Caller, report_id: int, language: str) -> bytes | None:
        """Return the bytes of `paper`, None where it gives none."""
        document_id = self.paper(caller, report_id, language)
        if document_id is None:
            return None
        with self._database.read() as uow:
            return self._documents.open_document(uow, caller, document_id)

    def kept(self, uow: UnitOfWork, report_id: int, edition: int, language: str = "zh") -> int:
        """Return the document of an edition's signed PDF as it was made then; raises NOT_FOUND."""
        row = uow.session.get(SignedPaper, (report_id, edition, language))
        if row is None:
            raise not_found("该版本的签名报告")
        return row.document_id

    def _seals(self, uow: UnitOfWork, edition: Edition) -> Seals:
        signature = uow.session.get_one(DataSignature, (edition.report_id, edition.number))
        row = uow.session.get_one(CertificateRow, signature.certificate_id)
        lists = () if row.is_imported else (self._keys.revocation_list(uow),)
        return Seals(self._keys.identity(row), self._keys.clock(uow), lists)

    def _keep(self, report_id: int, edition: Edition, language: str, signed: bytes) -> int | None:
        with self._database.write() as uow:
            present = self._editions.edition(uow, report_id)
            if present.number != edition.number or not present.is_present:
                return None  # corrected while this was drawn: what was drawn may be of neither edition
            document_id = self._documents.keep(uow, kind=KIND, media_type=_PDF, data=signed, subject_id=report_id)
            row = SignedPaper(
                report_id=report_id,
                edition=edition.number,
                language=language,
                document_id=document_id,
                made_at=self._time.now(),
            )
            try:
                with uow.session.begin_nested():
                    uow.session.add(row)
            except IntegrityError:  # another process made it in this moment: its bytes are the ones that count
                there = uow.session.get(SignedPaper, (report_id, edition.number, language), populate_existing=True)
                return None if there is None else there.document_id
            uow.publish(Changed(entity="signed_paper", id=report_id, version=edition.number))
            return document_id
