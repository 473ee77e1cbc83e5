"""The patient information page, appointments and everything else of the registration station."""
