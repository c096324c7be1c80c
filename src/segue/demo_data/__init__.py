"""The starter library: public-domain music rendered to audio, with simulated listeners.

`make_starter` writes a dataset directory that a person can listen to and judge by: ten genres from
the scores in music21's corpus, each heard from eight invented performers, and the listens of
simulated listeners whose tastes are stated.

- which scores are free, and which were left out for their licence: `starter.scores`
- genres and performers: `starter.styles`
- the model behind the listeners: `starter.listeners`

It needs the extra `demo`. Nothing of it is imported before `make_starter` renders.
"""

from segue.demo_data.making import make_starter

__all__ = ["make_starter"]
