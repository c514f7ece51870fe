#!/usr/bin/python3
"""Writes the table of values into the chart's README.md; with --check only says whether it is current.

A row for each value of values.yaml whose comment begins with "# -- "; its default is the YAML below it.
"""

import json
import os
import re
import sys

import yaml

CHART = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rollcall")
BEGIN, END = "<!-- values: begin -->\n", "<!-- values: end -->\n"
_KEY = re.compile(r"( *)([A-Za-z0-9]+):")
_COMMENT = re.compile(r" *# -- (.+)")


def rows(text):
    """[(path, default, meaning)] in the order of the file."""
    values, found, path, meaning = yaml.safe_load(text), [], [], None
    for line in text.splitlines():
        comment, key = _COMMENT.fullmatch(line), _KEY.match(line)
        if comment:
            meaning = comment[1]
        elif key and not line.lstrip().startswith("#"):
            path[len(key[1]) // 2:] = [key[2]]
            if meaning:
                default = values
                for name in path:
                    default = default[name]
                found.append((".".join(path), default, meaning))
            meaning = None
    return found


def table(text):
    lines = ["| value | default | meaning |", "|---|---|---|"]
    for path, default, meaning in rows(text):
        shown = json.dumps(default, separators=(", ", ": ")).replace("|", "\\|")
        lines.append(f"| `{path}` | `{shown}` | {meaning} |")
    return "\n".join(lines) + "\n"


def with_table(readme, values):
    before, rest = readme.split(BEGIN)
    return before + BEGIN + table(values) + END + rest.split(END)[1]


def main():
    path = os.path.join(CHART, "README.md")
    with open(path, encoding="utf-8") as file:
        old = file.read()
    with open(os.path.join(CHART, "values.yaml"), encoding="utf-8") as file:
        new = with_table(old, file.read())
    if "--check" in sys.argv[1:]:
        if old != new:
            print("helm/rollcall/README.md: the table of values is old; run helm/values_table.py", file=sys.stderr)
        return int(old != new)
    with open(path, "w", encoding="utf-8") as file:
        file.write(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
