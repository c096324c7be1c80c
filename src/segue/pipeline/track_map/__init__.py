"""Track map: 2-D layout of all tracks by similarity."""
