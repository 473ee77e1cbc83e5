"""How presentation states and references find their images, and what they do to a viewport's geometry. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

from clients.kit.translations import tr
from clients.viewer.objects.book import plain_uid
from clients.viewer.study import Stack
from clients.viewer.viewport.state import ViewportState
from clients.viewer.viewport.transform import LARGEST_ZOOM, SMALLEST_ZOOM, Geometry, fit_scale
from shared.imaging.geometry import PixelPoint
from shared.imaging.presentation import PresentationState


def find_image(stacks: Sequence[Stack], uid: str, frame: int) -> tuple[Stack, int] | None:
    """Stack and index of an image; of a frame that does not exist the first one."""
    first = None
    for stack in stacks:
        for n, key in enumerate(stack.frames):
            if plain_uid(key.sop_instance_uid) == plain_uid(uid):
                if key.frame == frame:
                    return stack, n
                first = first or (stack, n)
    return first


def first_image(stacks: Sequence[Stack], state: PresentationState) -> tuple[Stack, int] | None:
    """The first open image that a state names."""
    for uid, frames in state.images.frames.items():
        found = find_image(stacks, uid, min(frames, default=0))
        if found is not None:
            return found
    return None


def is_meant(state: PresentationState, viewport: ViewportState) -> bool:
    """True when the viewport shows an image that the state names."""
    key = viewport.key
    return key is not None and state.images.holds(plain_uid(key.sop_instance_uid), key.frame)


def geometry_of(state: PresentationState, viewport: ViewportState, width: int, height: int) -> Geometry:
    """Turn, flip and displayed area of a state for the viewport's image (PS3.3 C.10.6, C.10.4).

    The state rotates first and flips then; here it is the other way round, so a flip turns the angle's sign.
    """
    angle = -state.rotation_deg if state.flipped else state.rotation_deg
    geometry = Geometry(rotation_deg=float(angle), flip_horizontal=state.flipped)
    key, image, frame = viewport.key, viewport.image, viewport.frame
    if key is None or image is None or frame is None:
        return geometry
    area = state.area_of(plain_uid(key.sop_instance_uid), key.frame)
    if area is None:
        return geometry
    fmt, aspect = image.pixel_format, frame.spacing.aspect
    (left, top), (right, bottom) = area.top_left, area.bottom_right
    columns, rows = abs(right - left) + 1, abs(bottom - top) + 1
    if (columns, rows) == (fmt.columns, fmt.rows) and area.mode != "MAGNIFY":
        return geometry
    whole = fit_scale(geometry, fmt.columns, fmt.rows, aspect, width, height)
    wanted = fit_scale(geometry, columns, rows, aspect, width, height)
    if area.mode == "MAGNIFY" and area.magnification:
        wanted = area.magnification
    zoom = min(max(wanted / whole, SMALLEST_ZOOM), LARGEST_ZOOM)
    # Pixel numbers count from 1.
    centre = PixelPoint((left + right) / 2 - 1, (top + bottom) / 2 - 1)
    return Geometry(zoom, centre, geometry.rotation_deg, geometry.flip_horizontal)


def suv_problem(code: str) -> str:
    """Why there is no SUV, in the reader's language."""
    return {
        "units": tr("数值单位不是放射性活度"),
        "attenuation": tr("图像未做衰减校正"),
        "decay": tr("图像未做衰变校正"),
        "dose": tr("缺少注射剂量"),
        "time": tr("缺少注射或扫描时间"),
        "weight": tr("缺少体重"),
    }.get(code, code)
