"""Words of the panel of results, and their English; knows no Qt."""

from __future__ import annotations

from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from shared.contract.results import ResultEvent, ResultKind, ResultState

LOOKS = {
    ResultState.WAITING: StateLook("等待", Tone.NEUTRAL, "hourglass"),
    ResultState.DONE: StateLook("完成", Tone.SUCCESS, "check_circle"),
    ResultState.FAILED: StateLook("失败", Tone.DANGER, "cross_circle"),
    ResultState.GIVEN_UP: StateLook("已放弃", Tone.NEUTRAL, "minus"),
}
KINDS = {
    ResultKind.SR: "DICOM 报告",
    ResultKind.KEY_OBJECTS: "DICOM 关键图像",
    ResultKind.PDF: "DICOM PDF",
    ResultKind.CDA: "CDA 文档",
    ResultKind.FHIR: "FHIR 报告",
    ResultKind.ORU: "HL7 ORU",
    ResultKind.MDM: "HL7 MDM（CDA）",
    ResultKind.CRITICAL: "HL7 危急值",
}
EVENTS = {
    ResultEvent.APPROVED: "审核已通过",
    ResultEvent.REVISED: "修订后审核",
    ResultEvent.ADDED: "补充报告",
    ResultEvent.WITHDRAWN: "已撤回修订",
}
