"""The espeak voice and its helper process: sound of the right length and level, survival of crashes, clear refusals."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.kit.voice.espeak import espeak_text
from clients.kit.voice.espeak_voice import EspeakSettings, EspeakVoice
from clients.kit.voice.reading import Part
from clients.kit.voice.sound import Sound
from clients.kit.voice.voices import VoiceError

CALL = "请A012号，单*芳，到CT一室检查。"


@pytest.fixture(scope="module")
def voice() -> Iterator[EspeakVoice]:
    made = EspeakVoice()
    reason = made.available()
    if reason is not None:
        pytest.skip(reason)
    yield made
    made.close()


def test_a_call_is_a_wav_of_sensible_length_rate_and_level(voice: EspeakVoice) -> None:
    data = voice.synthesize(CALL, "zh")
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
    sound = Sound.of_wav(data)
    assert 4 < sound.seconds < 9  # 16 syllables and two letters at the slow rate
    assert 0.85 < sound.peak < 0.92


def test_the_same_call_lasts_the_same(voice: EspeakVoice) -> None:
    first, second = (Sound.of_wav(voice.synthesize(CALL, "zh")).seconds for _ in range(2))
    assert first == pytest.approx(second, abs=0.02)  # espeak's breath noise is random, its timing is not


def test_english_with_a_chinese_name(voice: EspeakVoice) -> None:
    sound = Sound.of_wav(voice.synthesize("Number A012, 单*芳, please go to CT room 1.", "en"))
    assert 3 < sound.seconds < 9


def test_the_library_is_loaded_in_the_helper_only() -> None:
    code = (
        "import sys\n"
        "from clients.kit.voice.espeak_voice import EspeakVoice\n"
        "voice = EspeakVoice()\n"
        "assert voice.synthesize('你好', 'zh')\n"
        "voice.close()\n"
        "assert 'espeakng_loader' not in sys.modules and 'clients.kit.voice.espeak' not in sys.modules\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_slower_rate_lasts_longer(voice: EspeakVoice) -> None:
    fast = EspeakVoice(EspeakSettings(words_per_minute=200))
    try:
        assert (
            Sound.of_wav(fast.synthesize(CALL, "zh")).seconds < Sound.of_wav(voice.synthesize(CALL, "zh")).seconds - 0.5
        )
    finally:
        fast.close()


def test_pauses_are_exact(voice: EspeakVoice) -> None:
    short = voice.synthesize_parts((Part("zhang1", "zh", 100), Part("san1", "zh", 0)))
    long = voice.synthesize_parts((Part("zhang1", "zh", 900), Part("san1", "zh", 0)))
    assert Sound.of_wav(long).seconds - Sound.of_wav(short).seconds == pytest.approx(0.8, abs=0.002)


def pitch_track(voice: EspeakVoice, pinyin: str) -> list[float]:
    """Fundamental frequency in hertz at the beginning, middle and end of the vowel, by autocorrelation."""
    import numpy as np

    sound = Sound.of_wav(voice.synthesize_parts((Part(pinyin, "zh", 0),))).trimmed(0.05)
    samples = np.array(sound.samples, float)
    width = int(0.05 * sound.rate_hz)
    track = []
    for share in (0.15, 0.5, 0.75):
        start = int(share * (len(samples) - width))
        window = samples[start : start + width]
        correlation = np.correlate(window, window, "full")[width - 1 :]
        low, high = sound.rate_hz // 320, sound.rate_hz // 110
        track.append(sound.rate_hz / (low + int(np.argmax(correlation[low:high]))))
    return track


def test_the_four_tones_are_heard_in_the_pitch(voice: EspeakVoice) -> None:
    high, rising, dipping, falling = (pitch_track(voice, f"ma{tone}") for tone in (1, 2, 3, 4))
    assert min(high) > 1.15 * dipping[1]
    assert rising[2] > 1.12 * rising[0]
    assert falling[2] < 0.93 * falling[1]
    assert max(high) / min(high) < 1.15


def test_xiong_given_as_phonemes_keeps_its_tone(voice: EspeakVoice) -> None:
    rising, falling = pitch_track(voice, "xiong2"), pitch_track(voice, "xiong4")
    assert rising[2] > rising[1]
    assert falling[2] < 0.93 * falling[1]
    assert 0.3 < Sound.of_wav(voice.synthesize_parts((Part("xiong2", "zh", 0),))).seconds < 0.8


def test_what_espeak_lacks_is_given_as_phonemes() -> None:
    assert espeak_text("xiong2 fang1") == "[[S;jong35]] fang1"
    assert espeak_text("ying1xiong2") == "ying1 [[S;jong35]]"
    assert espeak_text("qiong1yao2 jiong3") == "[[tS;hjong55]] yao2 [[tS;jong214]]"
    assert espeak_text("xiang2 yong3") == "xiang2 yong3"


def test_nothing_to_say_is_refused(voice: EspeakVoice) -> None:
    with pytest.raises(VoiceError, match="没有可以朗读"):
        voice.synthesize(" ，。", "zh")


def test_a_dead_helper_is_replaced(voice: EspeakVoice) -> None:
    voice.synthesize("你好", "zh")
    process = voice._helper.process
    assert process is not None
    process.kill()
    process.wait()
    assert Sound.of_wav(voice.synthesize("你好", "zh")).seconds > 0.3


def test_many_threads_may_ask_at_once(voice: EspeakVoice) -> None:
    texts = ("张三", "请李四到CT一室检查", "请等候")
    expected = {text: Sound.of_wav(voice.synthesize(text, "zh")).seconds for text in texts}
    wrong: list[str] = []

    def ask(text: str) -> None:
        if abs(Sound.of_wav(voice.synthesize(text, "zh")).seconds - expected[text]) > 0.05:
            wrong.append(text)

    threads = [threading.Thread(target=ask, args=(text,)) for text in expected for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_close_ends_the_process_and_the_voice_can_be_used_again() -> None:
    made = EspeakVoice()
    if made.available() is not None:
        pytest.skip("espeak is not installed")
    made.synthesize("你好", "zh")
    process = made._helper.process
    assert process is not None
    made.close()
    assert process.poll() is not None
    assert made.synthesize("你好", "zh")
    made.close()


def scripted(code: str) -> EspeakVoice:
    return EspeakVoice(EspeakSettings(timeout_s=1.0), (sys.executable, "-c", code))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "启动后立即退出"),
        ('print(\'{"error": "no data"}\')', "no data"),
        ("import time; print('{\"ready\": 1}', flush=True); time.sleep(30)", "没有响应"),
        ("input; print('{\"ready\": 1}', flush=True)", "意外退出"),
        ('print(\'{"ready": 1}\', flush=True); input(); print(\'{"error": "bad"}\', flush=True); input()', "bad"),
    ],
)
def test_a_broken_helper_is_reported_in_a_sentence(code: str, sentence: str) -> None:
    voice = scripted(code)
    try:
        with pytest.raises(VoiceError, match=sentence):
            voice.synthesize("你好", "zh")
    finally:
        voice.close()


def test_a_missing_program_is_reported() -> None:
    with pytest.raises(VoiceError, match="无法启动"):
        EspeakVoice(command=("/nonexistent/program",)).synthesize("你好", "zh")
