"""Settings of the property tests: no deadlines, since machines are busy at times."""

from hypothesis import settings

settings.register_profile("segue", deadline=None, print_blob=True)
settings.load_profile("segue")
