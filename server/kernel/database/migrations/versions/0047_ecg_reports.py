"""ECG reports, terms and critical ECGs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_ecg_alarms()
    _create_ecg_critical_settings()
    _create_ecg_judgements()
    _create_ecg_report_log()
    _create_ecg_report_policies()
    _create_ecg_template_choices()
    _create_ecg_term_categories()
    _create_ecg_terms()
    _create_ecg_reports()
    _create_ecg_report_drafts()
    _create_ecg_report_editions()
    _create_ecg_report_prints()


def _create_ecg_alarms() -> None:
    op.create_table(
        "ecg_alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("zh", sa.String(length=200), nullable=False),
        sa.Column("en", sa.String(length=200), nullable=False),
        sa.Column("reason_zh", sa.String(length=400), nullable=False),
        sa.Column("reason_en", sa.String(length=400), nullable=False),
        sa.Column("found_at", sa.DateTime(), nullable=False),
        sa.Column("loop_id", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_alarms")),
        sa.UniqueConstraint("trace_id", "rule", name=op.f("uq_ecg_alarms_trace_id_rule")),
    )
    op.create_index(op.f("ix_ecg_alarms_exam_id"), "ecg_alarms", ["exam_id"], unique=False)
    op.create_index("ix_ecg_alarms_open", "ecg_alarms", ["acknowledged_at", "campus_id", "id"], unique=False)


def _create_ecg_critical_settings() -> None:
    op.create_table(
        "ecg_critical_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_critical_settings")),
    )


def _create_ecg_judgements() -> None:
    op.create_table(
        "ecg_judgements",
        sa.Column("trace_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("danger", sa.String(length=16), nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("trace_id", name=op.f("pk_ecg_judgements")),
    )
    op.create_index(op.f("ix_ecg_judgements_exam_id"), "ecg_judgements", ["exam_id"], unique=False)


def _create_ecg_report_log() -> None:
    op.create_table(
        "ecg_report_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("station", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_report_log")),
    )
    op.create_index(op.f("ix_ecg_report_log_exam_id"), "ecg_report_log", ["exam_id"], unique=False)


def _create_ecg_report_policies() -> None:
    op.create_table(
        "ecg_report_policies",
        sa.Column("campus_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campus_id", name=op.f("pk_ecg_report_policies")),
    )


def _create_ecg_template_choices() -> None:
    op.create_table(
        "ecg_template_choices",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("template", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_ecg_template_choices")),
    )


def _create_ecg_term_categories() -> None:
    op.create_table(
        "ecg_term_categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("zh", sa.String(length=100), nullable=False),
        sa.Column("en", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_term_categories")),
    )
    op.create_index(
        "ix_ecg_term_categories_scope", "ecg_term_categories", ["scope", "campus_id", "owner_id"], unique=False
    )


def _create_ecg_terms() -> None:
    op.create_table(
        "ecg_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("zh", sa.String(length=200), nullable=False),
        sa.Column("en", sa.String(length=200), nullable=False),
        sa.Column("pinyin", sa.String(length=400), nullable=False),
        sa.Column("initials", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("system", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_terms")),
    )
    op.create_index(op.f("ix_ecg_terms_category_id"), "ecg_terms", ["category_id"], unique=False)
    op.create_index("ix_ecg_terms_scope", "ecg_terms", ["scope", "campus_id", "owner_id"], unique=False)


def _create_ecg_reports() -> None:
    op.create_table(
        "ecg_reports",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=80), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=True),
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("auditor", sa.String(length=80), nullable=False),
        sa.Column("submitted_at", sa.DateTime(), nullable=True),
        sa.Column("template", sa.String(length=32), nullable=False),
        sa.Column("returned", sa.String(length=1000), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("print_count", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["ecg_exams.id"], name=op.f("fk_ecg_reports_exam_id_ecg_exams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_reports")),
        sa.UniqueConstraint("exam_id", name=op.f("uq_ecg_reports_exam_id")),
    )
    op.create_index("ix_ecg_reports_state", "ecg_reports", ["state", "campus_id", "read_at"], unique=False)


def _create_ecg_report_drafts() -> None:
    op.create_table(
        "ecg_report_drafts",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("writer_id", sa.Integer(), nullable=False),
        sa.Column("writer", sa.String(length=80), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["ecg_reports.id"], name=op.f("fk_ecg_report_drafts_report_id_ecg_reports")
        ),
        sa.PrimaryKeyConstraint("report_id", "consultation_id", name=op.f("pk_ecg_report_drafts")),
    )


def _create_ecg_report_editions() -> None:
    op.create_table(
        "ecg_report_editions",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("hospital", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=80), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=False),
        sa.Column("template", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawal", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["ecg_reports.id"], name=op.f("fk_ecg_report_editions_report_id_ecg_reports")
        ),
        sa.PrimaryKeyConstraint("report_id", "number", name=op.f("pk_ecg_report_editions")),
    )
    op.create_index("ix_ecg_report_editions_at", "ecg_report_editions", ["at", "campus_id"], unique=False)


def _create_ecg_report_prints() -> None:
    op.create_table(
        "ecg_report_prints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("station", sa.String(length=80), nullable=False),
        sa.Column("template", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["ecg_reports.id"], name=op.f("fk_ecg_report_prints_report_id_ecg_reports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_report_prints")),
    )
    op.create_index(op.f("ix_ecg_report_prints_report_id"), "ecg_report_prints", ["report_id"], unique=False)


def downgrade() -> None:
    op.drop_table("ecg_report_prints")
    op.drop_table("ecg_report_editions")
    op.drop_table("ecg_report_drafts")
    op.drop_table("ecg_reports")
    op.drop_table("ecg_terms")
    op.drop_table("ecg_term_categories")
    op.drop_table("ecg_template_choices")
    op.drop_table("ecg_report_policies")
    op.drop_table("ecg_report_log")
    op.drop_table("ecg_judgements")
    op.drop_table("ecg_critical_settings")
    op.drop_table("ecg_alarms")
