"""pathology: opinions and reports"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Reports of pathology are signed too; their ids lie above those of imaging reports.
    for name in ("report_signatures", "signed_papers"):
        with op.batch_alter_table(name) as table:
            table.drop_constraint(f"fk_{name}_report_id_reports", type_="foreignkey")
    op.create_table(
        "pathology_case_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("meaning", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_case_codes")),
    )
    op.create_index(op.f("ix_pathology_case_codes_case_id"), "pathology_case_codes", ["case_id"], unique=False)
    op.create_index("ix_pathology_case_codes_code", "pathology_case_codes", ["system", "code", "case_id"], unique=False)
    op.create_table(
        "pathology_case_people",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "doctor_id", name=op.f("pk_pathology_case_people")),
    )
    op.create_index("ix_pathology_case_people_doctor", "pathology_case_people", ["doctor_id", "case_id"], unique=False)
    op.create_table(
        "pathology_checklist_versions",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("checklist_version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "version", name=op.f("pk_pathology_checklist_versions")),
    )
    op.create_table(
        "pathology_checklists",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("checklist_version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_pathology_checklists")),
    )
    op.create_index(op.f("ix_pathology_checklists_stage"), "pathology_checklists", ["stage"], unique=False)
    op.create_table(
        "pathology_consultations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("started_by_id", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("question", sa.String(length=1000), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_consultations")),
    )
    op.create_index(op.f("ix_pathology_consultations_case_id"), "pathology_consultations", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_pathology_consultations_closed_at"), "pathology_consultations", ["closed_at"], unique=False
    )
    op.create_table(
        "pathology_delays",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_delays")),
    )
    op.create_index(op.f("ix_pathology_delays_case_id"), "pathology_delays", ["case_id"], unique=False)
    op.create_table(
        "pathology_favourites",
        sa.Column("owner_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("folder", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "case_id", name=op.f("pk_pathology_favourites")),
    )
    op.create_table(
        "pathology_follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("agrees", sa.String(length=16), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_follow_ups")),
    )
    op.create_index(op.f("ix_pathology_follow_ups_case_id"), "pathology_follow_ups", ["case_id"], unique=False)
    op.create_index("ix_pathology_follow_ups_due", "pathology_follow_ups", ["closed_at", "due_on"], unique=False)
    op.create_table(
        "pathology_frozen_sections",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=True),
        sa.Column("sectioned_at", sa.DateTime(), nullable=True),
        sa.Column("read_at", sa.DateTime(), nullable=True),
        sa.Column("reported_at", sa.DateTime(), nullable=True),
        sa.Column("target_minutes", sa.Integer(), nullable=False),
        sa.Column("library", sa.String(length=16), nullable=False),
        sa.Column("read_back_to", sa.String(length=80), nullable=False),
        sa.Column("read_back_by", sa.String(length=80), nullable=False),
        sa.Column("read_back_at", sa.DateTime(), nullable=True),
        sa.Column("concordance", sa.String(length=16), nullable=False),
        sa.Column("concordance_note", sa.String(length=1000), nullable=False),
        sa.Column("judged_by", sa.String(length=80), nullable=False),
        sa.Column("judged_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_pathology_frozen_sections")),
    )
    op.create_index(
        op.f("ix_pathology_frozen_sections_received_at"), "pathology_frozen_sections", ["received_at"], unique=False
    )
    op.create_table(
        "pathology_named_doctors",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("doctor", sa.String(length=80), nullable=False),
        sa.Column("named_by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "role", name=op.f("pk_pathology_named_doctors")),
    )
    op.create_index("ix_pathology_named_doctors_doctor", "pathology_named_doctors", ["doctor_id", "role"], unique=False)
    op.create_table(
        "pathology_opinions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("doctor", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("text_number", sa.Integer(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_opinions")),
    )
    op.create_index(op.f("ix_pathology_opinions_case_id"), "pathology_opinions", ["case_id"], unique=False)
    op.create_index("ix_pathology_opinions_doctor", "pathology_opinions", ["doctor_id", "case_id"], unique=False)
    op.create_table(
        "pathology_report_clocks",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("library", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("warn_at", sa.DateTime(), nullable=True),
        sa.Column("audited_at", sa.DateTime(), nullable=True),
        sa.Column("is_delayed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_pathology_report_clocks")),
    )
    op.create_index("ix_pathology_report_clocks_due", "pathology_report_clocks", ["audited_at", "due_at"], unique=False)
    op.create_index("ix_pathology_report_clocks_state", "pathology_report_clocks", ["state", "case_id"], unique=False)
    op.create_table(
        "pathology_report_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_report_log")),
    )
    op.create_index(op.f("ix_pathology_report_log_case_id"), "pathology_report_log", ["case_id"], unique=False)
    op.create_table(
        "pathology_report_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_report_policy")),
    )
    op.create_table(
        "pathology_reports",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("auditor", sa.String(length=80), nullable=False),
        sa.Column("audited_at", sa.DateTime(), nullable=True),
        sa.Column("text_number", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("format_key", sa.String(length=32), nullable=False),
        sa.Column("print_count", sa.Integer(), nullable=False),
        sa.Column("printed_at", sa.DateTime(), nullable=True),
        sa.Column("printed_by", sa.String(length=80), nullable=False),
        sa.Column("send_count", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("sent_by", sa.String(length=80), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_reports")),
        sa.UniqueConstraint("case_id", "kind", "number", name=op.f("uq_pathology_reports_case_id_kind_number")),
    )
    op.create_index("ix_pathology_reports_audited", "pathology_reports", ["audited_at"], unique=False)
    op.create_table(
        "pathology_consultation_doctors",
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("doctor", sa.String(length=80), nullable=False),
        sa.Column("opinion_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["pathology_consultations.id"],
            name=op.f("fk_pathology_consultation_doctors_consultation_id_pathology_consultations"),
        ),
        sa.PrimaryKeyConstraint("consultation_id", "doctor_id", name=op.f("pk_pathology_consultation_doctors")),
    )
    op.create_index(
        "ix_pathology_consultation_doctors_doctor",
        "pathology_consultation_doctors",
        ["doctor_id", "opinion_id"],
        unique=False,
    )
    op.create_table(
        "pathology_opinion_texts",
        sa.Column("opinion_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opinion_id"],
            ["pathology_opinions.id"],
            name=op.f("fk_pathology_opinion_texts_opinion_id_pathology_opinions"),
        ),
        sa.PrimaryKeyConstraint("opinion_id", "number", name=op.f("pk_pathology_opinion_texts")),
    )
    op.create_table(
        "pathology_report_editions",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text_number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["pathology_reports.id"],
            name=op.f("fk_pathology_report_editions_report_id_pathology_reports"),
        ),
        sa.PrimaryKeyConstraint("report_id", "number", name=op.f("pk_pathology_report_editions")),
    )
    op.create_table(
        "pathology_report_texts",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("gross", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("synoptic", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["pathology_reports.id"], name=op.f("fk_pathology_report_texts_report_id_pathology_reports")
        ),
        sa.PrimaryKeyConstraint("report_id", "number", name=op.f("pk_pathology_report_texts")),
    )


def downgrade() -> None:
    op.drop_table("pathology_report_texts")
    op.drop_table("pathology_report_editions")
    op.drop_table("pathology_opinion_texts")
    op.drop_table("pathology_consultation_doctors")
    op.drop_table("pathology_reports")
    op.drop_table("pathology_report_policy")
    op.drop_table("pathology_report_log")
    op.drop_table("pathology_report_clocks")
    op.drop_table("pathology_opinions")
    op.drop_table("pathology_named_doctors")
    op.drop_table("pathology_frozen_sections")
    op.drop_table("pathology_follow_ups")
    op.drop_table("pathology_favourites")
    op.drop_table("pathology_delays")
    op.drop_table("pathology_consultations")
    op.drop_table("pathology_checklists")
    op.drop_table("pathology_checklist_versions")
    op.drop_table("pathology_case_people")
    op.drop_table("pathology_case_codes")
    for name in ("report_signatures", "signed_papers"):
        with op.batch_alter_table(name) as table:
            table.create_foreign_key(f"fk_{name}_report_id_reports", "reports", ["report_id"], ["id"])
