"""The hospital itself: campuses, rooms, devices, exam types and items, DICOM peers."""
