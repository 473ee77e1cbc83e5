"""The DIMSE services that the door provides, one module per service."""
