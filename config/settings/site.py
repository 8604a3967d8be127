"""How the commands run it: everything from the environment."""

from config.settings.base import *  # noqa: F403
