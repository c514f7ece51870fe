"""Rows of the site's state: a module per check, whose play(stage) acts through pod 1, judges, and heals.

Every module leaves the site as it must be, with all pods agreeing.
"""

import importlib
import os


def modules():
    """All modules of this package, by name."""
    names = sorted(entry[:-3] for entry in os.listdir(os.path.dirname(os.path.abspath(__file__)))
                   if entry.endswith(".py") and not entry.startswith("_"))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}
