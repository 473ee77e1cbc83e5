"""Consultations: 申请会诊, 受理记录, 会诊报告."""
