"""APIs that scrobblers know: ListenBrainz, Audioscrobbler 1.2 and Last.fm 2.0.

All of them store listens and opinions by `segue.serve.scrobbling.storing`.
"""
