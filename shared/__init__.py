"""What server and workstations both know: the contract, value types, transport, imaging, DICOM objects."""
