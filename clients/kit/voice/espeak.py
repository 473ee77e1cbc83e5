"""The helper process that loads libespeak-ng: `python -m clients.kit.voice.espeak`, one JSON request and answer a line.

espeak-ng is free software under GPL-3; it runs only here, so that it is never linked into a workstation.
Request: {"parts": [[text, "zh" | "en", pause_ms], …], "words_per_minute": 135, "pitch": 55, "pitch_range": 90,
"variant": "f2"}.
Answer: {"wav": base64} or {"error": sentence}. The first line written is {"ready": rate}.
"""

from __future__ import annotations

import base64
import ctypes
import json
import re
import sys
from typing import Any

from clients.kit.voice.sound import Sound, joined, silence

_VOICES = {"zh": "cmn-latn-pinyin", "en": "en-us"}
_AUDIO_OUTPUT_SYNCHRONOUS, _DONT_EXIT = 2, 0x8000
_CHARS_UTF8, _PHONEMES = 1, 0x100
_RATE, _PITCH, _RANGE = 1, 3, 4  # espeak_PARAMETER

# What the pinyin dictionary of espeak-ng 1.52 lacks and would read as English: given as phonemes instead.
_IONG = re.compile(r"(?<![a-z])(j|q|x)iong([1-5])")
_IONG_INITIALS = {"j": "tS;", "q": "tS;h", "x": "S;"}
_TONES = {"1": "55", "2": "35", "3": "214", "4": "51", "5": "11"}
_REPLACED = {"lvan": "luan", "hm": "hen", "hng": "heng", "m": "mu", "ê": "ei"}
_REPLACED_AT = re.compile(r"(?<![a-zê])(lvan|hng|hm|m|ê)(?=[1-5])")

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def espeak_text(pinyin: str) -> str:
    """Pinyin with what espeak lacks replaced: xiong2 → [[S;jong35]]; joined words are opened around a replacement."""
    opened = re.sub(r"(?<=[1-5])(?=[jqx]iong[1-5])|(?<=iong[1-5])(?=[a-z])", " ", pinyin)
    spelt = _REPLACED_AT.sub(lambda match: _REPLACED[match.group(1)], opened)
    return _IONG.sub(lambda match: f"[[{_IONG_INITIALS[match.group(1)]}jong{_TONES[match.group(2)]}]]", spelt)


class Engine:
    """libespeak-ng with its data from the espeakng-loader wheel; not for two threads at once."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate_hz = int(self._library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, _DONT_EXIT))
        if self.rate_hz <= 0:
            raise RuntimeError("the data of espeak-ng were not found")
        self._blocks: list[bytes] = []

        def collect(samples: Any, count: int, _events: Any) -> int:
            if samples and count > 0:
                self._blocks.append(ctypes.string_at(samples, count * 2))
            return 0

        self._collect = _CALLBACK(collect)  # kept, or the library would call freed memory
        self._library.espeak_SetSynthCallback(self._collect)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]

    def use(self, language: str, variant: str = "") -> None:
        """Choose the voice; raises RuntimeError if its data are missing."""
        voice = _VOICES[language] + (f"+{variant}" if variant else "")
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise RuntimeError(f"espeak-ng has no voice {voice}")

    def speak(self, text: str, language: str, how: dict[str, Any]) -> Sound:
        """The sound of one part, silence at its ends removed; `how` is the request."""
        self.use(language, str(how.get("variant", "")))
        for parameter, value in (
            (_RATE, how["words_per_minute"]),
            (_PITCH, how["pitch"]),
            (_RANGE, how["pitch_range"] if language == "zh" else 50),
        ):
            self._library.espeak_SetParameter(parameter, int(value), 0)
        self._blocks.clear()
        data = (espeak_text(text) if language == "zh" else text.replace("[[", " ")).encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _CHARS_UTF8 | _PHONEMES, None, None)
        self._library.espeak_Synchronize()
        return Sound.of_pcm(b"".join(self._blocks), self.rate_hz).trimmed()

    def phonemes(self, text: str, language: str) -> str:
        """What the library makes of a text, in its own phoneme names; for checks of the reading."""
        self.use(language)
        read: list[str] = []
        for index, piece in enumerate(re.split(r"\[\[(.*?)\]\]", text)):
            if index % 2:  # given as phonemes already; the library only understands them when it speaks
                read.append(f"{piece}_|")
                continue
            buffer = ctypes.create_string_buffer(piece.strip().encode())
            pointer = ctypes.c_void_p(ctypes.addressof(buffer))
            while pointer.value and piece.strip():
                read.append(self._library.espeak_TextToPhonemes(ctypes.byref(pointer), _CHARS_UTF8, 0).decode())
        return " ".join(read)


def answer(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Synthesize one request; pauses are exact, the loudest sample is 1 dB below full scale."""
    if "phonemes" in request:
        return {"phonemes": [engine.phonemes(espeak_text(text), "zh") for text in request["phonemes"]]}
    sounds: list[Sound] = []
    for text, language, pause_ms in request["parts"]:
        sounds.append(engine.speak(text, language, request))
        sounds.append(silence(min(max(int(pause_ms), 30), 5000) / 1000, engine.rate_hz))
    return {"wav": base64.b64encode(joined(sounds).levelled().wav()).decode()}


def main() -> int:
    """Serve until the input ends."""
    output = sys.stdout
    try:
        engine = Engine()
    except (ImportError, OSError, RuntimeError, AttributeError) as fault:
        print(json.dumps({"error": str(fault)}), file=output, flush=True)
        return 1
    print(json.dumps({"ready": engine.rate_hz}), file=output, flush=True)
    for line in sys.stdin:
        try:
            reply = answer(engine, json.loads(line))
        except Exception as fault:  # noqa: BLE001 - outermost loop: one bad request must not end the helper
            reply = {"error": f"{type(fault).__name__}: {fault}"}
        print(json.dumps(reply), file=output, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
