"""Models of tracks: labels and split, fitting, what they say, and which ones are used."""
