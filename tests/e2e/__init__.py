"""End-to-end tests of Rollcall on real Ghost; see README.md."""
