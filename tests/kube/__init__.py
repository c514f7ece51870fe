"""A Kubernetes API for tests, and what drives it."""
