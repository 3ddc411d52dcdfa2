"""Settings that all tests share."""

from hypothesis import settings

# On a busy machine an example may take long; a deadline would fail it at random.
settings.register_profile("nasforge", deadline=None)
settings.load_profile("nasforge")
