"""quality: tasks, drawn cases, scores"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quality_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.Column("stratum", sa.String(length=16), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.Column("scorers", sa.JSON(), nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_tasks")),
    )
    op.create_table(
        "quality_cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("first_number", sa.Integer(), nullable=False),
        sa.Column("audited_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["quality_tasks.id"], name=op.f("fk_quality_cases_task_id_quality_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_cases")),
        sa.UniqueConstraint("task_id", "report_id", name="uq_quality_cases_task_id_report_id"),
    )
    op.create_table(
        "quality_scores",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("object", sa.String(length=16), nullable=False),
        sa.Column("scorer_id", sa.Integer(), nullable=False),
        sa.Column("scorer", sa.String(length=80), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("scored_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["quality_cases.id"], name=op.f("fk_quality_scores_case_id_quality_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_scores")),
        sa.UniqueConstraint("case_id", "object", "scorer_id", name="uq_quality_scores_case_id_object_scorer_id"),
    )
    op.create_index("ix_quality_scores_case_id", "quality_scores", ["case_id"])


def downgrade() -> None:
    op.drop_table("quality_scores")
    op.drop_table("quality_cases")
    op.drop_table("quality_tasks")
