"""What listens teach: the models of listening data, and what every signal is worth."""
