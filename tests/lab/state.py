"""The state file of a lab, DIR/state.json: all that is needed to use the lab and to end it."""

import json
import os

from .common import LabError, read_json, remove_tree, write_private

_MARKER = ".rollcall-lab"


def state_file(folder):
    return os.path.join(folder, "state.json")


def load(folder):
    """The state; LabError when there is no lab in `folder`."""
    try:
        return read_json(state_file(folder))
    except FileNotFoundError:
        raise LabError(f"no lab in {folder}; start one with: up --ghost VERSION") from None
    except ValueError as error:
        raise LabError(f"{state_file(folder)} is not valid JSON: {error}") from None


def save(folder, state):
    write_private(state_file(folder), json.dumps(state, indent=2) + "\n")


def make_folder(folder):
    """An empty lab folder; refuses one that holds anything the lab did not make."""
    wipe_folder(folder)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    with open(os.path.join(folder, _MARKER), "w", encoding="ascii") as marker:
        marker.write("Made by tests/lab; `wipe` removes this whole folder.\n")


def wipe_folder(folder):
    """Removes a lab folder; LabError when it is not one."""
    if not os.path.isdir(folder) or not os.listdir(folder):
        return
    if not os.path.exists(os.path.join(folder, _MARKER)):
        raise LabError(f"{folder} is not empty and was not made by the lab; give another --dir")
    remove_tree(folder)


def recorded_processes(state):
    """Every process of the state, in the order in which to end them: front, pods, database."""
    return [state.get("site") or {}, *state.get("pods", ()), state.get("database") or {}]
