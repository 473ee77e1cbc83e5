"""Comparison (对比): two to four exams of one or several patients side by side."""
