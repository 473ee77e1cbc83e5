"""checker: alarms and what became of them, switches, words of the house"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checker_alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text_key", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("why", sa.String(length=1000), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("doctor", sa.String(length=80), nullable=False),
        sa.Column("shown_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checker_alarms")),
        sa.UniqueConstraint("report_id", "kind", "text_key", name="uq_checker_alarms_report_id_kind_text_key"),
    )
    op.create_index("ix_checker_alarms_shown", "checker_alarms", ["shown_at", "kind"])
    op.create_table(
        "checker_switches",
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("off", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("exam_type", name=op.f("pk_checker_switches")),
    )
    op.create_table(
        "checker_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("right", sa.String(length=40), nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checker_words")),
        sa.UniqueConstraint("word", name=op.f("uq_checker_words_word")),
    )


def downgrade() -> None:
    op.drop_table("checker_words")
    op.drop_table("checker_switches")
    op.drop_table("checker_alarms")
