"""数字切片: whole-slide images of the open case, imported from scanners' files and opened in the viewer."""
