"""Connections to media servers: accounts, synchronization, playlists, audio."""
