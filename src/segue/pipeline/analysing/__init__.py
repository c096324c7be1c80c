"""What tracks sound like: what is to be heard, worker processes, and what is kept of it."""
