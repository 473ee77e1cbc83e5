"""Signatures: pictures, certificates of the hospital's own authority or an outside one, signed reports, their proof."""
