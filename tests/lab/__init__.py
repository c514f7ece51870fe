"""Real Ghost pods for tests: put `tests/` on sys.path, then `from lab import Lab`."""

from .admin_api import AdminApi, ApiError
from .common import LabError
from .testbed import Lab

__all__ = ["AdminApi", "ApiError", "Lab", "LabError"]
