"""Doctors' signatures: who has a picture, which certificate signs, until when; both are retired with a reason."""

from __future__ import annotations

from pathlib import Path

from clients.administration.table.spec import (
    Asking,
    Call,
    Details,
    Event,
    Part,
    Pick,
    TableAction,
    TableSpec,
    Unclear,
    Values,
)
from clients.kit.fields import Choice, ChoiceField, LongTextField, Section, TextField
from clients.kit.paging import Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.signing import (
    MAX_PICTURE_BYTES,
    CertificateView,
    GetSigner,
    ListSigners,
    RemoveSignaturePicture,
    RevokeCertificate,
    SetSignaturePicture,
    SignaturePictureView,
    SignerRow,
    SignerState,
    SignerView,
)

LOOKS = {
    SignerState.VALID: StateLook("有效", Tone.SUCCESS, "check_circle"),
    SignerState.ENDS_SOON: StateLook("即将到期", Tone.WARNING, "clock"),
    SignerState.EXPIRED: StateLook("已过期", Tone.DANGER, "cross_circle"),
    SignerState.RETIRED: StateLook("已停用", Tone.NEUTRAL, "minus"),
    SignerState.NONE: StateLook("未签发", Tone.NEUTRAL, "hourglass"),
}
_MEANING = {
    SignerState.VALID: "",
    SignerState.ENDS_SOON: "请医生在到期前导入新的外部证书。",
    SignerState.EXPIRED: "导入新的外部证书或停用此证书后，医生才能审核报告。",
    SignerState.RETIRED: "下次审核时由本院自动签发新证书。",
    SignerState.NONE: "首次审核时由本院自动签发证书。",
}


def _load(values: Values) -> Asking:
    wanted = values["state"]

    def ask(call: Call) -> tuple[SignerRow, ...]:
        rows: tuple[SignerRow, ...] = call(ListSigners())
        if wanted == "no_picture":
            return tuple(row for row in rows if not row.picture_version)
        return tuple(row for row in rows if not wanted or row.state.value == wanted)

    return ask


def _kind(certificate: CertificateView | None) -> str:
    if certificate is None:
        return "–"
    return tr("外部证书") if certificate.is_imported else tr("本院证书")


def _picture(row: SignerRow) -> str:
    return tr("第 {number} 版", number=row.picture_version) if row.picture_version else tr("无，印姓名")


def _until(row: SignerRow) -> str:
    return "–" if row.certificate is None else local_time(row.certificate.valid_to)[:10]


def _name(row: SignerRow) -> str:
    return row.name if row.is_active else f"{row.name}{tr('（账号已停用）')}"


def _details(row: SignerRow, _fetched: SignerView | None) -> Details:
    certificate = row.certificate
    lines = [("签名图片", _picture(row)), ("证书", _kind(certificate))]
    if certificate is not None:
        lines += [
            ("签发者", certificate.issuer),
            ("有效期", f"{local_time(certificate.valid_from)[:10]} – {local_time(certificate.valid_to)[:10]}"),
            ("序列号", certificate.serial),
        ]
    return (*lines, ("说明", tr(_MEANING[row.state]) if _MEANING[row.state] else ""))


def _parts(_row: SignerRow, fetched: SignerView | None) -> tuple[Part, ...]:
    if fetched is None:
        return ()
    return (
        Part("图片版本", events=[_picture_event(one) for one in fetched.pictures]),
        Part("全部证书", events=[_certificate_event(one) for one in fetched.certificates]),
    )


def _picture_event(one: SignaturePictureView) -> Event:
    words = [one.set_why] if one.set_why else []
    if one.removed_at is not None:
        removed = tr("{when} 由 {who} 移除", when=local_time(one.removed_at), who=one.removed_by)
        words.append(f"{removed}{tr('：')}{one.removed_why}" if one.removed_why else removed)
    version = tr("第 {number} 版", number=one.version)
    return Event(
        f"{version} · {local_time(one.set_at)} · {one.set_by}",
        tr("使用中") if one.is_present else tr("不再使用"),
        quiet="\n".join(words),
        is_over=not one.is_present,
    )


def _certificate_event(one: CertificateView) -> Event:
    words = ""
    if one.revoked_at is not None:
        words = tr("{when} 停用：{why}", when=local_time(one.revoked_at), why=one.revoked_why)
    return Event(
        f"{_kind(one)} · {local_time(one.valid_from)[:10]} – {local_time(one.valid_to)[:10]}",
        tr("使用中") if one.is_present else tr("不再使用"),
        quiet=words,
        is_over=not one.is_present,
    )


def _replace(row: SignerRow, values: Values) -> Asking:
    def ask(call: Call) -> SignerView:
        path = Path(str(values["file"]).strip())
        try:
            if path.stat().st_size > MAX_PICTURE_BYTES:
                raise Unclear(tr("签名图片不能超过 2 MB，请缩小后再上传。"))
            picture = path.read_bytes()
        except OSError as fault:
            raise Unclear(tr("读不了这个文件，请重新选择。")) from fault
        view: SignerView = call(
            SetSignaturePicture(account_id=row.account_id, picture=picture, reason=values["reason"])
        )
        return view

    return ask


def _retire(row: SignerRow, reason: str) -> Asking:
    assert row.certificate is not None
    return RevokeCertificate(certificate_id=row.certificate.id, reason=reason)


SIGNATURES = TableSpec(
    id="signatures",
    columns=(
        Column("name", "姓名", 0, strong=True, value=_name),
        Column("login", "登录名", 110, quiet=True),
        Column("picture", "签名图片", 120, value=_picture),
        Column("certificate", "证书", 90, value=lambda row: _kind(row.certificate)),
        Column("until", "有效期至", 110, value=_until),
        Column("state", "状态", 110, looks=LOOKS),  # type: ignore[arg-type]
    ),
    empty=EmptyWords("没有医生", "有写报告权限的人员会显示在这里；在“人员”中添加。", "users"),
    load=_load,
    filters=(
        ChoiceField(
            key="state",
            label="状态",
            choices=[
                Choice("", "全部"),
                *(Choice(state.value, look.text) for state, look in LOOKS.items()),
                Choice("no_picture", "没有签名图片"),
            ],
            initial="",
        ),
    ),
    row_id=lambda row: row.account_id,
    actions=(
        TableAction(
            id="replace_picture",
            text="更换图片",
            icon="upload",
            form=(
                Section(
                    "",
                    (
                        TextField(
                            key="file",
                            label="签名图片（PNG 或 JPEG）",
                            required=True,
                            max_length=400,
                            span=2,
                            hint="白纸黑字，最大 2 MB；背景自动去除",
                        ),
                        LongTextField(key="reason", label="理由", required=True, max_length=200, lines=2),
                    ),
                ),
            ),
            picks=(Pick("file", "选择文件", "document"),),
            submit=_replace,
            said=lambda _reply: tr("已更换签名图片"),
        ),
        TableAction(
            id="remove_picture",
            text="移除图片",
            icon="clear",
            command=lambda row, answer: RemoveSignaturePicture(account_id=row.account_id, reason=answer),
            allowed=lambda row: bool(row.picture_version),
            asks="移除的理由",
            warns="以后审核的报告印姓名；已审核的报告不变。",
            danger=True,
        ),
        TableAction(
            id="retire",
            text="停用证书",
            icon="cross_circle",
            command=_retire,
            allowed=lambda row: row.certificate is not None and row.certificate.is_present,
            asks="停用的理由",
            warns="下次审核时由本院签发新证书；以前的签名仍然有效。",
            danger=True,
        ),
    ),
    named=lambda row: row.name,
    fetch=lambda row: GetSigner(account_id=row.account_id),
    details=_details,
    parts=_parts,
    search=lambda row: f"{row.name} {row.login}",
    entities=("user",),
    side_width=400,
)
