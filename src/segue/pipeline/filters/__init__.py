"""Filters over all tracks of a catalogue: exclusions of a request, and rules of listeners."""
