"""One viewport: its evented state, the geometry on screen, the renderer and the thin widget."""
