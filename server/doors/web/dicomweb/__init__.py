"""DICOMweb (PS3.18): QIDO-RS, WADO-RS, WADO-URI, STOW-RS and UPS-RS over ports; knows no area and no database."""
