"""calling: rules of queues, check-in, durations and forecasts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_Moment = server.kernel.database.base.UtcDateTime
_MOMENTS = ("signed_in_at", "first_called_at", "started_at")
_COUNTS = ("passed_calls", "returns")


def upgrade() -> None:
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("exam_type", sa.String(length=16), nullable=False, server_default=""))
        for name in _MOMENTS:
            batch_op.add_column(sa.Column(name, _Moment(), nullable=True))
        for name in _COUNTS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE tickets SET exam_type = (SELECT exam_type FROM exams WHERE exams.id = tickets.exam_id)")
    op.create_table(
        "queue_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_rules")),
    )
    op.create_table(
        "queue_rooms",
        sa.Column("room_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("check_in_required", sa.Boolean(), nullable=False),
        sa.Column("pool", sa.String(length=20), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("pause_reason", sa.String(length=100), nullable=False),
        sa.Column("paused_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_queue_rooms")),
    )
    op.create_table(
        "queue_spells",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("done_at", _Moment(), nullable=False),
        sa.Column("busy_seconds", sa.Integer(), nullable=False),
        sa.Column("gap_seconds", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_spells")),
    )
    with op.batch_alter_table("queue_spells", schema=None) as batch_op:
        batch_op.create_index("ix_queue_spells_done", ["done_at"], unique=False)
        batch_op.create_index("ix_queue_spells_room", ["room_id", "done_at"], unique=False)
    op.create_table(
        "queue_forecasts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("made_at", _Moment(), nullable=False),
        sa.Column("ahead", sa.Integer(), nullable=False),
        *(sa.Column(name, _Moment(), nullable=False) for name in ("expected_at", "low_at", "high_at")),
        sa.Column("actual_at", _Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_forecasts")),
    )
    with op.batch_alter_table("queue_forecasts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_queue_forecasts_ticket_id"), ["ticket_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_queue_forecasts_made_at"), ["made_at"], unique=False)


def downgrade() -> None:
    for name in ("queue_forecasts", "queue_spells", "queue_rooms", "queue_rules"):
        op.drop_table(name)
    op.execute("UPDATE tickets SET state = 'waiting' WHERE state = 'not_signed_in'")
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        for name in (*reversed(_COUNTS), *reversed(_MOMENTS), "exam_type"):
            batch_op.drop_column(name)
