"""The reading page: writing with undo and local journal, saving; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from clients.ecg.reading import parameters, traces
from clients.ecg.reading.loading import Loading, draft_id
from clients.ecg.reading.state import TEXTS, Drawn, still_said, verdict_of
from clients.kit.messages import message_for
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.ecg_critical import AcknowledgeAlarm, AlarmView
from shared.contract.ecg_reports import ReportBody, ReportPage, Save, Statement, SuggestionView
from shared.contract.ecg_terms import TermView
from shared.contract.errors import ErrorCode, RpcError
from shared.domain.ecg_reports import PARAMETERS, Parameter, QtcFormula, StatementSource, Verdict
from shared.waveform.beats import Delineation

_MOST_UNDO = 100


class ReadingPresenter(Loading):
    """Holds what is written about one exam. Every key stroke goes into the local journal."""

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────

    def edit(self, box: str, text: str) -> None:
        """The doctor typed into 检查所见 or 心电诊断: into the local journal at once."""
        if not self.state.may_write or getattr(self.state.body, box) == text:
            return
        before = getattr(self.state.body, box)
        whole_words = abs(len(text) - len(before)) > 1 or text[-1:] in " ，。；、\n"
        body = msgspec.structs.replace(self.state.body, **{box: text})
        body = msgspec.structs.replace(body, statements=still_said(body.statements, body.findings + body.diagnosis))
        self._write(body, "" if whole_words else box)

    def set_value(self, name: Parameter, text: str) -> bool:
        """The doctor changed a parameter; False when what was typed is no possible value (said at the field)."""
        if not self.state.may_write:
            return False
        try:
            value = parameters.parsed(name, text)
        except ValueError:
            self._change(problems={name.value: tr("请输入可能的数值，或清空")})
            return False
        if value == parameters.value_of(self.state.body.parameters, name):
            if self.state.problems:
                self._change(problems={})
            return True
        self._put(parameters.with_value(self.state.body.parameters, name, value, self.state.body.qtc_formula))
        return True

    def take_machine_value(self, name: Parameter) -> None:
        """Back to what the machine measured."""
        if self.state.may_write:
            self._put(parameters.as_measured(self.state.body.parameters, name, self.state.body.qtc_formula))

    def set_formula(self, formula: QtcFormula) -> None:
        """Another formula of QTc, named on the report."""
        if not self.state.may_write or formula is self.state.body.qtc_formula:
            return
        trace = self.state.drawn.trace if self.state.drawn is not None else None
        values = parameters.with_formula(self.state.body.parameters, trace.values if trace else None, formula)
        self._write(msgspec.structs.replace(self.state.body, qtc_formula=formula, parameters=values))

    def take_measurement(self, values: Mapping[str, float]) -> tuple[Parameter, ...]:
        """发送到参数区 (ECG-MEAS-06): the parameters that took a value."""
        if not self.state.may_write:
            return ()
        found, taken = parameters.with_measurement(self.state.body.parameters, values, self.state.body.qtc_formula)
        if taken:
            self._put(found)
            names = "、".join(tr(PARAMETERS[name].zh) for name in taken)
            self._messages.say(tr("已写入参数区：{names}", names=names), Tone.SUCCESS)
        else:
            self._messages.say(tr("参数区没有这一项，测量值只显示在波形上。"))
        return taken

    def points_moved(self, found: Delineation) -> None:
        """Points of a beat were moved by hand: measure anew, the changed values are the doctor's (EX-ECG-04)."""
        drawn = self.state.drawn
        if drawn is None or self.state.past is not None:
            return

        def done(analysis: Any) -> None:
            newer = Drawn(drawn.trace, drawn.record, analysis)
            self._change(drawn=newer)
            self.view.show_trace(newer)
            if self.state.may_write:
                self._put(_moved(self.state.body, drawn, newer))

        self._run(lambda: traces.measured_anew(drawn.record, found), done, None, "measure")

    def accept(self, suggestion: SuggestionView) -> str:
        """Take a machine's suggestion; the text that belongs into 心电诊断. It is confirmed from now on (EX-ECG-11)."""
        if not self.state.may_write:
            return ""
        text = suggestion.en if language() is Language.ENGLISH else suggestion.zh
        self._verdict(suggestion, Verdict.CONFIRMED, text)
        return text

    def reject(self, suggestion: SuggestionView) -> None:
        """Say that a suggestion does not hold."""
        if self.state.may_write:
            self._verdict(suggestion, Verdict.REJECTED, suggestion.zh)

    def reopen(self, suggestion: SuggestionView) -> None:
        """Neither confirmed nor rejected again; its words leave the diagnosis."""
        if not self.state.may_write:
            return
        old = next((one for one in self.state.body.statements if _is(one, suggestion)), None)
        others = tuple(one for one in self.state.body.statements if not _is(one, suggestion))
        body = msgspec.structs.replace(self.state.body, statements=others)
        if old is not None and old.verdict is Verdict.CONFIRMED:
            lines = [line for line in body.diagnosis.split("\n") if line.strip() != old.text]
            body = msgspec.structs.replace(body, diagnosis="\n".join(lines))
        self._write(body)
        self._fill()

    def term_taken(self, term: TermView) -> None:
        """A term of the dictionary was inserted: its code is kept beside the text."""
        if self.state.may_write and term.code:
            text = term.en if language() is Language.ENGLISH and term.en else term.zh
            one = Statement(code=term.code, text=text, system=term.system or "mingjing")
            known = [each for each in self.state.body.statements if (each.code, each.text) != (one.code, one.text)]
            self._write(msgspec.structs.replace(self.state.body, statements=(*known, one)), "term")

    def set_agreement(self, agreement: Any) -> None:
        """How the consultation's opinion stands to the first one."""
        if self.state.may_write and agreement is not self.state.body.agreement:
            self._write(msgspec.structs.replace(self.state.body, agreement=agreement))

    def set_documents(self, ids: tuple[int, ...]) -> None:
        """The documents whose pages follow the report on paper."""
        if self.state.may_write and ids != self.state.body.documents:
            self._write(msgspec.structs.replace(self.state.body, documents=ids))

    def accept_all(self) -> None:
        """采纳全部建议: every suggestion that is still open, one step of undo each."""
        page = self.state.page
        for suggestion in page.suggestions if page is not None else ():
            if verdict_of(self.state.body, suggestion) is Verdict.OPEN:
                self.accept(suggestion)

    def undo(self) -> None:
        """Take the last change back: text, value or suggestion."""
        self._step(self._undo, self._redo)

    def redo(self) -> None:
        """And again."""
        self._step(self._redo, self._undo)

    def _verdict(self, suggestion: SuggestionView, verdict: Verdict, text: str) -> None:
        english = language() is Language.ENGLISH
        statement = Statement(
            code=suggestion.code,
            text=text,
            system=suggestion.system,
            source=StatementSource.MACHINE,
            verdict=verdict,
            reason=suggestion.reason_en if english else suggestion.reason_zh,
        )
        others = tuple(one for one in self.state.body.statements if not _is(one, suggestion))
        body = msgspec.structs.replace(self.state.body, statements=(*others, statement))
        if verdict is Verdict.CONFIRMED and text not in body.diagnosis:
            before = body.diagnosis.rstrip()
            body = msgspec.structs.replace(body, diagnosis=f"{before}\n{text}" if before else text)
        self._write(body)
        self._fill()

    def _put(self, values: parameters.Values) -> None:
        self._write(msgspec.structs.replace(self.state.body, parameters=values))

    def _write(self, body: ReportBody, typing: str = "") -> None:
        """A change by the doctor: one step of undo, key strokes in one box together; journaled at once."""
        if not typing or typing != self._typing:
            self._undo.append(self.state.body)
            del self._undo[:-_MOST_UNDO]
        self._typing = typing
        self._redo.clear()
        self._show_body(body)

    def _show_body(self, body: ReportBody) -> None:
        dirty = body != self._kept
        if dirty:
            version = self.state.page.version if self.state.page is not None else 0
            self.place.drafts.record(draft_id(self.exam_id), {"body": msgspec.to_builtins(body), "version": version})
        else:
            self.place.drafts.discard(draft_id(self.exam_id))
        was = self.state.is_dirty
        self._change(body=body, is_dirty=dirty, problems={})
        if dirty != was and self.desk is not None:
            self.desk.retitle_reading(self.exam_id, self.title())

    def _step(self, source: list[ReportBody], target: list[ReportBody]) -> None:
        if source and self.state.may_write:
            target.append(self.state.body)
            self._typing = ""
            self._show_body(source.pop())
            self._fill()

    # ── saving ───────────────────────────────────────────────────────────────────────────────────────

    def body_to_send(self) -> ReportBody:
        """What is written, with the trace it speaks of and the look of the paper."""
        drawn = self.state.drawn
        trace_id = drawn.trace.id if drawn is not None and drawn.trace is not None else self.state.body.trace_id
        return msgspec.structs.replace(self.state.body, trace_id=trace_id, look=self.view.paper_look())

    def save(self, done: Callable[[], None] | None = None, failed: Callable[[], None] | None = None) -> None:
        """保存 a draft (ECG-SUB-01)."""
        page = self.state.page
        if page is None or not self.state.may_write:
            if failed is not None:
                failed()
            return
        sent, body = self.state.body, self.body_to_send()
        request = Save(exam_id=self.exam_id, version=page.version, body=body, station_template=self.station_template())

        def saved(newer: ReportPage) -> None:
            self.adopt(newer, sent)
            self._messages.say(tr("已保存草稿"), Tone.SUCCESS)
            if done is not None:
                done()

        def refused(error: Exception) -> None:
            self.refused(error)
            if failed is not None:
                failed()

        self._change(is_busy=True)
        self._ask_key(request, saved, refused, "save")

    def acknowledge(self, alarm: AlarmView) -> None:
        """A critical ECG was seen and acted on (EX-ECG-09)."""

        def done(_alarm: AlarmView) -> None:
            self._messages.say(tr("已确认危急心电图"), Tone.SUCCESS)
            self.load_page()
            self.tell_changed()

        self.ask(AcknowledgeAlarm(alarm_id=alarm.id), done)

    def adopt(self, newer: ReportPage, sent: ReportBody) -> None:
        """The server took what was sent. What was typed meanwhile stays unsaved."""
        self._kept = sent
        dirty = self.state.body != sent
        if dirty:
            self._change(page=newer, is_busy=False, problems={})
        else:
            self.place.drafts.discard(draft_id(self.exam_id))
            self._kept = newer.body if newer.body.parameters else sent
            self._change(page=newer, body=self._kept, is_busy=False, is_dirty=False, problems={})
            self._fill()
        self.tell_changed()

    def show_server_body(self, page: ReportPage) -> None:
        """Show what the server says, whatever stood here before (withdrawn, returned)."""
        self._kept = page.body
        self._undo.clear()
        self._redo.clear()
        self._change(page=page, body=page.body, is_dirty=False, is_busy=False, problems={})
        self._fill()

    def refused(self, error: Exception) -> None:
        """The server did not take it: at the field, or with the newer report below the words."""
        self._change(is_busy=False)
        message = message_for(error)
        if isinstance(error, RpcError) and error.code is ErrorCode.CONFLICT:
            self._messages.say(tr("报告刚被他人更新，已载入新版本并保留您的文字；请核对后再次保存。"), Tone.WARNING)
            self.reload()
        elif message.field in (*TEXTS, *(name.value for name in Parameter)):
            self._change(problems={message.field: message.text})
        else:
            self._messages.report(error)

    def say_problem(self, box: str, sentence: str) -> None:
        """Show a sentence at a box."""
        self._change(problems={box: sentence})

    def set_busy(self, is_busy: bool) -> None:
        """A step of the report is on its way."""
        self._change(is_busy=is_busy)


def _is(statement: Statement, suggestion: SuggestionView) -> bool:
    return statement.source is StatementSource.MACHINE and statement.code == suggestion.code


def _moved(body: ReportBody, before: Drawn, after: Drawn) -> parameters.Values:
    """The values that moving points changed, as the doctor's."""
    from shared.waveform.comparison import values_of

    old = values_of(before.analysis.measurements, body.qtc_formula.value)
    new = values_of(after.analysis.measurements, body.qtc_formula.value)
    values = body.parameters
    for name in Parameter:
        if name in (Parameter.QTC, Parameter.RV5_SV1, Parameter.HR) or old[name.value] == new[name.value]:
            continue
        found = new[name.value]
        rounded = None if found is None else round(found, PARAMETERS[name].decimals)
        values = parameters.with_value(values, name, rounded, body.qtc_formula)
    return values
