"""Parameters of the simulated listeners, each with its source.

"Lamere 2014" is "The Skip" (musicmachinery.com, May 2, 2014): several billions of Spotify plays.
"Brost 2019" is the Music Streaming Sessions Dataset (Brost, Mehrotra, Jehan; WWW 2019), the data of
the sequential skip prediction challenge. "Montecchio 2020" is "The skipping behavior of users of
music streaming services and its relation to musical structure" (PLOS ONE 15(9)). "Anderson 2014" is
"The dynamics of repeat consumption" (Anderson, Kumar, Tomkins, Vassilvitskii; WWW 2014). "Louail
2017" is "Headphones on the wire" (arXiv 1704.05815). "Assumed" marks numbers without a published
figure. Nothing here is taken from how segue reads listens.
"""

from typing import Final

# taste: affinities run from -1 (cannot stand it) over 0 (indifferent) to 1 (favorite) ------------
LIKED: Final = 0.45
"""Mean affinity of a liked genre. Assumed, as are the next five."""
UNKNOWN: Final = -0.15
"""Mean affinity of a genre that is neither liked nor disliked."""
DISLIKED: Final = -0.65
"""Mean affinity of a disliked genre."""
ARTIST_SPREAD: Final = 0.25
"""Standard deviation of artists within a genre: people like some artists of a genre better."""
TRACK_SPREAD: Final = 0.2
"""Standard deviation of songs of an artist."""
DISLIKED_ARTIST: Final = -0.85
"""Affinity of artists that a person cannot stand, though they like the genre."""
N_DISLIKED_ARTISTS: Final = 3

# skips -------------------------------------------------------------------------------------------
SKIP_RATE: Final = 0.35
"""Chance that an average person skips a track of affinity 0. Lamere 2014: 49% of all plays end
before the track does, 35% within 30 s; Brost 2019: about half. Those plays include much exploring
(`EXPLORING`), while people skip own favorites less, so that the share over all plays is lower."""
SKIP_SLOPE: Final = 3.0
"""Decrease of the log odds of a skip per unit of affinity. Assumed: a favorite (0.9) is then
skipped 4% of the time at usual mood, a disliked track (-0.8) 86%."""
SKIPPED_BY: Final = ((5.0, 0.50), (10.0, 0.60), (30.0, 0.72))
"""Shares of the skipped plays that were skipped by then, in seconds. Lamere 2014: of all plays 24%
are skipped within 5 s, 29% within 10 s, 35% within 30 s, 49% before the end; divided by 49%.
Montecchio 2020 finds the same fall, and a steady rate after it."""
LATEST_SKIP: Final = 0.8
"""Later skips fall evenly between 30 s and this share of the track. Montecchio 2020: a nearly
constant rate in the body of a song; the end is `OUTRO`."""
OUTRO: Final = 0.06
"""Share of heard plays ended by "next" in their last 15%. Montecchio 2020: skips rise again near
the end of a song."""
RESTLESS: Final = 0.12
"""Share of sessions in a restless mood, in which favorites are skipped, too. Assumed; Lamere 2014
finds that people skip more when they have time (weekends, evenings)."""
RESTLESS_ODDS: Final = 1.8
"""Increase of the log odds of a skip in such a session. Assumed."""
BACKGROUND_ODDS: Final = -1.5
"""Change of the log odds of a skip where music is in the background. Assumed; Lamere 2014: people
skip less when they work or relax."""

# sessions ----------------------------------------------------------------------------------------
SESSION_TRACKS: Final = (10.0, 0.6)
"""Median number of tracks of a session, and spread of its logarithm. Brost 2019 publishes sessions
of 10 to 20 tracks; shorter ones exist. The spread is assumed."""
WEEK_SPREAD: Final = 0.5
"""Spread of the logarithm of weekly activity. Louail 2017: light and heavy periods alternate."""
HOURS: Final = (0, 0, 0, 0, 0, 0, 1, 3, 4, 3, 3, 3, 3, 3, 3, 3, 4, 5, 6, 6, 6, 5, 3, 1)
"""Relative activity in each hour of the day. Louail 2017: low at night, highest in the evening for
most groups of listeners; the numbers are assumed."""
MIX: Final = {"own": 0.55, "explore": 0.25, "album": 0.15, "binge": 0.05}
"""Kinds of sessions: own favorites in random order, playlists made by others, whole albums, one
track again and again. Louail 2017: most plays repeat known songs. The shares are assumed."""
PAUSES: Final = 0.004
"""Chance per day that a pause of one to two weeks begins (travel without a network). Assumed."""
PAUSE_DAYS: Final = (7, 15)

# repeats -----------------------------------------------------------------------------------------
COLLECTION: Final = 220
"""Number of tracks that a person returns to, to begin with. Assumed for a library of 3,000."""
UNMET: Final = 0.45
"""Share of the library's albums that a person has not met yet (a partner's, or new ones). Assumed:
without them, little would be left to recommend in 3,000 tracks."""
CHOICE_SLOPE: Final = 4.0
"""Increase of the log odds of choosing an own track per unit of affinity. Assumed: what is liked
better by half a unit is played seven times as often."""
CHOICE_NOISE: Final = 0.35
"""Spread of the log odds of choosing a track that has nothing to do with affinity (it is easy to
reach, a friend likes it). Assumed."""
REPEAT: Final = 0.25
"""Share of own plays that repeat a recent play instead. Anderson 2014: recency is the strongest
predictor of a repeat. The share is assumed."""
REPEAT_WITHIN: Final = 200
"""A repeated play was n plays ago with a chance of 1 / n, up to this n. Anderson 2014 fits a power
law with an exponential cutoff. Over all plays of a track the density of lags then falls with the
exponent 0.80 in the first 300 plays of a person; it is 0.84 in those of 546 listeners of Last.fm-1K
(Celma, "Music Recommendation and Discovery in the Long Tail", 2010)."""
PLAYLIST: Final = 150
"""Number of tracks in the playlists of others that a person comes back to. Assumed."""
EXPLORING: Final = 0.35
"""Share of plays in such sessions that are met for the first time by chance. Assumed."""
ADOPTED: Final = 0.3
"""A track met by chance and heard out joins the own ones above this affinity. Assumed."""
BINGE_REPEATS: Final = (3, 7)
"""Plays of one track in a row in a binge. Assumed."""

# other ends and circumstances --------------------------------------------------------------------
TECHNICAL: Final = {
    "trackerror": 0.006,
    "logout": 0.003,
    "unexpected-exit": 0.004,
    "appload": 0.002,
    "remote": 0.003,
}
"""Share of plays that end for a technical reason. The reasons occur in Spotify's extended streaming
history ("Understanding your data", support.spotify.com); the shares are assumed."""
LEFT_OFF: Final = 0.35
"""Share of sessions that end in the middle of a track, whatever the track. Assumed."""
LEFT_REASONS: Final = ("endplay", "logout", "unexpected-exit-while-paused", "unexpected-exit")
OFFLINE: Final = 0.08
"""Share of sessions played offline. Assumed."""
NO_FLAG: Final = 0.4
"""Share of the history, its oldest part, in which Spotify's `skipped` is null. Exports have null in
older rows and true or false in newer ones; the share is assumed."""
EPISODES: Final = 0.5
"""Share of a podcast listener's sessions that are episodes. Assumed."""
MIXED_OUT: Final = (0.35, 0.75)
"""Range of the share of a track that a DJ plays before the next one takes over. Assumed."""
LOVED: Final = 0.35
"""Share of their favorites (affinity above 0.7) that people mark as loved. Assumed."""
HATED: Final = 0.6
"""Share of tracks they cannot stand (below -0.7) that people mark as hated. Assumed."""
SCROBBLED: Final = (0.5, 240.0)
"""A play is scrobbled after this share or these seconds. last.fm/api/scrobbling; ListenBrainz asks
for the same."""
RATING_NOISE: Final = 0.12
"""Spread of ratings around affinity, in units of affinity. Assumed; one star in five is 0.4."""
RATED: Final = 0.5
"""Share of the known tracks that a person who rates has rated. Assumed."""
