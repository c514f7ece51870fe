"""Tests of what is in dashboards/."""
