"""Calling (叫号): the queue of a room, the calls, and the finished exams."""
