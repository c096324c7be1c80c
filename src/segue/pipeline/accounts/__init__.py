"""Accounts: log-in, sessions, API keys and player passwords."""
