"""Datasets of every kind: tables, music folders, GTZAN, Million Song files."""
