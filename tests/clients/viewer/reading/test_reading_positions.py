"""Links by position, by offset and by share; cross positioning; common spaces through registrations."""

from __future__ import annotations

import math

import pytest

from clients.viewer.panes import Splits
from clients.viewer.presets import layout_of
from clients.viewer.reading.cross import bring_others, place_cross, take_along
from clients.viewer.reading.linking import Links
from clients.viewer.session import Cross, ViewerSession
from clients.viewer.spaces import RigidMap, nearest_image
from clients.viewer.study import SeriesDescription
from clients.viewer.viewport.state import Aspect
from shared.imaging.geometry import PixelPoint, Plane, PointMm, Spacing, SpacingSource
from shared.imaging.header import FrameHeader, ImageHeader
from shared.imaging.lut import Modality, Window
from tests.clients.viewer.viewer_builders import ROOT, a_study, an_image

AXIAL, SAGITTAL = (1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1)


def a_placed_series(
    number: int,
    positions: list[tuple[float, float, float]],
    *,
    orientation: tuple[int, ...] = AXIAL,
    space: str = "1.5",
    side: int = 64,
) -> SeriesDescription:
    images: list[ImageHeader] = []
    for n, position in enumerate(positions):
        plane = Plane.of(position, orientation, (0.5, 0.5))
        frame = FrameHeader(plane, Spacing(0.5, 0.5, SpacingSource.PATIENT), Modality(unit="HU"), (Window(40, 400),))
        images.append(an_image(n, side=side, series=str(number), frames=(frame,)))
    return SeriesDescription(f"{ROOT}.{number}", "CT", number, "", "", tuple(images), space)


def a_session(*series: SeriesDescription) -> ViewerSession:
    session = ViewerSession()
    session.open(a_study(*series))
    session.layout = layout_of("2x1")
    return session


def linked(session: ViewerSession) -> Links:
    links = Links(session)
    links.toggle()
    for n, viewport in enumerate(session.viewports):
        viewport.changed.connect(lambda aspect, n=n: links.follow(n, aspect) if n == session.active else None)
    return links


def test_series_of_one_space_meet_at_the_same_place_whatever_their_numbers() -> None:
    session = a_session(
        a_placed_series(1, [(0, 0, 2.0 * n) for n in range(30)]),
        a_placed_series(2, [(0, 0, 60.0 - 5.0 * n) for n in range(12)]),
    )
    linked(session)

    session.viewports[0].index = 20  # 40 mm

    plane = session.viewports[1].frame.plane  # type: ignore[union-attr]
    assert plane is not None and plane.origin.z == 40


def test_series_of_different_spaces_keep_the_difference_they_had_when_they_were_linked() -> None:
    session = a_session(
        a_placed_series(1, [(0, 0, 2.0 * n) for n in range(30)]),
        a_placed_series(2, [(0, 0, 900.0 + 1.0 * n) for n in range(80)], space="1.6"),
    )
    session.viewports[0].index, session.viewports[1].index = 10, 33
    linked(session)

    session.viewports[0].index = 15  # 10 mm on
    assert session.viewports[1].index == 43
    session.viewports[0].index = 4  # 12 mm back from the start
    assert session.viewports[1].index == 21
    session.viewports[0].index = 29  # beyond its last image
    assert session.viewports[1].index == 71


def test_images_seen_from_the_other_side_go_the_same_way_through_the_patient() -> None:
    """Columns that run to the front turn the normal to the feet; on stays on, to the head."""
    seen_from_above = (1, 0, 0, 0, -1, 0)
    session = a_session(
        a_placed_series(1, [(0, 0, 2.0 * n) for n in range(30)]),
        a_placed_series(2, [(0, 0, 900.0 + 1.0 * n) for n in range(80)], orientation=seen_from_above, space="1.6"),
    )
    far = session.viewports[1]
    assert far.stack is not None
    at = next(n for n in range(80) if far.stack.frame_header(n).plane.origin.z == 930)  # type: ignore[union-attr]
    session.viewports[0].index, far.index = 10, at
    linked(session)

    session.viewports[0].index = 15  # 10 mm to the head

    plane = far.frame.plane  # type: ignore[union-attr]
    assert plane is not None and plane.origin.z == 940


def test_unlinked_viewports_page_alone() -> None:
    session = a_session(*(a_placed_series(k, [(0, 0, 2.0 * n) for n in range(9)]) for k in (1, 2)))
    links = linked(session)
    links.toggle()

    session.viewports[0].index = 6

    assert session.viewports[1].index == 0


def test_window_and_size_follow_only_when_wanted() -> None:
    session = a_session(
        a_placed_series(1, [(0, 0, 2.0 * n) for n in range(9)]),
        a_placed_series(2, [(0, 0, 2.0 * n) for n in range(9)], side=32),
    )
    links = linked(session)
    first, second = session.viewports[:2]
    first.voi = Window(1, 2)
    first.turn(90)
    assert second.voi is None and second.geometry.rotation_deg == 0

    links.options.grey = links.options.size = True
    first.voi = Window(3, 4)
    first.centre_on(PixelPoint(16, 48))

    assert second.voi == Window(3, 4) and second.geometry.rotation_deg == 90
    assert second.geometry.centre == pytest.approx((7.75, 23.75))  # the same share of half the matrix


def test_the_cross_brings_others_to_the_nearest_plane_within_half_a_pixel() -> None:
    axial = a_placed_series(1, [(-8.0, -8.0, 2.0 * n) for n in range(30)])
    sagittal = a_placed_series(2, [(-7.0 + 1.0 * n, -8.0, 60.0) for n in range(20)], orientation=SAGITTAL)
    session = a_session(axial, sagittal)
    session.viewports[0].index = 12  # z = 24 mm

    place_cross(session, PixelPoint(20.0, 30.0))  # x = 2, y = 7
    bring_others(session)

    frame = session.viewports[1].frame
    assert frame is not None and frame.plane is not None and session.cross is not None
    assert frame.plane.origin.x == 2
    foot = frame.plane.pixel(session.cross.point)
    # along a row of the sagittal image y grows by 0.5 mm from -8, down a column z falls from 60
    assert foot == pytest.approx(((7 + 8) / 0.5, (60 - 24) / 0.5), abs=1e-9)
    assert abs(frame.plane.away_mm(session.cross.point)) <= 0.5


def test_the_cross_goes_along_when_its_viewport_is_paged() -> None:
    session = a_session(
        a_placed_series(1, [(0, 0, 2.0 * n) for n in range(30)]),
        a_placed_series(2, [(0, 0, 1.0 * n) for n in range(60)]),
    )
    place_cross(session, PixelPoint(5, 6))
    session.viewports[0].index = 14
    take_along(session)
    bring_others(session)

    assert session.cross is not None and session.cross.point == pytest.approx((2.5, 3.0, 28.0))
    assert session.viewports[1].index == 28


def test_without_common_space_the_cross_moves_nothing_until_a_registration_is_there() -> None:
    session = a_session(
        a_placed_series(1, [(0, 0, 2.0 * n) for n in range(30)]),
        a_placed_series(2, [(0, 0, 500 + 2.0 * n) for n in range(30)], space="1.6"),
    )
    session.viewports[0].index = 11
    place_cross(session, PixelPoint(5, 6))
    bring_others(session)
    assert session.viewports[1].index == 0
    assert session.reference_line(session.viewports[1]) is None

    session.spaces.register("1.5", "1.6", RigidMap.of([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 500], [0, 0, 0, 1]]))
    bring_others(session)

    assert session.viewports[1].index == 11


def test_a_registration_and_its_way_back_cancel() -> None:
    angle = math.radians(30)
    turned = RigidMap.of(
        [[math.cos(angle), -math.sin(angle), 0, 5], [math.sin(angle), math.cos(angle), 0, -7], [0, 0, 1, 3]]
    )
    at = PointMm(11, -4, 9)

    assert turned.inverse().apply(turned.apply(at)) == pytest.approx(at)
    assert math.dist(turned.apply(at), at) > 1


def test_linked_paging_follows_a_registration_that_turns() -> None:
    session = a_session(
        a_placed_series(1, [(0, 0, 2.0 * n) for n in range(30)]),
        a_placed_series(2, [(0, 0, 2.0 * n) for n in range(30)], space="1.6"),
    )
    session.spaces.register("1.5", "1.6", RigidMap.of([[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 58]]))
    linked(session)

    session.viewports[0].index = 9  # 18 mm is 40 mm there

    assert session.viewports[1].index == 20


def test_first_and_last_lines_frame_the_stack() -> None:
    axial = a_placed_series(1, [(-8.0, -8.0, 2.0 * n) for n in range(10)])
    sagittal = a_placed_series(2, [(-7.0 + n, -8.0, 30.0) for n in range(20)], orientation=SAGITTAL)
    session = a_session(axial, sagittal)
    session.reference_ends = True

    ends = session.reference_end_lines(session.viewports[1])

    assert sorted(round(a.row) for a, _ in ends) == [(30 - 18) * 2, 30 * 2]


def test_the_nearest_image_is_the_one_that_holds_the_foot_among_equals() -> None:
    series = a_placed_series(1, [(0, 0, 0), (100, 0, 0), (200, 0, 0)])
    session = a_session(series)

    found = nearest_image(session.stacks[0], PointMm(110, 5, 0.4))

    assert found is not None and session.stacks[0].frame_header(found[0]).plane.origin.x == 100  # type: ignore[union-attr]
    assert found[1] == pytest.approx(0.4)


def test_splits_refuse_more_tiles_than_there_are() -> None:
    from clients.viewer.presets import windows_of
    from clients.viewer.viewport.state import ViewportState

    states = [ViewportState() for _ in range(5)]
    with pytest.raises(ValueError, match="not enough panes"):
        Splits(states, 2).set({0: windows_of("9")})


def test_crosses_are_equal_by_place() -> None:
    session = a_session(a_placed_series(1, [(0, 0, 2.0 * n) for n in range(3)]))
    told: list[Aspect] = []
    session.cross_changed.connect(lambda: told.append(Aspect.INDEX))
    stack = session.stacks[0]
    session.cross = Cross(PointMm(1, 2, 3), stack)
    session.cross = Cross(PointMm(1, 2, 3), stack)

    assert len(told) == 1
