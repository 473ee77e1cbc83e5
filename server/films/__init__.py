"""Films: a queue of composed sheets that DICOM printers get one after the other."""
