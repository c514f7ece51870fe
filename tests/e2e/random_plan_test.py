#!/usr/bin/python3
"""The plan of the random campaign: repeatable, within its bounds, and playable."""

import os
import sys
import unittest

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from e2e.random_plan import PODS, plan                      # noqa: E402
from e2e.random_stage import Stage                          # noqa: E402

_MENDS = {"start_pod": ("kill_pod", "stop_pod"), "thaw_pod": ("freeze_pod",), "start_database": ("kill_database",),
          "thaw_database": ("freeze_database",), "empty_volume": ("fill_volume",), "unlock_volume": ("lock_volume",),
          "thaw_volume": ("freeze_volume",)}
_SEEDS = range(1, 21)


class RandomPlan(unittest.TestCase):
    def test_the_same_seed_is_the_same_sequence(self):
        self.assertEqual(plan(7, 200), plan(7, 200))
        self.assertNotEqual(plan(7, 200), plan(8, 200))

    def test_a_longer_campaign_begins_as_a_shorter_one(self):
        self.assertEqual(plan(7, 300)[:200], plan(7, 200)[:200])

    def test_the_stage_can_do_every_operation(self):
        for seed in _SEEDS:
            for operation in plan(seed, 500):
                self.assertTrue(callable(getattr(Stage, operation.name, None)), operation.name)

    def test_what_is_broken_is_mended(self):
        for seed in _SEEDS:
            broken = set()
            for operation in plan(seed, 500):
                what = dict(operation.arguments)
                if operation.name in _MENDS:
                    mended = broken & {(name, subject(what)) for name in _MENDS[operation.name]}
                    self.assertEqual(len(mended), 1, operation)
                    broken -= mended
                elif any(operation.name in names for names in _MENDS.values()):
                    broken.add((operation.name, subject(what)))
                elif operation.name == "wire":
                    (broken.discard if what["how"] == "well" else broken.add)(("wire", what["wire"]))
                elif operation.name == "private_mode":
                    (broken.add if what["on"] else broken.discard)("private")
            self.assertEqual(broken, set())

    def test_nobody_writes_through_a_pod_that_is_lost(self):
        for seed in _SEEDS:
            lost = set()
            for operation in plan(seed, 500):
                what = dict(operation.arguments)
                if operation.name in ("kill_pod", "stop_pod", "freeze_pod"):
                    lost.add(what["pod"])
                elif operation.name in ("start_pod", "thaw_pod"):
                    lost.discard(what["pod"])
                else:
                    self.assertNotIn(what.get("pod"), lost, operation)
                    self.assertFalse(lost & set(what.get("pods", ())), operation)
                self.assertLess(len(lost), len(PODS))

    def test_nothing_is_done_without_a_database(self):
        for seed in _SEEDS:
            operations = plan(seed, 500)
            for before, after in zip(operations, operations[1:]):
                if before.name in ("kill_database", "freeze_database"):
                    self.assertIn(after.name, ("start_database", "thaw_database"))


def subject(what):
    return what.get("pod")


if __name__ == "__main__":
    unittest.main()
