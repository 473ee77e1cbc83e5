"""Reading in two dimensions: paging, windowing, zoom, turning, layouts, linked viewports, cine."""
