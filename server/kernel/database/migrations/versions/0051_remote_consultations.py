"""remote consultation, and reports written elsewhere"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _teams()
    _requests()
    _texts_and_log()
    _notices_and_limits()
    _services()
    _reports()


def _teams() -> None:
    op.create_table(
        "remote_teams",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("two_level", sa.Boolean(), nullable=False),
        sa.Column("audits_reports", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_teams")),
    )
    op.create_table(
        "remote_team_members",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"], ["remote_teams.id"], name=op.f("fk_remote_team_members_team_id_remote_teams")
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_remote_team_members")),
    )
    op.create_index(op.f("ix_remote_team_members_user_id"), "remote_team_members", ["user_id"], unique=False)


def _requests() -> None:
    op.create_table(
        "remote_requests",
        *_exam_columns(),
        *_asking_columns(),
        *_answer_columns(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["remote_teams.id"], name=op.f("fk_remote_requests_team_id_remote_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_requests")),
    )
    op.create_index(op.f("ix_remote_requests_exam_id"), "remote_requests", ["exam_id"], unique=False)
    op.create_index(op.f("ix_remote_requests_report_id"), "remote_requests", ["report_id"], unique=False)
    op.create_index("ix_remote_requests_incoming", "remote_requests", ["team_id", "state", "applied_at"], unique=False)
    op.create_index("ix_remote_requests_outgoing", "remote_requests", ["from_campus_id", "applied_at"], unique=False)
    op.create_index("ix_remote_requests_to", "remote_requests", ["to_campus_id", "applied_at"], unique=False)


def _exam_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("accession_number", sa.String(length=32), nullable=False),
        sa.Column("patient_number", sa.String(length=64), nullable=False),
        sa.Column("patient_name", sa.String(length=120), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("age", sa.String(length=16), nullable=False),
        sa.Column("exam_type", sa.String(length=16), nullable=False),
        sa.Column("items", sa.String(length=1000), nullable=False),
        sa.Column("examined_at", sa.DateTime(), nullable=True),
        sa.Column("study_uids", sa.Text(), nullable=False),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("prior_exam_ids", sa.String(length=400), nullable=False),
    )


def _asking_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("urgency", sa.String(length=16), nullable=False),
        sa.Column("urgency_rank", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(length=100), nullable=False),
        sa.Column("to_campus_id", sa.Integer(), nullable=False),
        sa.Column("from_campus_id", sa.Integer(), nullable=False),
        sa.Column("two_level", sa.Boolean(), nullable=False),
        sa.Column("audits_reports", sa.Boolean(), nullable=False),
        sa.Column("applicant_id", sa.Integer(), nullable=False),
        sa.Column("applicant", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("applied_at", sa.DateTime(), nullable=False),
        sa.Column("body_part", sa.String(length=200), nullable=False),
        sa.Column("scan", sa.String(length=200), nullable=False),
        sa.Column("history", sa.String(length=1000), nullable=False),
        sa.Column("clinical_diagnosis", sa.String(length=1000), nullable=False),
        sa.Column("question", sa.String(length=1000), nullable=False),
        sa.Column("first_findings", sa.Text(), nullable=False),
        sa.Column("first_impression", sa.Text(), nullable=False),
    )


def _answer_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("accepted_at", sa.DateTime(), nullable=True),
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("auditor", sa.String(length=80), nullable=False),
        sa.Column("text_number", sa.Integer(), nullable=False),
        sa.Column("published_number", sa.Integer(), nullable=False),
        sa.Column("is_critical", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("published_by", sa.String(length=80), nullable=False),
        sa.Column("adjusted_at", sa.DateTime(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
    )


def _texts_and_log() -> None:
    op.create_table(
        "remote_texts",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("is_critical", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("impression", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["remote_requests.id"], name=op.f("fk_remote_texts_request_id_remote_requests")
        ),
        sa.PrimaryKeyConstraint("request_id", "number", name=op.f("pk_remote_texts")),
    )
    op.create_table(
        "remote_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("is_asking_side", sa.Boolean(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["remote_requests.id"], name=op.f("fk_remote_log_request_id_remote_requests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_log")),
    )
    op.create_index(op.f("ix_remote_log_request_id"), "remote_log", ["request_id"], unique=False)


def _notices_and_limits() -> None:
    op.create_table(
        "remote_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("is_asking_side", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("hospital", sa.String(length=100), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["remote_requests.id"], name=op.f("fk_remote_notices_request_id_remote_requests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_notices")),
    )
    op.create_index("ix_remote_notices_user", "remote_notices", ["user_id", "read_at", "id"], unique=False)
    op.create_index("ix_remote_notices_request", "remote_notices", ["request_id", "kind"], unique=False)
    op.create_table(
        "remote_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_policy")),
    )


def _services() -> None:
    op.create_table(
        "remote_services",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_services")),
    )
    op.create_table(
        "remote_service_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(length=100), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("known_id", sa.Integer(), nullable=False),
        sa.Column("remote_id", sa.String(length=200), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("impression", sa.Text(), nullable=False),
        sa.Column("sentence", sa.String(length=1000), nullable=False),
        sa.Column("object_uids", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["remote_services.id"], name=op.f("fk_remote_service_orders_service_id_remote_services")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_service_orders")),
    )
    op.create_index(op.f("ix_remote_service_orders_exam_id"), "remote_service_orders", ["exam_id"], unique=False)


def _reports() -> None:
    op.add_column("reports", sa.Column("away_to", sa.String(length=200), server_default="", nullable=False))
    op.add_column("reports", sa.Column("away_ids", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("reports") as reports:
        reports.drop_column("away_ids")
        reports.drop_column("away_to")
    op.drop_table("remote_service_orders")
    op.drop_table("remote_services")
    op.drop_table("remote_policy")
    op.drop_table("remote_notices")
    op.drop_table("remote_log")
    op.drop_table("remote_texts")
    op.drop_table("remote_requests")
    op.drop_table("remote_team_members")
    op.drop_table("remote_teams")
