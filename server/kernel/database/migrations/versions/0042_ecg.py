"""ecg: exams with their trail and favourites, traces, documents; requests that they come of"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _alter_applications()
    _create_ecg_exams()
    _create_ecg_collected()
    _create_ecg_documents()
    _create_ecg_events()
    _create_ecg_traces()
    _create_ecg_trace_files()


def _alter_applications() -> None:
    with op.batch_alter_table("applications") as batch_op:
        batch_op.add_column(sa.Column("ecg_exam_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "patient_name",
                sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
                server_default="",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("name_keys", sa.String(length=100), server_default="", nullable=False))
        batch_op.add_column(sa.Column("inpatient_number", sa.String(length=32), server_default="", nullable=False))
        batch_op.add_column(sa.Column("visit_kind", sa.String(length=16), server_default="", nullable=False))
        batch_op.create_index(op.f("ix_applications_ecg_exam_id"), ["ecg_exam_id"])
        batch_op.create_index("ix_applications_received", ["exam_type", "received_at", "id"])


def _exam_and_patient() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("accession_number", sa.String(length=16), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("visit_kind", sa.String(length=16), nullable=False),
        sa.Column("campus_id", sa.Integer(), nullable=False),
        sa.Column("urgency", sa.String(length=12), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column(
            "patient_name",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "pinyin_flat",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "initials",
            sa.String(length=16).with_variant(sa.String(length=16, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("age", sa.String(length=16), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("id_number", sa.String(length=32), nullable=False),
        sa.Column("patient_number", sa.String(length=64), nullable=False),
        sa.Column("outpatient_number", sa.String(length=32), nullable=False),
        sa.Column("inpatient_number", sa.String(length=32), nullable=False),
        sa.Column("health_check_number", sa.String(length=32), nullable=False),
        sa.Column("request_number", sa.String(length=64), nullable=False),
    ]


def _request_and_results() -> list[sa.Column[Any]]:
    return [
        sa.Column("application_id", sa.Integer(), nullable=True),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("ward", sa.String(length=64), nullable=False),
        sa.Column("bed", sa.String(length=32), nullable=False),
        sa.Column("exam_item", sa.String(length=100), nullable=False),
        sa.Column("clinical_diagnosis", sa.String(length=500), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", sa.DateTime(), nullable=False),
        sa.Column("registered_by", sa.String(length=64), nullable=False),
        sa.Column("registered_by_id", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=200), nullable=False),
        sa.Column("acquired_at", sa.DateTime(), nullable=True),
        sa.Column("trace_count", sa.Integer(), nullable=False),
        sa.Column("quality_passed", sa.Boolean(), nullable=True),
        sa.Column("is_critical", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=True),
        sa.Column("report_state", sa.String(length=12), nullable=False),
        sa.Column("reported_at", sa.DateTime(), nullable=True),
        sa.Column("reported_by", sa.String(length=64), nullable=False),
        sa.Column("conclusion", sa.String(length=200), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=True),
        sa.Column("consultation_state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    ]


def _create_ecg_exams() -> None:
    op.create_table(
        "ecg_exams",
        *_exam_and_patient(),
        *_request_and_results(),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_ecg_exams_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_exams")),
        sa.UniqueConstraint("accession_number", name=op.f("uq_ecg_exams_accession_number")),
        sa.UniqueConstraint("study_uid", name=op.f("uq_ecg_exams_study_uid")),
    )
    op.create_index(op.f("ix_ecg_exams_application_id"), "ecg_exams", ["application_id"], unique=False)
    op.create_index("ix_ecg_exams_campus", "ecg_exams", ["campus_id", "registered_at", "id"], unique=False)
    op.create_index(op.f("ix_ecg_exams_health_check_number"), "ecg_exams", ["health_check_number"], unique=False)
    op.create_index(op.f("ix_ecg_exams_id_number"), "ecg_exams", ["id_number"], unique=False)
    op.create_index(op.f("ix_ecg_exams_inpatient_number"), "ecg_exams", ["inpatient_number"], unique=False)
    op.create_index("ix_ecg_exams_list", "ecg_exams", ["registered_at", "id", "visit_kind", "state"], unique=False)
    op.create_index(op.f("ix_ecg_exams_outpatient_number"), "ecg_exams", ["outpatient_number"], unique=False)
    op.create_index(op.f("ix_ecg_exams_patient_id"), "ecg_exams", ["patient_id"], unique=False)
    op.create_index(op.f("ix_ecg_exams_patient_number"), "ecg_exams", ["patient_number"], unique=False)
    op.create_index(op.f("ix_ecg_exams_request_number"), "ecg_exams", ["request_number"], unique=False)


def _create_ecg_collected() -> None:
    op.create_table(
        "ecg_collected",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["ecg_exams.id"], name=op.f("fk_ecg_collected_exam_id_ecg_exams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_collected")),
        sa.UniqueConstraint("user_id", "exam_id", name=op.f("uq_ecg_collected_user_id_exam_id")),
    )
    op.create_index(op.f("ix_ecg_collected_exam_id"), "ecg_collected", ["exam_id"], unique=False)


def _create_ecg_documents() -> None:
    op.create_table(
        "ecg_documents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_at", sa.DateTime(), nullable=False),
        sa.Column("stored_by", sa.String(length=64), nullable=False),
        sa.Column("sop_uid", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["ecg_exams.id"], name=op.f("fk_ecg_documents_exam_id_ecg_exams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_documents")),
    )
    op.create_index("ix_ecg_documents_exam_id", "ecg_documents", ["exam_id", "sha256"], unique=False)


def _create_ecg_events() -> None:
    op.create_table(
        "ecg_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("old", sa.String(length=500), nullable=False),
        sa.Column("new", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["ecg_exams.id"], name=op.f("fk_ecg_events_exam_id_ecg_exams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_events")),
    )
    op.create_index(op.f("ix_ecg_events_exam_id"), "ecg_events", ["exam_id"], unique=False)


def _create_ecg_traces() -> None:
    op.create_table(
        "ecg_traces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("compact_sha256", sa.String(length=64), nullable=False),
        sa.Column("compact_bytes", sa.Integer(), nullable=False),
        sa.Column("analysis_sha256", sa.String(length=64), nullable=False),
        sa.Column("sampling_hz", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("leads", sa.JSON(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("quality_passed", sa.Boolean(), nullable=True),
        sa.Column("sop_class", sa.String(length=64), nullable=False),
        sa.Column("sop_uid", sa.String(length=64), nullable=False),
        sa.Column("object_uid", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["ecg_exams.id"], name=op.f("fk_ecg_traces_exam_id_ecg_exams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ecg_traces")),
    )
    op.create_index(op.f("ix_ecg_traces_digest"), "ecg_traces", ["digest"], unique=False)
    op.create_index(op.f("ix_ecg_traces_exam_id"), "ecg_traces", ["exam_id"], unique=False)
    op.create_index(op.f("ix_ecg_traces_object_uid"), "ecg_traces", ["object_uid"], unique=False)


def _create_ecg_trace_files() -> None:
    op.create_table(
        "ecg_trace_files",
        sa.Column("trace_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["trace_id"], ["ecg_traces.id"], name=op.f("fk_ecg_trace_files_trace_id_ecg_traces")),
        sa.PrimaryKeyConstraint("trace_id", "place", name=op.f("pk_ecg_trace_files")),
    )


def downgrade() -> None:
    op.drop_table("ecg_trace_files")
    op.drop_table("ecg_traces")
    op.drop_table("ecg_documents")
    op.drop_table("ecg_collected")
    op.drop_table("ecg_events")
    op.drop_table("ecg_exams")
    with op.batch_alter_table("applications") as batch_op:
        batch_op.drop_index("ix_applications_received")
        batch_op.drop_index(op.f("ix_applications_ecg_exam_id"))
        batch_op.drop_column("visit_kind")
        batch_op.drop_column("inpatient_number")
        batch_op.drop_column("name_keys")
        batch_op.drop_column("patient_name")
        batch_op.drop_column("ecg_exam_id")
