"""ECG: records, leads, filters, delineation, measurements, quality. Numpy in, numpy out; no window, no file.

record = formats.read(path)                   # EcgRecord: whole numbers as stored, gains, patient, device
shown = filters.filtered(record.microvolts(), record.sampling_hz, FilterSettings(notch_hz=50))
analysis = measuring.analyse(record)          # beats with points and classes, median beat, all values
again = measuring.measure(delineation, beat)  # after points were moved by hand
verdict = quality.check(record, analysis)     # findings; quality_words.sentence(finding, "zh") for the bedside
words = statements.suggest(record, analysis)  # suggestions with reasons
"""
