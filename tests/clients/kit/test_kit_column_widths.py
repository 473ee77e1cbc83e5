"""Columns share the room there is: nothing is lost, nothing cut that could be shown, the user's widths are kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clients.kit.column_widths import ColumnRoom, lay_out

rooms = st.builds(
    ColumnRoom,
    wanted=st.integers(48, 300),
    needed=st.integers(20, 200),
    flexible=st.booleans(),
    dragged=st.just(False),
)
columns = st.lists(rooms, min_size=1, max_size=14)


def test_a_flexible_column_takes_what_is_left_over() -> None:
    assert lay_out([ColumnRoom(100, 50), ColumnRoom(120, 50, flexible=True)], 400, flexible_most=360) == [100, 300]


def test_on_a_wide_screen_the_others_grow_too() -> None:
    narrow, wide = lay_out([ColumnRoom(100, 50), ColumnRoom(120, 50, flexible=True)], 1000, flexible_most=360)
    assert narrow == 160 and wide == 840


def test_a_column_is_never_narrower_than_its_title_unless_the_user_made_it_so() -> None:
    assert lay_out([ColumnRoom(60, 90), ColumnRoom(60, 90, dragged=True)], 1000, flexible_most=360) == [90, 60]


def test_where_it_is_tight_columns_shrink_to_what_they_need_instead_of_scrolling() -> None:
    sizes = lay_out([ColumnRoom(100, 50), ColumnRoom(100, 60)], 180, flexible_most=360)
    assert sum(sizes) == 180
    assert sizes[0] < sizes[1]  # the one with more to spare gives more


def test_what_cannot_fit_keeps_its_widths() -> None:
    assert lay_out([ColumnRoom(100, 90), ColumnRoom(100, 90)], 120, flexible_most=360) == [100, 100]


@given(columns=columns, room=st.integers(100, 4000))
def test_no_column_is_cut_below_its_need_and_all_room_is_used(columns: list[ColumnRoom], room: int) -> None:
    sizes = lay_out(columns, room, flexible_most=360)
    assert all(size >= min(column.needed, 48) for size, column in zip(sizes, columns, strict=True))
    assert all(size >= column.needed for size, column in zip(sizes, columns, strict=True))
    natural = sum(max(column.wanted, column.needed) for column in columns)
    if natural <= room and any(column.flexible for column in columns):
        assert sum(sizes) == room
    if natural > room:
        assert sum(sizes) in (room, natural)
