"""Intentions of the page of one's own signature; no Qt."""

from __future__ import annotations

from collections.abc import Callable

from clients.diagnosis.auditing.state import SignatureState
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.signing import (
    MAX_KEYSTORE_BYTES,
    MAX_PICTURE_BYTES,
    AuthorityView,
    GetAuthority,
    GetSigner,
    ImportCertificate,
    RemoveSignaturePicture,
    SetSignaturePicture,
    SignerView,
)


class SignaturePresenter(ScreenPresenter[SignatureState]):
    """Sets the picture, imports a certificate, hands out the hospital's root."""

    def __init__(
        self, caller: Caller, runner: TaskRunner, messages: Messages, show: Callable[[SignatureState], None]
    ) -> None:
        super().__init__(SignatureState(), caller, runner, messages, show)

    def load(self) -> None:
        """Fetch how one signs."""
        self._ask(GetSigner(), self._on_signer, self._on_failed, key="signature.signer")
        self._ask(GetAuthority(), self._on_authority, self._on_failed, key="signature.authority")

    def draw(self, on: bool) -> None:
        """Begin or end drawing."""
        self._change(is_drawing=on, problem="")

    def set_picture(self, picture: bytes, *, is_drawn: bool) -> None:
        """Send a picture; the server checks and crops it."""
        if len(picture) > MAX_PICTURE_BYTES:
            self._change(problem=tr("图片不能超过 2 MB，请缩小后再上传。"))
            return
        self._change(is_busy=True, problem="")
        self._ask(SetSignaturePicture(picture=picture, is_drawn=is_drawn), self._on_set, self._on_failed)

    def remove_picture(self) -> None:
        """Print the name from now on."""
        self._change(is_busy=True, problem="")
        self._ask(RemoveSignaturePicture(), self._on_set, self._on_failed)

    def import_certificate(self, keystore: bytes, password: str) -> None:
        """Sign with an outside authority's certificate."""
        if len(keystore) > MAX_KEYSTORE_BYTES:
            self._change(problem=tr("证书文件不能超过 64 KB。"))
            return
        self._change(is_busy=True, problem="")
        self._ask(ImportCertificate(keystore=keystore, password=password), self._on_set, self._on_failed)

    def _on_set(self, signer: SignerView) -> None:
        self._change(signer=signer, is_busy=False, is_drawing=False)
        self._messages.say(tr("签名已更新"), Tone.SUCCESS)

    def _on_signer(self, signer: SignerView) -> None:
        self._change(signer=signer)

    def _on_authority(self, authority: AuthorityView) -> None:
        self._change(authority=authority)

    def _on_failed(self, error: Exception) -> None:
        self._change(is_busy=False, problem=message_for(error).text)
