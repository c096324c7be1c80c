"""Render the demo data: public-domain music as audio, with simulated listeners.

`make_starter` writes a dataset directory that people can listen to and judge by: ten genres from
the scores in music21's corpus, each played by eight invented performers, and the listens of
simulated listeners whose tastes are documented.

- which scores are free, and which were left out for their licence: `demo_data.scores`
- genres and performers: `demo_data.styles`
- the model of the listeners: `demo_data.listeners`

It needs the extra `demo`. Nothing of that is imported before `make_starter` renders.
"""

from segue.demo_data.making import make_starter

__all__ = ["make_starter"]
