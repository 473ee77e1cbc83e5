"""Figures of the ECG network: months by hospital and doctor."""
