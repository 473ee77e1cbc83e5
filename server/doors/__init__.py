"""Inbound protocols: rpc, dicom, web, cli. Thin: they translate and call the areas."""
