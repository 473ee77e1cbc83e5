"""film tasks: printers, tasks and the parts of their sheets"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "film_printers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_film_printers")),
        sa.UniqueConstraint("name", name=op.f("uq_film_printers_name")),
    )
    op.create_table(
        "film_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("printer_id", sa.Integer(), nullable=False),
        sa.Column("printer_name", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("trouble", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.String(length=400), nullable=False),
        sa.Column("warnings", sa.String(length=2000), nullable=False),
        sa.Column("sheets", sa.Integer(), nullable=False),
        sa.Column("printed", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("next_try", sa.DateTime(), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_film_tasks")),
    )
    op.create_index(op.f("ix_film_tasks_state"), "film_tasks", ["state"])
    op.create_table(
        "film_parts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.Integer(), nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_film_parts")),
    )
    op.create_index("ix_film_parts_place", "film_parts", ["task_id", "sheet", "offset"], unique=True)
    op.create_index(op.f("ix_film_parts_digest"), "film_parts", ["digest"])


def downgrade() -> None:
    op.drop_table("film_parts")
    op.drop_table("film_tasks")
    op.drop_table("film_printers")
