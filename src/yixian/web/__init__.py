"""The shared look: rendering, components, static files. Knows no room."""
