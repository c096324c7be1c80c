"""Simulated people on a simulated library, and checks that a person would make of their lists."""
