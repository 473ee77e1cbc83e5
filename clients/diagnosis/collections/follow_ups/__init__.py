"""Follow-up (随访): the queue, its records and results."""
