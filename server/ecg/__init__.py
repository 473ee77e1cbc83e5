"""The ECG network: exams, traces, acquisition, reports, consultations; rooms use services of others, never tables."""
