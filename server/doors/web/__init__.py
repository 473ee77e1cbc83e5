"""The web door: a status page, health and metrics, and the page behind the QR code of a printed report."""
