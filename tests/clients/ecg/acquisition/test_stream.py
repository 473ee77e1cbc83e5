"""The stream protocol: split, garbled and lost frames; what a recorder may send and what is refused."""

from __future__ import annotations

import random

import numpy as np
import pytest

from clients.ecg.acquisition.ports import DeviceError, Event, Finished, Samples
from clients.ecg.acquisition.recording import Recording
from clients.ecg.acquisition.simulator import SimulatedCart
from clients.ecg.acquisition.stream import (
    MAX_PAYLOAD,
    Frame,
    FrameType,
    StreamError,
    StreamReader,
    framed,
    framed_json,
    framed_samples,
    samples_of,
    setup_of,
)
from shared.waveform.record import MISSING, EcgRecord


def small_record(seconds: float = 2.0, leads: int = 3) -> EcgRecord:
    """Noise is enough: nothing here looks at the heart."""
    count = round(250 * seconds)
    values = np.random.default_rng(5).integers(-900, 900, (leads, count)).astype(np.int32)
    values[0, :50] = MISSING
    return EcgRecord(("I", "II", "V1")[:leads], values, (2.5,) * leads, (0.0,) * leads, 250.0)


def stream_of(record: EcgRecord, *, with_end: bool = True) -> bytes:
    frames = list(SimulatedCart([record], speed=0).frames(record))
    return b"".join(frames if with_end else frames[:-1])


def heard_of(data: bytes, sizes: random.Random | None = None) -> list[Event]:
    heard: list[Event] = []
    reader, recording = StreamReader(), Recording(heard.append)
    place = 0
    while place < len(data):
        size = sizes.randint(1, 900) if sizes else len(data)
        for frame in reader.feed(data[place : place + size]):
            recording.take(frame)
        place += size
    return heard


@pytest.mark.parametrize("seed", range(4))
def test_a_stream_in_pieces_of_any_size_is_the_record(seed: int) -> None:
    record = small_record()
    heard = heard_of(stream_of(record), random.Random(seed))
    finished = [event for event in heard if isinstance(event, Finished)]
    assert len(finished) == 1
    assert (finished[0].record.samples == record.samples).all()
    assert finished[0].record.gain_uv == record.gain_uv
    live = [event for event in heard if isinstance(event, Samples)]
    assert (np.hstack([event.values for event in live]) == record.samples).all()
    assert live[0].off == {"I"}, "a lead without samples is off"
    assert not any(event.off for event in live[3:])


def test_an_end_without_a_record_is_made_of_its_samples() -> None:
    record = small_record()
    heard = heard_of(stream_of(record, with_end=False) + framed(FrameType.END))
    assert (heard[-1].record.samples == record.samples).all()  # type: ignore[union-attr]


def test_a_lost_end_is_noticed_when_the_cart_is_at_rest() -> None:
    record = small_record()
    heard = heard_of(stream_of(record, with_end=False) + framed(FrameType.ALIVE))
    assert (heard[-1].record.samples == record.samples).all()  # type: ignore[union-attr]
    assert not [event for event in heard_of(framed(FrameType.ALIVE)) if isinstance(event, Finished)]


@pytest.mark.parametrize("seed", range(30))
def test_garbled_bytes_cost_their_frames_and_nothing_else(seed: int) -> None:
    record = small_record()
    dice = random.Random(seed)
    frames = list(SimulatedCart([record], speed=0).frames(record))
    struck = dice.sample(range(2, len(frames) - 1), 3)
    for n in struck:
        frame = bytearray(frames[n])
        match dice.randrange(3):
            case 0:
                frame[dice.randrange(len(frame))] ^= 1 << dice.randrange(8)
            case 1:
                del frame[dice.randrange(len(frame)) :]
            case _:
                frame[3:7] = dice.randbytes(4)  # a wrong length must not swallow what follows
        frames[n] = bytes(frame)
    heard = heard_of(dice.randbytes(40) + b"".join(frames), dice)
    assert (heard[-1].record.samples == record.samples).all()  # type: ignore[union-attr]  # the end has it all
    live = [event for event in heard if isinstance(event, Samples)]
    assert len(live) >= len(frames) - 3 - len(struck)
    for event in live:
        assert (event.values == record.samples[:, event.first : event.first + event.values.shape[1]]).all()


def test_a_garbled_end_leaves_what_came_as_samples() -> None:
    record = small_record()
    frames = list(SimulatedCart([record], speed=0).frames(record))
    broken = framed(FrameType.END, b"MJE1" + bytes(300))
    heard = heard_of(b"".join(frames[:-2]) + broken)
    made = heard[-1].record.samples  # type: ignore[union-attr]
    assert made.shape[1] < record.sample_count
    assert (made == record.samples[:, : made.shape[1]]).all()


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"leads": [], "sampling_hz": 500, "gain_uv": []},
        {"leads": ["I"] * 2, "sampling_hz": 500, "gain_uv": [1, 1]},
        {"leads": ["I"], "sampling_hz": 0, "gain_uv": [1]},
        {"leads": ["I"], "sampling_hz": float("nan"), "gain_uv": [1]},
        {"leads": ["I"], "sampling_hz": 500, "gain_uv": [0]},
        {"leads": ["I"], "sampling_hz": 500, "gain_uv": [1, 2]},
        {"leads": [f"X{n}" for n in range(65)], "sampling_hz": 500, "gain_uv": [1] * 65},
        {"leads": "I", "sampling_hz": "x", "gain_uv": 3},
    ],
)
def test_impossible_starts_are_refused(facts: dict[str, object]) -> None:
    (frame,) = StreamReader().feed(framed_json(FrameType.START, **facts))
    with pytest.raises(StreamError):
        setup_of(frame)


def test_samples_that_do_not_fit_are_refused() -> None:
    (start,) = StreamReader().feed(framed_json(FrameType.START, leads=["I"], sampling_hz=500, gain_uv=[1]))
    setup = setup_of(start)
    two = framed_samples(0, np.zeros((2, 5), np.int32))
    (frame,) = StreamReader().feed(two)
    with pytest.raises(StreamError):
        samples_of(frame, setup)
    with pytest.raises(StreamError):
        samples_of(Frame(FrameType.SAMPLES, b"x"), setup)


def test_noise_an_endless_recording_and_a_huge_length_end_in_sentences() -> None:
    assert heard_of(random.Random(3).randbytes(200_000)) == []
    start = framed_json(FrameType.START, leads=["I"], sampling_hz=1, gain_uv=[1])
    heard = heard_of(start + framed_samples(4_000_000_000, np.zeros((1, 5), np.int32)) + framed(FrameType.END))
    assert [type(event) for event in heard] == [DeviceError, DeviceError]
    huge = b"MJ" + bytes([3]) + (MAX_PAYLOAD + 1).to_bytes(4, "little")
    assert len(heard_of(huge + framed(FrameType.ABORT))) == 1
