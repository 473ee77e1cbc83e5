"""Reports as the scripts of departments write them: codes, character sets, texts with marks, lines that are none."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from mingjing.report import answers
from tests.server_process import ROOT

KNEE = {"id": "K", "exam_type": "MR", "findings": "右侧膝关节半月板撕裂。", "impression": "右侧膝关节半月板撕裂。"}
PELVIS = {"id": "P", "exam_type": "CT", "findings": "子宫大小正常，附件未见异常。", "impression": "子宫未见异常。"}


def asked(*lines: bytes | dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """What is answered to these lines, and what is told beside it."""
    told: list[str] = []
    data = b"\n".join(one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() for one in lines)
    return list(answers(BytesIO(data), told.append)), told


def kinds(answer: dict[str, Any]) -> set[str]:
    return {alarm["kind"] for alarm in answer["alarms"]}


@pytest.mark.parametrize(
    ("side", "is_other"),
    [(word, True) for word in ("左", "L", " lt ", "Left side", "左侧膝", ["左"], {"code": "7771000"}, "lft")]
    + [(word, False) for word in ("R", "右", "B", "bilateral", "双侧", "R/L", "左,右", ["left", "right"], 24028007)]
    + [(word, False) for word in (None, "", "U", "N/A", "无", "中线", [])],
)
def test_a_side_is_read_in_the_words_of_others(side: Any, is_other: bool) -> None:
    [answer], told = asked({**KNEE, "side": side})
    assert ("side" in kinds(answer)) is is_other
    assert told == []


@pytest.mark.parametrize(
    ("sex", "is_wrong"),
    [(word, True) for word in ("男", "M", "male", 1, "♂", "先生", "男(M)", ["男"], {"code": "1"})]
    + [(word, False) for word in ("女", "F", "2", "女士", None, "U", "O", "9", "保密", "N/A")],
)
def test_a_sex_is_read_in_the_words_of_others(sex: Any, is_wrong: bool) -> None:
    [answer], told = asked({**PELVIS, "sex": sex})
    assert ("sex" in kinds(answer)) is is_wrong
    assert told == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("side", "rechts"),
        ("side", True),
        ("sex", "xyz"),
        ("sex", "男/女"),
        ("age", "1990-01-01"),
        ("age", -5),
        ("age", "三十五岁"),
        ("findings", 5),
        ("prior", True),
    ],
)
def test_what_is_not_understood_is_told(field: str, value: Any) -> None:
    [answer], told = asked({**KNEE, field: value})
    assert "error" not in answer
    assert len(told) == 1 and told[0].startswith(f"line 1: {field} ")


@pytest.mark.parametrize(
    "age", ["35Y", "035Y", "35岁", "35 岁", 35, 35.5, "3岁2月", "3M", "200D", "300天", "约35", "", None]
)
def test_an_age_may_have_its_unit(age: Any) -> None:
    assert asked({**KNEE, "age": age})[1] == []


def test_other_names_character_sets_and_marks() -> None:
    chinese = {"编号": "C", "影像所见": PELVIS["findings"], "诊断意见": PELVIS["impression"], "性别": "男"}
    html = {**KNEE, "id": "H", "side": "R", "findings": "<p>右侧膝关节<b>半月板</b>撕裂&nbsp;。</p><br/>"}
    found, told = asked(
        b"\xef\xbb\xbf" + json.dumps(KNEE, ensure_ascii=False).encode() + b"\r",
        b"",
        json.dumps({**PELVIS, "sex": "男"}, ensure_ascii=False).encode("gb18030"),
        chinese,
        html,
    )
    assert [(one["id"], kinds(one)) for one in found] == [("K", set()), ("P", {"sex"}), ("C", {"sex"}), ("H", set())]
    assert told == ["line 3: the file is no UTF-8; it is read as GB18030"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'[{"id": 1},', "a list"),
        (b"{", "over several lines"),
        (b'  "id": 1,', "over several lines"),
        (b"[1]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{'id': 1}", "no JSON at column 2"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b'{"id":\x00 1}', "zero bytes"),
        (b'{"id": 1, "findings": "\xff"}', "neither UTF-8 nor GB18030"),
        (b'{"id": ' + b"9" * 5000 + b"}", "number"),
        (b'{"findings": "' + b"x" * (10 << 20) + b'"}', "longer than 4 MB"),
    ],
)
def test_a_line_that_is_no_report_says_why(line: bytes, words: str) -> None:
    found, _told = asked(line, KNEE)
    assert words in found[0]["error"] and found[0]["alarms"] == []
    assert found[1]["id"] == "K", "the next line is read"


def test_the_lines_that_come_out_are_json_in_utf_8_whatever_the_console_is(tmp_path: Path) -> None:
    rows = [{**PELVIS, "sex": "男", "id": "甲"}, {**KNEE, "id": "\ud800"}, {"id": float("nan"), "findings": "a"}]
    file = tmp_path / "reports.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mingjing", "report", "check", str(file)],
        capture_output=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "PATH": ""},
        check=False,
    )

    def never(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    found = [json.loads(line, parse_constant=never) for line in done.stdout.decode("utf-8").splitlines()]
    assert [one["id"] for one in found] == ["甲", "\ud800", None]
    assert done.returncode == 0
