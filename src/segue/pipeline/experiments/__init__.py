"""Experiments: protocols that evaluate models and recommendations, one per module."""
