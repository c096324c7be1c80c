"""A library that is open for long, and stays current while people listen and models change."""

from segue.pipeline.live.live import Live

__all__ = ["Live"]
