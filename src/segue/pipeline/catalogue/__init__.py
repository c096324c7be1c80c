"""Catalogue: search and browsing."""
