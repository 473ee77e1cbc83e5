"""Reports of ECG exams: drafts, submission, second reading, withdrawal, editions, paper, prints, delivery."""
