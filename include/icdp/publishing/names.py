"""How editions are called, and which tables all years share: light, for every reader needs it."""

from __future__ import annotations

import re

NAME = re.compile(r"(?P<year>[0-9]{4})-r(?P<revision>[1-9][0-9]*)")

# Shown once, as the newest year has them; every other view shows each year's latest edition.
SHARED = ("provinces", "nodes")
