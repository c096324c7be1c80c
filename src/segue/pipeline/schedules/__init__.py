"""Schedules: start jobs at their times and when files change."""
