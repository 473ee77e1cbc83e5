"""The exchange with the hospital system: orders and patient data in, states of exams out, all in a journal."""
