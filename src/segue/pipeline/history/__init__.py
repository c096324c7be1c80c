"""Listening history: import, playback reports, scrobbles."""
