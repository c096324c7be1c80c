"""Recommendations from a library that is kept open: snapshot, listeners, caches, answers."""
