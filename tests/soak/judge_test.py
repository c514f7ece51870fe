"""usage: judge_test.py"""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.soak.judge import Sample, differences, floor_slopes, floors, problems, slope_per_hour, slopes  # noqa: E402


def samples(minutes=100, **growth):
    """One each ten seconds; `growth` is by the hour, upon a saw tooth of 2 MiB and 4 descriptors."""
    made = []
    for number in range(minutes * 6):
        hours, tooth = number / 360, number % 7
        base = {"rss": 20 + tooth / 3, "pss": 18.0, "anonymous": 10.0, "descriptors": 30 + tooth % 5, "threads": 9,
                "children": tooth % 2, "cpu": hours}
        made.append(Sample(at=3600 * hours, **{name: value + hours * growth.get(name, 0) for name, value in base.items()}))
    return made


class Judge(unittest.TestCase):
    def test_the_slope_of_a_line_is_its_own(self):
        self.assertAlmostEqual(slope_per_hour([(x, 3 + x / 1800) for x in range(0, 3600, 10)]), 2)
        self.assertEqual(slope_per_hour([(5, 1), (5, 2)]), 0)

    def test_what_goes_up_and_down_does_not_grow(self):
        self.assertEqual(problems(samples(), 600), [])

    def test_what_grows_is_told_by_its_name(self):
        for name, by, told in (("rss", 1.1, "memory grows by 1.09 MiB"), ("descriptors", 2, "descriptors grow by 2.0"),
                               ("threads", 2, "threads grow by 2.0"), ("children", 2, "children grow by 2.0")):
            with self.subTest(name):
                found = problems(samples(**{name: by}), 600)
                self.assertEqual(len(found), 1, found)
                self.assertIn(told, found[0])

    def test_a_crowd_that_comes_and_goes_neither_is_a_leak_nor_hides_one(self):
        def crowded(seed, leak):
            chance = random.Random(seed)
            crowd = [chance.choice((0, 0, 12, 30)) for _ in range(100)]     # a minute each
            return [Sample(**{**vars(one), "descriptors": one.descriptors + crowd[int(one.at // 60)]})
                    for one in samples(descriptors=leak)]
        for seed in range(20):
            with self.subTest(seed=seed):
                self.assertEqual(problems(crowded(seed, 0), 600), [])
                self.assertIn("descriptors", "".join(problems(crowded(seed, 2), 600)))
        self.assertGreater(max(slopes(crowded(seed, 0))["descriptors"] for seed in range(20)), 2, "what means would say")

    def test_one_that_leaks_now_and_then_is_told(self):
        leaked = [Sample(**{**vars(one), "descriptors": one.descriptors + int(one.at // 1500)}) for one in samples(120)]
        self.assertGreater(floor_slopes(leaked)["descriptors"], 2)
        self.assertNotEqual(problems(leaked, 1200), [])

    def test_only_whole_windows_count(self):
        fewest = floors(samples(minutes=29, descriptors=60))["descriptors"]
        self.assertEqual([round(one) for one in fewest], [30, 40])

    def test_a_little_growth_and_shrinking_are_let_pass(self):
        self.assertEqual(problems(samples(rss=0.8, descriptors=0.5), 600), [])
        self.assertEqual(problems(samples(rss=-5, threads=-5), 600), [])

    def test_growth_while_it_warms_up_does_not_count(self):
        warming = [Sample(**{**vars(one), "rss": one.rss + min(one.at, 1200) / 60}) for one in samples()]
        self.assertEqual(problems(warming, 1200), [])
        self.assertNotEqual(problems(warming, 0), [])

    def test_too_few_samples_prove_nothing(self):
        self.assertIn("too few", problems(samples(minutes=35), 600)[0])
        self.assertIn("too few", problems([], 600)[0])

    def test_findings_are_compared_both_ways(self):
        self.assertEqual(differences({("RC201", "a", "x")}, {("RC201", "a", "x")}), [])
        self.assertEqual(differences({("RC201", "a", "x")}, {("RC203", "b", "y")}),
                         ["missed: RC203 b y", "invented: RC201 a x"])


if __name__ == "__main__":
    unittest.main()
