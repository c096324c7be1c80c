"""Who may ask, from where, how much: checked before anything is read."""
