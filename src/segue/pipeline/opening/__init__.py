"""Opening a library to recommend from it: signals, engine, listeners, facts of tracks."""
