"""The adapter that gives a library to people and programs over HTTP: an API, and its page.

No logic of its own: it reads requests, asks who asks, calls the pipeline, writes answers.
"""
