"""The registration workstation: exam registration, registration management and calling."""
