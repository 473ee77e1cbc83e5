"""The image viewer: opens studies, shows, windows and measures their images, steered by other workstations."""
