"""Models of listening data and signal weights."""
