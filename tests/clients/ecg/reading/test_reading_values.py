"""心电参数区 of the reading page: typed, measured by hand, taken again from the machine."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from clients.ecg.trace.measurement import Measurement
from clients.ecg.trace.measurement import Parameter as Measured
from shared.domain.ecg_reports import Parameter, QtcFormula
from tests.clients.ecg.reading.reading_house import House, Room, shown
from tests.clients.ecg.reading.reading_rows import measured, phantom_trace


def test_a_changed_value_is_marked_beside_the_machines_and_comes_back(room: Room) -> None:
    area = room.page.parameters
    row = list(Parameter).index(Parameter.PR)
    area.model.setData(area.model.index(row, 1), "210")
    line = area.model.lines[row]
    assert line.is_changed and line.value == 210 and line.machine == pytest.approx(160, abs=15) and line.mark == "↑"
    assert "机测值" in area.model.tip(line)
    assert room.page.is_dirty()
    area.machine_wanted.emit(Parameter.PR)
    assert not area.model.lines[row].is_changed and not room.page.is_dirty()


def test_an_impossible_value_is_refused_at_its_field(room: Room) -> None:
    area = room.page.parameters
    area.model.setData(area.model.index(0, 1), "9000")
    assert room.state.problems == {"hr": "请输入可能的数值，或清空"}
    assert area.value_shown(Parameter.HR) == "73"
    area.model.setData(area.model.index(0, 1), "74")
    assert room.state.problems == {} and area.value_shown(Parameter.HR) == "74"


def test_values_are_typed_one_after_the_other(room: Room, qtbot: QtBot) -> None:
    room.actions.trigger("reading.parameters")
    table = room.page.parameters.table
    for text in ("80", "750"):
        qtbot.keyClicks(table, text[0])
        editor = QApplication.focusWidget()
        assert isinstance(editor, QLineEdit)
        qtbot.keyClicks(editor, text[1:])
        qtbot.keyClick(editor, Qt.Key.Key_Return)
        QApplication.processEvents()
    assert room.page.parameters.value_shown(Parameter.HR) == "80"
    assert room.page.parameters.value_shown(Parameter.RR) == "750"
    assert table.currentIndex().row() == 2


def test_a_new_recording_gives_its_values_and_keeps_the_doctors(room: Room) -> None:
    area = room.page.parameters
    area.model.setData(area.model.index(list(Parameter).index(Parameter.PR), 1), "210")
    room.actions.trigger("reading.save")
    assert room.house.pages[1].body.trace_id == 10
    room.house.traces[1] = msgspec.structs.replace(
        phantom_trace(1, 500.0), trace=msgspec.structs.replace(phantom_trace(1, 500.0).trace, id=11)
    )
    room.page.presenter.trace_acquired(11, measured(500.0)[0])
    assert area.value_shown(Parameter.HR) == "120" and area.value_shown(Parameter.PR) == "210"
    assert room.page.is_dirty() and "已换成新采集的心电图" in room.said()[-1]
    room.actions.trigger("reading.save")
    assert room.house.pages[1].body.trace_id == 11 and not room.page.is_dirty()


def test_a_measured_rr_goes_into_the_parameters_with_rate_and_qtc(room: Room) -> None:
    sent = Measurement(Measured.RR, "II", 1.0, 2.0, 0.0, 0.0)
    room.page.trace.value_sent.emit(sent)
    assert room.page.parameters.value_shown(Parameter.RR) == "1000"
    assert room.page.parameters.value_shown(Parameter.HR) == "60"
    qt = room.page.parameters.value_shown(Parameter.QT)
    assert room.page.parameters.value_shown(Parameter.QTC) == qt


def test_the_formula_of_qtc_is_switched_and_named(room: Room) -> None:
    before = room.page.parameters.value_shown(Parameter.QTC)
    room.page.parameters.formula_chosen.emit(QtcFormula.FRIDERICIA)
    assert room.page.parameters.value_shown(Parameter.QTC) != before
    assert room.page.parameters.formula.text() == "QTc Fridericia"


def test_no_p_wave_is_an_answer(qtbot: QtBot, tmp_path: Path) -> None:
    room = shown(qtbot, tmp_path, House(p_waves=False))
    assert room.page.parameters.value_shown(Parameter.PR) == "无 P 波"
    room.close()


def test_moved_points_measure_anew(room: Room) -> None:
    from dataclasses import replace

    found = room.state.drawn.analysis.delineation
    beats = tuple(
        replace(beat, qrs_off_ms=beat.qrs_off_ms + 40) if beat.qrs_off_ms is not None else beat for beat in found.beats
    )
    before = float(room.page.parameters.value_shown(Parameter.QRS))
    room.page.trace.points_moved.emit(replace(found, beats=beats))
    assert float(room.page.parameters.value_shown(Parameter.QRS)) == pytest.approx(before + 40, abs=1)
