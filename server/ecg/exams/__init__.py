"""ECG exams: requests, registration, lists, details, favourites, the state machine."""
