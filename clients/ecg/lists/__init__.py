"""体检检查 and 院内检查: the lists of ECG exams with their dialogs."""
