#!/usr/bin/python3
"""Runs the lab's command line (cli.py) from anywhere; `lab.py --help` shows examples."""

import os
import sys

# This folder is the package `lab`: import it as such, not this file under the same name.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab.cli import main    # noqa: E402

sys.exit(main())
