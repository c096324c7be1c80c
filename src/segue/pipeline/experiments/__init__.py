"""Measuring what the library's models and lists are worth, each question in a file."""
