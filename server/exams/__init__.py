"""Applications, registration, appointment slots and the exam's life, with the doors' view of it (MWL, MPPS)."""
