"""The diagnosis list (诊断): conditions, counts, saved queries, rows."""
