"""Handlers of whole-slide images and their annotations."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.pathology.slides.annotations import Annotations
from server.pathology.slides.service import SlideService
from shared.contract import pathology_slides as contract
from shared.contract.exchange import UploadView


class SlidesRpc:
    """What workstations ask about slides."""

    def __init__(self, slides: SlideService, annotations: Annotations) -> None:
        self._slides = slides
        self._annotations = annotations

    @handles_alone
    def begin_upload(self, request: contract.BeginSlideUpload, caller: Caller) -> UploadView:
        return self._slides.uploads.begin(caller.user_id, request.name, request.size_bytes, request.sha256)

    @handles_alone
    def put_chunk(self, request: contract.PutSlideChunk, caller: Caller) -> UploadView:
        return self._slides.uploads.put(caller.user_id, request.upload_id, request.offset, request.data)

    @handles_alone
    def finish_upload(self, request: contract.FinishSlideUpload, caller: Caller) -> UploadView:
        return self._slides.uploads.finish(caller.user_id, request.upload_id)

    @handles_alone
    def import_image(self, request: contract.ImportSlideImage, caller: Caller) -> contract.SlideImageView:
        return self._slides.import_image(caller, request)

    @handles
    def retry(self, request: contract.RetrySlideImage, caller: Caller, uow: UnitOfWork) -> contract.SlideImageView:
        return self._slides.retry(uow, caller, request)

    @handles
    def list_images(
        self, request: contract.ListSlideImages, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.SlideImageView, ...]:
        return self._slides.list_of(uow, caller, request.case_id)

    @handles
    def add_annotation(
        self, request: contract.AddAnnotation, caller: Caller, uow: UnitOfWork
    ) -> contract.AnnotationView:
        return self._annotations.add(uow, caller, request)

    @handles
    def withdraw_annotation(
        self, request: contract.WithdrawAnnotation, caller: Caller, uow: UnitOfWork
    ) -> contract.AnnotationView:
        return self._annotations.withdraw(uow, caller, request.annotation_id)

    @handles
    def list_annotations(
        self, request: contract.ListAnnotations, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.AnnotationView, ...]:
        return self._annotations.list_of(uow, request.series_uid, history=request.history)
