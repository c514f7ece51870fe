#!/usr/bin/env python3
"""Validates reports, or messages to a webhook, against a JSON Schema: validate.py SCHEMA REPORT...

- reads standard input.

Also requires that every object of the schema is closed and every field described, and that the
schema refuses damaged reports: a validator that accepts everything proves nothing.
Exit code: 0 valid, 1 not valid, 77 the module jsonschema is missing.
"""
import copy
import json
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)


def unclosed(schema, path="$"):
    """Yields what is open or undescribed."""
    if isinstance(schema, list):
        for index, each in enumerate(schema):
            yield from unclosed(each, f"{path}[{index}]")
    if not isinstance(schema, dict):
        return
    if "properties" in schema:
        if schema.get("additionalProperties") is not False:
            yield f"{path}: additionalProperties is not false"
        for name, each in schema["properties"].items():
            if "description" not in each and "$ref" not in each:
                yield f"{path}.{name}: no description"
    for name, each in schema.items():
        yield from unclosed(each, f"{path}.{name}")


def damaged(report):
    """Yields copies of `report` that must be refused."""
    for key in report:
        without = copy.deepcopy(report)
        del without[key]
        yield f"without {key}", without
    yield "with an unknown field", {**report, "extra": 1}
    for word in {"verdict", "event"} & set(report):
        yield f"with another {word}", {**report, word: "ok"}
    for finding in report.get("findings", ())[:1]:
        yield "with a number as pod", {**report, "findings": [{**finding, "pod": 1}]}


def main(schema_path, *report_paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    validator = validator_class(schema)
    problems = list(unclosed(schema))
    for path in report_paths:
        report = json.load(sys.stdin if path == "-" else open(path, encoding="utf-8"))
        for error in validator.iter_errors(report):
            problems.append(f"{path}: {error.json_path}: {error.message}")
        for how, bad in damaged(report):
            if validator.is_valid(bad):
                problems.append(f"{path}: accepted {how}")
    print("\n".join(problems) or f"{len(report_paths)} reports are valid")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
