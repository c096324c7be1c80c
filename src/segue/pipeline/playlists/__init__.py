"""Playlists: recipes, radio, saved playlists and files."""
