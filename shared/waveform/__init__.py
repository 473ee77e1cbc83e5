"""ECG: records, leads, filters, delineation, measurements, quality. Numpy in, numpy out; no window, no file."""
