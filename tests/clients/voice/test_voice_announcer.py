"""Announcements: texts by rule, one at a time, each end reported once, with and without a sound device."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable

import pytest

from clients.kit.running import HeldRunner, ImmediateRunner
from clients.kit.voice.announcement import (
    Announcement,
    AnnouncementRules,
    SpokenText,
    cache_key,
    call_announcement,
    given_announcement,
)
from clients.kit.voice.announcer import Announcer, Ending, SpeakingRules
from clients.kit.voice.cache import SoundCache
from clients.kit.voice.hall import CallSpeaker
from clients.kit.voice.players import PacedPlayer, Player
from clients.kit.voice.sound import Sound, SoundError, chime, joined, silence, tone
from clients.kit.voice.system_voice import SystemVoice, powershell_command
from clients.kit.voice.voices import RecordedVoice, SpokenLanguage, ToneVoice, Voice, VoiceChain, VoiceError
from shared.contract.halls import HallSettings, HallView, SpokenLanguages, VolumeStep
from shared.contract.queueing import CallView


class FakeClock:
    """Timers that fire when the test moves the time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def after(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        entry = (self.now + seconds, call)
        self._due.append(entry)
        return lambda: self._due.remove(entry) if entry in self._due else None

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while ready := sorted((entry for entry in self._due if entry[0] <= end), key=lambda entry: entry[0]):
            self._due.remove(ready[0])
            self.now = ready[0][0]
            ready[0][1]()
        self.now = end


class FakePlayer:
    """Plays until the test says it is over."""

    silent_reason: str | None = None

    def __init__(self) -> None:
        self.played: list[bytes] = []
        self._finished: Callable[[], None] | None = None

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        assert self._finished is None, "two announcements overlap"
        self.played.append(wav)
        self._finished = finished

    def stop(self) -> None:
        self._finished = None

    def end(self) -> None:
        finished, self._finished = self._finished, None
        assert finished is not None
        finished()


class CountingVoice(ToneVoice):
    name = "counting"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        self.asked.append(text)
        return super().synthesize(text, language)


class MuteVoice:
    name = "mute"

    def available(self) -> str | None:
        return "没有语音"

    def synthesize(self, text: str, language: SpokenLanguage) -> bytes:
        raise VoiceError("说不出来")

    def close(self) -> None:
        pass


def a_call(key: str, text: str = "请张某明到CT一室检查") -> Announcement:
    return Announcement(key, (SpokenText(text, "zh"),))


def test_calls_at_the_same_moment_are_spoken_one_after_the_other_and_reported_once() -> None:
    player = FakePlayer()
    announcer = Announcer(ToneVoice(), player, ImmediateRunner())
    ended: list[tuple[str, Ending]] = []
    for key in ("a", "b", "c"):
        assert announcer.announce(a_call(key), lambda ending, key=key: ended.append((key, ending)))
    assert (len(player.played), announcer.waiting) == (1, 2)
    for _ in range(3):
        player.end()
    assert ended == [("a", Ending.SPOKEN), ("b", Ending.SPOKEN), ("c", Ending.SPOKEN)]
    assert announcer.speaking is None


def test_the_same_call_is_not_queued_twice_but_may_be_repeated_later() -> None:
    player = FakePlayer()
    announcer = Announcer(ToneVoice(), player, ImmediateRunner())
    assert announcer.announce(a_call("a"))
    assert not announcer.announce(a_call("a"))
    player.end()
    assert announcer.announce(a_call("a"))


def test_repetitions_pauses_and_chime_make_the_length() -> None:
    player = FakePlayer()
    announcer = Announcer(
        ToneVoice(), player, ImmediateRunner(), rules=SpeakingRules(repetitions=3, pause_s=1.0, chime=False)
    )
    announcer.announce(a_call("a", "请张三到"))
    assert Sound.of_wav(player.played[0]).seconds == pytest.approx(3 * 1.0 + 2 * 1.0, abs=0.01)
    player.end()
    announcer.set_rules(SpeakingRules(repetitions=1, chime=True))
    announcer.announce(a_call("b", "请张三到"))
    assert Sound.of_wav(player.played[1]).seconds == pytest.approx(1.0 + 0.25 + chime().seconds, abs=0.01)


def test_calling_again_speaks_in_full_from_the_memory() -> None:
    voice, player = CountingVoice(), FakePlayer()
    announcer = Announcer(voice, player, ImmediateRunner())
    announcer.announce(a_call("a:1"))
    player.end()
    announcer.announce(a_call("a:2"))
    assert player.played[0] == player.played[1]
    assert len(voice.asked) == 1


def test_without_a_device_the_flow_goes_on_at_the_pace_of_speech() -> None:
    clock = FakeClock()
    problems: list[str] = []
    announcer = Announcer(
        ToneVoice(),
        PacedPlayer(clock.after),
        ImmediateRunner(),
        rules=SpeakingRules(repetitions=1, chime=False),
        problem=problems.append,
    )
    ended: list[Ending] = []
    announcer.announce(a_call("a", "请张三到"), ended.append)
    announcer.announce(a_call("b", "请张三到"), ended.append)
    clock.advance(0.9)
    assert ended == []
    clock.advance(0.2)
    assert ended == [Ending.SILENT]
    clock.advance(1.0)
    assert ended == [Ending.SILENT, Ending.SILENT]
    assert len(problems) == 1  # said once, not with every call
    assert "扬声器" in problems[0]


def test_a_voice_that_fails_does_not_stop_the_queue() -> None:
    problems: list[str] = []
    ended: list[Ending] = []
    announcer = Announcer(MuteVoice(), FakePlayer(), ImmediateRunner(), problem=problems.append)
    announcer.announce(a_call("a"), ended.append)
    announcer.announce(a_call("b"), ended.append)
    assert ended == [Ending.FAILED, Ending.FAILED]
    assert problems == ["说不出来", "说不出来"]


def test_an_announcement_without_text_fails_at_once() -> None:
    ended: list[Ending] = []
    Announcer(ToneVoice(), FakePlayer(), ImmediateRunner()).announce(Announcement("a", ()), ended.append)
    assert ended == [Ending.FAILED]


def test_a_waiting_and_a_spoken_call_can_be_cancelled() -> None:
    player = FakePlayer()
    announcer = Announcer(ToneVoice(), player, ImmediateRunner())
    ended: list[tuple[str, Ending]] = []
    for key in ("a", "b", "c"):
        announcer.announce(a_call(key), lambda ending, key=key: ended.append((key, ending)))
    announcer.cancel("b")
    announcer.cancel("a")
    announcer.cancel("unknown")
    assert ended == [("b", Ending.CANCELLED), ("a", Ending.CANCELLED)]
    player.end()
    assert ended[-1] == ("c", Ending.SPOKEN)


def test_cancelling_while_the_voice_still_works_drops_its_result() -> None:
    runner, player = HeldRunner(), FakePlayer()
    announcer = Announcer(ToneVoice(), player, runner)
    ended: list[Ending] = []
    announcer.announce(a_call("a"), ended.append)
    announcer.cancel("a")
    runner.release()
    assert player.played == []
    assert ended == [Ending.CANCELLED]


def test_close_reports_every_call_as_cancelled() -> None:
    ended: list[Ending] = []
    announcer = Announcer(ToneVoice(), FakePlayer(), ImmediateRunner())
    announcer.announce(a_call("a"), ended.append)
    announcer.announce(a_call("b"), ended.append)
    announcer.close()
    assert ended == [Ending.CANCELLED, Ending.CANCELLED]


def test_texts_follow_the_rules() -> None:
    rules = AnnouncementRules(languages=("zh", "en"))
    call = call_announcement("7", rules, name="张晓明", room="CT一室", ticket="A012", room_en="CT room 1")
    assert [spoken.text for spoken in call.texts] == [
        "请A012号，张*明，到CT一室检查。",
        "Number A012, 张*明, please go to CT room 1.",
    ]
    bare = call_announcement("8", AnnouncementRules(mask_names=False), name="张晓明", room="CT一室")
    assert [spoken.text for spoken in bare.texts] == ["请张晓明，到CT一室检查。"]


def test_texts_given_by_the_server_are_taken_as_they_are() -> None:
    assert given_announcement("1", "请张三到CT一室", "").texts == (SpokenText("请张三到CT一室", "zh"),)


def test_a_wrong_template_is_refused() -> None:
    with pytest.raises(ValueError, match="占位符 phone"):
        AnnouncementRules(template_zh="请{phone}")
    with pytest.raises(ValueError, match="1 至 9"):
        SpeakingRules(repetitions=0)


def test_the_cache_forgets_the_oldest_and_its_keys_hide_names() -> None:
    cache = SoundCache(limit=2)
    texts = [SpokenText(f"请{name}", "zh") for name in ("张三", "李四", "王五")]
    for text in texts:
        cache.put("v", text, text.text.encode())
    assert cache.get("v", texts[0]) is None
    assert cache.get("v", texts[2]) == texts[2].text.encode()
    assert cache.get("other", texts[2]) is None
    assert "张" not in cache_key("v", texts[0])


VOICES: dict[str, Callable[[], Voice]] = {
    "tone": ToneVoice,
    "recorded": lambda: RecordedVoice({("你好", "zh"): tone(300, 0.5).wav()}),
    "chain": lambda: VoiceChain((MuteVoice(), ToneVoice())),
    "system": lambda: SystemVoice(command=(sys.executable, "-c", FAKE_SAPI)),
}

FAKE_SAPI = """
import base64, json, sys
request = json.loads(base64.b64decode(sys.stdin.readline()))
if "text" not in request:
    print(json.dumps({"cultures": ["en-US", "zh-CN"]}))
else:
    from clients.kit.voice.sound import tone
    print(json.dumps({"wav": base64.b64encode(tone(300, 0.1 * len(request["text"])).wav()).decode()}))
"""


@pytest.mark.parametrize("kind", VOICES)
def test_every_voice_keeps_the_port(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(__import__("pathlib").Path(__file__).parents[3])
    voice = VOICES[kind]()
    assert voice.available() is None
    sound = Sound.of_wav(voice.synthesize("你好", "zh"))
    assert sound.seconds > 0.15
    voice.close()


def test_a_chain_without_a_working_voice_says_why() -> None:
    chain = VoiceChain((MuteVoice(), RecordedVoice({})))
    assert chain.available() == "没有语音；没有录音：请先录入叫号语音"
    with pytest.raises(VoiceError, match="mute: 没有语音"):
        chain.synthesize("你好", "zh")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [({"cultures": ["en-US"]}, "没有安装中文语音"), ({"error": "broken"}, "broken"), ("nonsense", "无法启动")],
)
def test_windows_without_a_usable_voice_says_why(answer: object, sentence: str) -> None:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    voice = SystemVoice(command=(sys.executable, "-c", f"print({text!r})"))
    assert sentence in str(voice.available())


def test_elsewhere_the_system_voice_stands_back() -> None:
    if sys.platform != "win32":
        assert "Windows" in str(SystemVoice().available())
    assert len(" ".join(powershell_command())) < 8000  # the limit of a Windows command line is 8191 in old shells


def test_sound_round_trips_and_mixes_rates() -> None:
    made = tone(440, 0.5)
    assert Sound.of_wav(made.wav()) == made
    assert joined([made, silence(0.5, 48000)]).seconds == pytest.approx(1.0, abs=0.001)
    assert made.at_rate(48000).seconds == pytest.approx(0.5, abs=0.001)
    assert made.levelled(0.89).peak == pytest.approx(0.89, abs=0.001)
    assert silence(1).levelled().peak == 0
    assert silence(1).trimmed().seconds == 0


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\x00\x00\x00\x00WAVE", b"MP3"])
def test_what_is_no_wav_is_refused(data: bytes) -> None:
    with pytest.raises(SoundError):
        Sound.of_wav(data)


def a_call_view(call_id: int = 7) -> CallView:
    return CallView(
        call_id=call_id,
        ticket_id=1,
        number="A012",
        masked_name="张*明",
        room_id=1,
        room_name="CT一室",
        spoken_text="请A零一二号，张某明，到CT一室检查。",
        spoken_text_en="Number A 0 1 2, please go to CT room 1.",
        called_at=dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC),
        is_over=False,
    )


def a_speaker(voice: Voice, player: Player, settings: HallSettings | None = None) -> CallSpeaker:
    speaker = CallSpeaker(Announcer(voice, player, ImmediateRunner()), lambda: dt.datetime(2026, 11, 21, 9, 0))
    speaker.hall = HallView(id=1, version=1, settings=settings or HallSettings(name="一楼"))
    return speaker


@pytest.mark.parametrize(
    ("languages", "sentences"),
    [(SpokenLanguages.CHINESE, 1), (SpokenLanguages.BOTH, 2), (SpokenLanguages.ENGLISH, 1)],
)
def test_the_hall_speaks_a_call_in_its_languages(languages: SpokenLanguages, sentences: int) -> None:
    voice, player = CountingVoice(), FakePlayer()
    speaker = a_speaker(voice, player, HallSettings(name="一楼", languages=languages))
    over: list[str] = []
    speaker.speak([a_call_view()], over.append)
    assert len(voice.asked) == sentences
    player.end()
    assert over == [""]


def test_the_hall_says_why_nothing_was_heard() -> None:
    clock, over = FakeClock(), list[str]()
    a_speaker(ToneVoice(), PacedPlayer(clock.after)).speak([a_call_view()], over.append)
    clock.advance(60)
    assert len(over) == 1
    assert "扬声器" in over[0]
    a_speaker(MuteVoice(), FakePlayer()).speak([a_call_view()], over.append)
    assert over[1:] == ["说不出来"]


def test_a_call_that_is_already_spoken_does_not_hang_the_board() -> None:
    player = FakePlayer()
    speaker = a_speaker(ToneVoice(), player)
    over: list[str] = []
    speaker.speak([a_call_view()], over.append)
    speaker.speak([a_call_view()], over.append)
    assert over == [""]
    player.end()
    assert over == ["", ""]


def test_the_volume_follows_the_plan_of_the_hall() -> None:
    plan = (VolumeStep(minute=7 * 60, percent=100), VolumeStep(minute=8 * 60 + 30, percent=50))
    loud, soft = FakePlayer(), FakePlayer()
    a_speaker(ToneVoice(), loud).speak([a_call_view()], lambda _trouble: None)
    a_speaker(ToneVoice(), soft, HallSettings(name="一楼", volumes=plan)).speak([a_call_view()], lambda _trouble: None)
    assert Sound.of_wav(soft.played[0]).peak == pytest.approx(Sound.of_wav(loud.played[0]).peak / 4, rel=0.01)
    assert Sound.of_wav(soft.played[0]).seconds == Sound.of_wav(loud.played[0]).seconds


def test_repetition_pause_and_chime_are_the_halls() -> None:
    def seconds(settings: HallSettings) -> float:
        player = FakePlayer()
        a_speaker(ToneVoice(), player, settings).speak([a_call_view()], lambda _trouble: None)
        return Sound.of_wav(player.played[0]).seconds

    once = seconds(HallSettings(name="一楼", repetitions=1, has_chime=False))
    thrice = seconds(HallSettings(name="一楼", repetitions=3, pause_s=2.0, has_chime=False))
    assert thrice == pytest.approx(3 * once + 2 * 2.0, abs=0.05)
    assert seconds(HallSettings(name="一楼", repetitions=1)) == pytest.approx(once + chime().seconds + 0.25, abs=0.05)


def test_a_voice_is_warmed_up_and_one_that_cannot_speak_is_not_complained_about_yet() -> None:
    voice, told = CountingVoice(), list[str]()
    Announcer(voice, FakePlayer(), ImmediateRunner()).warm_up()
    assert voice.asked == ["您好"]
    Announcer(MuteVoice(), FakePlayer(), ImmediateRunner(), problem=told.append).warm_up()
    assert told == []
