"""Which calls are spoken together, in which order and with which words; numbers and the volume by the hour."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clients.kit.voice.announcement import SpokenText
from clients.kit.voice.calls import MOST_TOGETHER, announcement_of, next_calls
from clients.kit.voice.numerals import cardinal, one_by_one, ticket_words
from clients.kit.voice.reading import as_name, name_in, plain_spoken, sounded_name, spoken_parts
from clients.kit.voice.volume import amplitude, volume_at
from shared.contract.halls import HallRoom, HallSettings, SpokenLanguages, SpokenName, SpokenNumber, VolumeStep
from shared.contract.queueing import CallView

ROOMS = {
    1: HallRoom(room_id=1, name="CT 1", name_en="CT 1", spoken_name="CT一室", spoken_name_en="CT room 1"),
    2: HallRoom(room_id=2, name="MR 2", name_en="", spoken_name="核磁共振二室", spoken_name_en=""),
}


def a_call(
    call_id: int, *, room_id: int = 1, ticket_id: int = 0, number: str = "", name: str = "张小明", urgent: bool = False
) -> CallView:
    number = number or f"A{call_id:03d}"
    said = "".join("零一二三四五六七八九"[int(sign)] if sign.isdigit() else sign for sign in number)
    return CallView(
        call_id=call_id,
        ticket_id=ticket_id or 100 + call_id,
        number=number,
        masked_name=f"{name[0]}*{name[-1]}",
        room_id=room_id,
        room_name=f"{room_id}室",
        spoken_text=f"请{said}号{f'，{name}，' if name != '--' else '，'}到{room_id}室检查。",
        spoken_text_en="",
        called_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
        is_over=False,
        is_urgent=urgent,
    )


def text_of(call: CallView, **chosen: object) -> str:
    settings = HallSettings(name="一楼", **chosen)  # type: ignore[arg-type]
    [spoken] = announcement_of([call], settings, ROOMS).texts
    return spoken.text.replace("\u2068", "").replace("\u2069", "")


def test_the_oldest_is_spoken_first_and_an_emergency_before_it() -> None:
    first, second, urgent = a_call(1), a_call(2, room_id=2), a_call(3, room_id=2, urgent=True)
    assert next_calls([]) == ()
    assert next_calls([second, first]) == (first,)
    assert next_calls([first, second, urgent]) == (urgent,)


def test_patients_of_one_room_are_called_together_but_never_too_many() -> None:
    calls = [a_call(number) for number in range(1, 6)]
    elsewhere = a_call(9, room_id=2)
    assert next_calls([*calls, elsewhere]) == tuple(calls[:MOST_TOGETHER])
    assert next_calls([*calls[3:], elsewhere]) == tuple(calls[3:])


def test_a_call_again_that_overtakes_its_first_is_spoken_once() -> None:
    first, again = a_call(1, ticket_id=7, number="A007"), a_call(4, ticket_id=7, number="A007")
    together = next_calls([first, again])
    assert together == (first, again)  # both are reported over
    [spoken] = announcement_of(together, HallSettings(name=""), ROOMS).texts
    assert spoken.text.count("七号") == 1


def test_two_patients_share_a_sentence_in_which_both_names_are_read_as_names() -> None:
    calls = [a_call(3, name="单田芳"), a_call(4, name="曾黎")]
    [spoken] = announcement_of(calls, HallSettings(name=""), ROOMS).texts
    assert spoken.language == "zh"
    read = " ".join(part.text for part in spoken_parts(spoken.text, "zh"))
    assert read == ("qing3 san1 hao4 shan4 tian2 fang1 si4 hao4 zeng1 li2 dao4 C T yi1 shi4 jian3cha2")


def test_how_much_of_the_name_is_said_is_the_halls_choice() -> None:
    call = a_call(3, name="张小明")
    assert text_of(call) == "请三号，张小明，到CT一室检查。"
    assert text_of(call, spoken_name=SpokenName.MASKED) == "请三号，张*明，到CT一室检查。"
    assert text_of(call, spoken_name=SpokenName.NUMBER_ONLY) == "请A三号，到CT一室检查。"
    silent = a_call(3, name="--")  # the server does not speak names
    assert text_of(silent) == "请三号，到CT一室检查。"
    assert text_of(silent, spoken_name=SpokenName.MASKED) == "请三号，到CT一室检查。"


def test_how_a_number_is_said_is_the_halls_choice() -> None:
    call = a_call(112, number="B112")
    assert "请一百一十二号" in text_of(call)
    assert "请B一百一十二号" in text_of(call, spoken_number=SpokenNumber.WITH_LETTER)
    assert "请B一一二号" in text_of(call, spoken_number=SpokenNumber.DIGITS)
    assert "请B幺幺二号" in text_of(call, spoken_number=SpokenNumber.DIGITS, says_yao=True)


def test_english_names_the_room_in_english_where_it_has_a_name() -> None:
    both = HallSettings(name="", languages=SpokenLanguages.BOTH)
    chinese, english = announcement_of([a_call(3)], both, ROOMS).texts
    assert (chinese.language, english.language) == ("zh", "en")
    assert english.text == f"Number A 0 0 3, {as_name('张小明')}, please go to CT room 1."
    only = HallSettings(name="", languages=SpokenLanguages.ENGLISH)
    [elsewhere] = announcement_of([a_call(3, room_id=2), a_call(4, room_id=2)], only, ROOMS).texts
    assert elsewhere.text.startswith("Numbers A 0 0 3")
    assert elsewhere.text.endswith("please go to 2室.")
    parts = spoken_parts(english.text, "en")
    assert ("zhang1 xiao3 ming2", "zh") in [(part.text, part.language) for part in parts]


def test_a_room_that_the_hall_does_not_know_is_said_by_its_name() -> None:
    [spoken] = announcement_of([a_call(3, room_id=8)], HallSettings(name=""), ROOMS).texts
    assert spoken == SpokenText(f"请三号，{as_name('张小明')}，到8室检查。", "zh")


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("请A零一二号，张三，到CT一室检查。", "张三"),
        ("请A零一二号，到CT一室检查。", ""),
        ("请A零零一号，阿卜杜·买买提，到一室检查。", "阿卜杜·买买提"),
        ("请A零零一号，John Smith，到一室检查。", "John Smith"),
        ("", ""),
        ("欢迎。", ""),
    ],
)
def test_the_name_is_found_in_the_sentence_of_the_server(sentence: str, name: str) -> None:
    assert name_in(sentence) == name


def test_a_mark_in_a_name_cannot_open_another() -> None:
    assert as_name("张\u2068三\u2069") == "\u2068张三\u2069"
    assert as_name("") == ""


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "零"), (9, "九"), (10, "十"), (12, "十二"), (20, "二十"), (99, "九十九"), (100, "一百"), (101, "一百零一"),
     (110, "一百一十"), (119, "一百一十九"), (200, "二百"), (999, "九百九十九"), (1000, "一千"), (1001, "一千零一"),
     (1010, "一千零一十"), (1100, "一千一百"), (9999, "九千九百九十九")],
)  # fmt: skip
def test_cardinals(number: int, words: str) -> None:
    assert cardinal(number) == words


def test_what_is_no_ticket_number_is_said_sign_by_sign() -> None:
    assert ticket_words("A12-3", SpokenNumber.PLAIN) == "A一二-三"
    assert ticket_words("12345", SpokenNumber.PLAIN) == "一二三四五"
    assert ticket_words("A000", SpokenNumber.PLAIN) == "零"
    assert one_by_one("101", one_as_yao=True) == "幺零幺"
    with pytest.raises(ValueError, match="10000"):
        cardinal(10_000)


@pytest.mark.parametrize(
    ("name", "sounded"),
    [("单田芳", "善田芳"), ("曾黎", "增黎"), ("解缙", "谢缙"), ("张伟", "张伟"), ("John", "John"), ("张*明", "张*明")],
)
def test_a_windows_voice_is_given_homophones_for_what_it_would_misread(name: str, sounded: str) -> None:
    assert sounded_name(name) == sounded
    marked = f"请三号，{as_name(name)}，到一室"
    assert plain_spoken(marked, "zh").startswith(f"请三号,{sounded.replace('*', '某')}")


def test_the_volume_by_the_hour() -> None:
    plan = (
        VolumeStep(minute=7 * 60, percent=80),
        VolumeStep(minute=12 * 60, percent=40),
        VolumeStep(minute=20 * 60, percent=0),
    )

    def at(hour: int, minute: int = 0) -> int:
        return volume_at(plan, datetime(2026, 11, 22, hour, minute))

    assert [at(7), at(11, 59), at(12), at(19, 59), at(20), at(3)] == [80, 80, 40, 40, 0, 0]
    assert volume_at((), datetime(2026, 11, 22, 3, 0)) == 100
    assert (amplitude(100), amplitude(50), amplitude(0), amplitude(-5), amplitude(300)) == (1, 0.25, 0, 0, 1)
