"""How the generated tests draw their cases."""

from hypothesis import settings

# The same cases in every run, so that a failure comes with the change that made it. New ones are
# looked for with `pytest --hypothesis-profile=explore`.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("steady")
