"""Stained fields with known nuclei: positions, grades, touching or apart; drawn as light goes through stains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

_H = np.array((0.650, 0.704, 0.286))
_D = np.array((0.268, 0.570, 0.776))
STAINS = np.vstack((_H / np.linalg.norm(_H), _D / np.linalg.norm(_D)))


@dataclass(frozen=True)
class TrueNucleus:
    x: float
    y: float
    radius: float
    dab: float  # optical density of DAB


@dataclass(frozen=True)
class Field:
    picture: Any  # uint8 [row, column, (blue, green, red)]
    nuclei: tuple[TrueNucleus, ...]

    @property
    def positive(self) -> int:
        return sum(one.dab >= 0.2 for one in self.nuclei)


def a_field(
    seed: int,
    count: int = 200,
    *,
    diameter: float = 28.0,
    touching: float = 0.0,
    positive: float = 0.3,
    size: tuple[int, int] = (900, 1200),
    white: tuple[int, int, int] = (245, 243, 240),
    stroma: float = 0.06,
    noise: float = 2.0,
    jpeg: int = 92,
) -> Field:
    """`touching` is the share of nuclei that are set against another one (0.78 to 0.95 diameters from it)."""
    chance = np.random.default_rng(seed)
    nuclei = _placed(chance, count, diameter, touching, positive, size)
    height, width = size
    density = np.zeros((height, width, 2), np.float32)
    ground = cv2.GaussianBlur(chance.normal(0, 1, (height, width)).astype(np.float32), (0, 0), diameter)
    density[..., 0] = stroma * (1 + 0.5 * ground / max(float(np.abs(ground).max()), 1e-6))
    texture = cv2.GaussianBlur(chance.normal(0, 1, (height, width)).astype(np.float32), (0, 0), diameter / 12)
    texture /= float(texture.std())
    for one in nuclei:
        _stain(density, one, chance, texture)
    density = cv2.GaussianBlur(density, (0, 0), max(0.8, diameter / 24))
    light = np.array(white, np.float32) * 10.0 ** -(density @ STAINS.astype(np.float32))
    light = light + chance.normal(0, noise, light.shape)
    picture = np.clip(np.rint(light), 0, 255).astype(np.uint8)[..., ::-1]
    if jpeg:
        coded = cv2.imencode(".jpg", np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, jpeg])[1]
        picture = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return Field(np.ascontiguousarray(picture), tuple(nuclei))


def _placed(
    chance: Any, count: int, diameter: float, touching: float, positive: float, size: tuple[int, int]
) -> list[TrueNucleus]:
    height, width = size
    found: list[TrueNucleus] = []
    tries = 0
    while len(found) < count:
        tries += 1
        assert tries < 400 * count, "the field is too small for so many nuclei"
        radius = diameter / 2 * chance.uniform(0.82, 1.18)
        near = chance.random() < touching and bool(found)
        if near:
            other = found[int(chance.integers(len(found)))]
            angle = chance.uniform(0, 2 * math.pi)
            step = (other.radius + radius) * chance.uniform(0.78, 0.95)
            x, y = other.x + step * math.cos(angle), other.y + step * math.sin(angle)
        else:
            other = None
            x, y = chance.uniform(0, width), chance.uniform(0, height)
        margin = diameter * 0.7
        if not (margin < x < width - margin and margin < y < height - margin):
            continue
        least = 0.76 if near else 1.35
        if any(
            math.hypot(x - one.x, y - one.y) < (one.radius + radius) * (0.76 if one is other else least)
            for one in found
        ):
            continue
        dab = chance.uniform(0.30, 0.95) if chance.random() < positive else chance.uniform(0.0, 0.06)
        found.append(TrueNucleus(x, y, radius, dab))
    return found


def _stain(density: Any, one: TrueNucleus, chance: Any, texture: Any) -> None:
    aspect, turn = chance.uniform(0.72, 1.0), chance.uniform(0, 180)
    reach = math.ceil(one.radius * 1.3) + 2
    left, top = max(0, int(one.x) - reach), max(0, int(one.y) - reach)
    right, bottom = min(density.shape[1], int(one.x) + reach), min(density.shape[0], int(one.y) + reach)
    shape = np.zeros((bottom - top, right - left), np.uint8)
    axes = (round(one.radius / math.sqrt(aspect) * 16), round(one.radius * math.sqrt(aspect) * 16))
    centre = (round((one.x - left) * 16), round((one.y - top) * 16))
    cv2.ellipse(shape, centre, axes, turn, 0, 360, 255, -1, cv2.LINE_AA, 4)
    inside = shape.astype(np.float32) / 255
    grain = 1 + 0.18 * texture[top:bottom, left:right]
    counter = chance.uniform(0.30, 0.55) * (0.6 if one.dab > 0.2 else 1.0)
    part = density[top:bottom, left:right]
    for band, amount in ((0, counter), (1, one.dab)):
        part[..., band] = np.maximum(part[..., band], inside * amount * grain)
