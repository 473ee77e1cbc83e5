"""results: issues of reports, what was made of them, and the rules"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "result_issues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("accession_number", sa.String(length=32), nullable=False),
        sa.Column("patient_name", sa.String(length=120), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("examined_at", sa.DateTime(), nullable=True),
        sa.Column("patient_number", sa.String(length=64), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_issues")),
        sa.UniqueConstraint("report_id", "number", name=op.f("uq_result_issues_report_id_number")),
    )
    op.create_index("ix_result_issues_accession", "result_issues", ["accession_number"])
    op.create_index("ix_result_issues_patient", "result_issues", ["patient_id", "id"])
    op.create_index("ix_result_issues_at", "result_issues", ["at"])
    op.create_index("ix_result_issues_patient_number", "result_issues", ["patient_number"])
    op.create_table(
        "results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("with_pdf", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sentence", sa.String(length=400), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_uid", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["result_issues.id"], name=op.f("fk_results_issue_id_result_issues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results")),
        sa.UniqueConstraint("issue_id", "kind", "connection_id", name=op.f("uq_results_issue_id_kind_connection_id")),
    )
    op.create_index("ix_results_report", "results", ["report_id", "id"])
    op.create_index("ix_results_state", "results", ["state", "id"])
    op.create_index("ix_results_message", "results", ["message_id"])
    op.create_table(
        "result_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_settings")),
    )


def downgrade() -> None:
    op.drop_table("result_settings")
    op.drop_table("results")
    op.drop_table("result_issues")
