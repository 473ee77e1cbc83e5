"""Templates as HTML5 files of IHE's Management of Radiology Report Templates (RAD TF-3, content module of reports)."""
