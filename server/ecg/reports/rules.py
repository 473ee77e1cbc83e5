"""Reports without a database: clean bodies, machine and doctor kept apart, steps and their guards (ECG-SM-RPT)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.kernel.errors import Refusal, illegal_action, invalid
from shared.contract.ecg import TraceValues
from shared.contract.ecg_reports import LONGEST_TEXT, MOST_STATEMENTS, PaperLook, ParameterValue, ReportBody, Statement
from shared.contract.errors import ErrorCode
from shared.domain.ecg import REPORT_STATES, REPORT_TRANSITIONS, ReportAction, ReportState
from shared.domain.ecg_reports import PARAMETERS, Parameter, QtcFormula, StatementSource, Verdict
from shared.waveform.filters import HIGH_PASS_STEPS, LOW_PASS_STEPS, NOTCH_STEPS, FilterSettings
from shared.waveform.layouts import LAYOUTS
from shared.waveform.paper import GAINS, SPEEDS

LONGEST_REASON = 1000
_LONGEST_STATEMENT = 400
_FIRST_ROUNDED = 1e-6
_WORDS = {
    ReportAction.SAVE: "保存",
    ReportAction.SUBMIT: "提交",
    ReportAction.SUBMIT_AND_PRINT: "提交",
    ReportAction.AUDIT: "审核",
    ReportAction.RETURN: "退回",
    ReportAction.PRINT: "打印",
    ReportAction.WITHDRAW: "撤回",
}


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────


def step(state: ReportState, action: ReportAction, *, two_level: bool = False) -> ReportState:
    """Return the state after an action. Raises ILLEGAL_ACTION. With two levels a submitted report waits for audit."""
    after = REPORT_TRANSITIONS.get((state, action))
    if after is None:
        raise illegal_action(state.value, f"报告{REPORT_STATES[state].zh}，不能{_WORDS[action]}，请刷新后再试。")
    if two_level and action in (ReportAction.SUBMIT, ReportAction.SUBMIT_AND_PRINT):
        return ReportState.PENDING
    return after


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides who may do what with a report now."""

    state: ReportState
    is_writer_side: bool  # the caller's hospital, or the doctor who accepted the consultation
    is_reader: bool  # the caller wrote the first reading
    is_publisher: bool  # the caller submitted the present edition
    may_report: bool
    may_audit: bool
    may_withdraw: bool  # others' reports
    may_print: bool
    same_person: bool = False
    is_own_hospital: bool = True


def allowed(standing: Standing) -> tuple[ReportAction, ...]:
    """Return what an account may do, in the order of the enumeration."""
    return tuple(
        action for action in ReportAction if (standing.state, action) in REPORT_TRANSITIONS and _may(standing, action)
    )


def _may(standing: Standing, action: ReportAction) -> bool:
    if action is ReportAction.PRINT:
        return standing.may_print
    if action is ReportAction.WITHDRAW:
        own = standing.is_publisher and standing.may_report
        return own or (standing.may_withdraw and standing.is_own_hospital)
    audits = standing.may_audit and standing.is_own_hospital and (standing.same_person or not standing.is_reader)
    if action in (ReportAction.AUDIT, ReportAction.RETURN):
        return audits
    if standing.state is ReportState.PENDING:
        return audits  # what the auditor changes
    return standing.may_report and standing.is_writer_side


# ── values ───────────────────────────────────────────────────────────────────────────────────────────


def machine_values(values: TraceValues, formula: QtcFormula) -> dict[Parameter, float | None]:
    """Return what was measured, by parameter."""
    corrected = {
        QtcFormula.BAZETT: values.qtc_bazett_ms,
        QtcFormula.FRIDERICIA: values.qtc_fridericia_ms,
        QtcFormula.FRAMINGHAM: values.qtc_framingham_ms,
        QtcFormula.HODGES: values.qtc_hodges_ms,
    }
    return {
        Parameter.HR: values.hr_bpm,
        Parameter.RR: values.rr_ms,
        Parameter.P: values.p_ms,
        Parameter.PR: values.pr_ms,
        Parameter.QRS: values.qrs_ms,
        Parameter.QT: values.qt_ms,
        Parameter.QTC: corrected[formula],
        Parameter.P_AXIS: values.p_axis,
        Parameter.QRS_AXIS: values.qrs_axis,
        Parameter.T_AXIS: values.t_axis,
        Parameter.RV5: values.rv5_mv,
        Parameter.SV1: values.sv1_mv,
        Parameter.RV5_SV1: values.rv5_sv1_mv,
    }


def proposed(values: TraceValues | None, formula: QtcFormula) -> tuple[ParameterValue, ...]:
    """Return the parameter area as the machine fills it, every parameter once, in order."""
    measured: Mapping[Parameter, float | None] = {} if values is None else machine_values(values, formula)
    return tuple(
        ParameterValue(name=name, machine=_rounded(name, measured.get(name)), value=_rounded(name, measured.get(name)))
        for name in Parameter
    )


def merged(given: Iterable[ParameterValue], machine: Iterable[ParameterValue]) -> tuple[ParameterValue, ...]:
    """Return the doctor's values beside the machine's, which nobody can change. Raises INVALID (a value out of bounds).

    A parameter that was not given stands as measured.
    """
    written: dict[Parameter, float | None] = {}
    for one in given:
        if one.name in written:
            raise invalid("parameters", f"{PARAMETERS[one.name].zh}重复，请刷新后再试。")
        written[one.name] = _checked(one.name, one.value)
    found = []
    for one in machine:
        value = written.get(one.name, one.machine)
        found.append(
            ParameterValue(name=one.name, machine=one.machine, value=value, is_changed=_differs(one.machine, value))
        )
    return tuple(found)


def _checked(name: Parameter, value: float | None) -> float | None:
    word = PARAMETERS[name]
    if value is None:
        return None
    if not math.isfinite(value) or not word.least <= value <= word.most:
        raise invalid(name.value, f"{word.zh}应在 {word.least:g} 到 {word.most:g} {word.unit} 之间，请核对后再保存。")
    return _rounded(name, value)


def _rounded(name: Parameter, value: float | None) -> float | None:
    return None if value is None else round(float(value), PARAMETERS[name].decimals)


def _differs(machine: float | None, value: float | None) -> bool:
    if machine is None or value is None:
        return machine is not value
    return abs(machine - value) > _FIRST_ROUNDED


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────


def cleaned(
    body: ReportBody, machine: tuple[ParameterValue, ...], trace_id: int, documents: tuple[int, ...] = ()
) -> ReportBody:
    """Return a body as it is kept. Raises INVALID, which names the field."""
    for field, word in (("findings", "检查所见"), ("diagnosis", "心电诊断")):
        if len(getattr(body, field)) > LONGEST_TEXT:
            raise invalid(field, f"{word}过长（最多 {LONGEST_TEXT} 字），请删减后再保存。")
    if len(body.statements) > MOST_STATEMENTS:
        raise invalid("statements", f"诊断语句最多 {MOST_STATEMENTS} 条，请删减后再保存。")
    return ReportBody(
        trace_id=trace_id,
        documents=documents,
        parameters=merged(body.parameters, machine),
        qtc_formula=body.qtc_formula,
        findings=_text(body.findings),
        diagnosis=_text(body.diagnosis),
        statements=tuple(_statement(one) for one in body.statements),
        look=checked_look(body.look),
        agreement=body.agreement,
    )


def _statement(one: Statement) -> Statement:
    text = " ".join(one.text.split())
    if not text or len(text) > _LONGEST_STATEMENT or len(one.code) > 64 or len(one.system) > 16:
        raise invalid("statements", "诊断语句为空或过长，请重新选择。")
    verdict = Verdict.CONFIRMED if one.source is StatementSource.DOCTOR else one.verdict
    return Statement(
        code=one.code.strip(),
        text=text,
        system=one.system.strip(),
        source=one.source,
        verdict=verdict,
        reason=" ".join(one.reason.split())[:_LONGEST_STATEMENT],
    )


def demand_conclusion(body: ReportBody) -> None:
    """Refuse a report without a conclusion (ECG-SUB-06). Raises INVALID, field "diagnosis"."""
    if not body.diagnosis:
        raise invalid("diagnosis", "心电诊断为空，请填写诊断结论后再提交。")


def needed(field: str, text: str, missing: str) -> str:
    """Return a reason, cleaned. Raises INVALID: empty or too long."""
    found = _text(text)
    if not found:
        raise invalid(field, missing)
    if len(found) > LONGEST_REASON:
        raise invalid(field, f"最多 {LONGEST_REASON} 字，请删减。")
    return found


def _text(text: str) -> str:
    """Without control characters, blanks at the ends of lines, and empty lines at both ends."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    printable = "".join(one for one in plain if one == "\n" or one >= " ")
    return "\n".join(line.rstrip() for line in printable.split("\n")).strip()


# ── paper ────────────────────────────────────────────────────────────────────────────────────────────


def checked_look(look: PaperLook) -> PaperLook:
    """Return a look that can be printed. Raises INVALID."""
    if look.layout and look.layout not in LAYOUTS:
        raise invalid("look", f"没有“{look.layout}”这种导联排列，请重新选择。")
    if look.speed not in SPEEDS or look.gain not in GAINS:
        raise invalid("look", "走纸速度为 12.5、25、50 mm/s，增益为 2.5、5、10、20 mm/mV，请重新选择。")
    if look.start < 0 or not math.isfinite(look.start) or len(look.rhythm) > 3:
        raise invalid("look", "打印的起始时间或节律导联不对，请重新选择。")
    if look.seconds is not None and not 0.5 <= look.seconds <= 120:
        raise invalid("look", "打印的时长应在 0.5 到 120 秒之间，请重新选择。")
    filters_of(look)
    return look


def filters_of(look: PaperLook) -> FilterSettings | None:
    """Return the filters of a look; None: as recorded. Raises INVALID."""
    steps = (
        (look.high_pass_hz or 0.0, HIGH_PASS_STEPS, "高通"),
        (look.low_pass_hz or 0.0, LOW_PASS_STEPS, "低通"),
        (look.mains_hz or 0.0, NOTCH_STEPS, "工频"),
    )
    for value, known, word in steps:
        if value not in known:
            raise invalid("look", f"{word}滤波没有 {value:g} Hz 这一档，请重新选择。")
    if not any(value for value, _known, _word in steps) and not look.muscle and not look.baseline:
        return None
    high, low, mains = (value for value, _known, _word in steps)
    return FilterSettings(high, low, mains, look.muscle, look.baseline)


def permission_missing(sentence: str) -> Refusal:
    """The refusal of somebody who may not."""
    return Refusal(ErrorCode.PERMISSION_MISSING, sentence)
