"""The ECG paper on screen: drawing, layouts, true scale, filters, measuring, beat tools; knows no server.

``widget.TraceView`` is what a page takes; ``live.LiveTraces`` draws while a device records. Modules without Qt (numpy
only) hold what can be told exactly: geometry, curves, measuring, fiducials, overlay, disclosure.
"""
