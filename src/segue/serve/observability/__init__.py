"""Observe a server from outside: metrics, health, request logs and traces."""
