"""Registration of ECG exams: HIS登记 and the quick ways."""
