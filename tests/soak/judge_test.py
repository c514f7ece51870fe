"""usage: judge_test.py"""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.soak.judge import HELD, Sample, differences, held, problems, slope_per_hour, slopes  # noqa: E402


def samples(minutes=100, descriptors=0, crowd=lambda minute: 4, **growth):
    """One each ten seconds; growth is by the hour, upon a saw tooth of 2 MiB. Beside 20 descriptors that stay, and those that
    leak, there are as many new ones each minute as `crowd` says."""
    made = []
    for number in range(minutes * 6):
        hours, tooth = number / 360, number % 7
        base = {"rss": 20 + tooth / 3, "pss": 18.0, "anonymous": 10.0, "threads": 9, "children": tooth % 2, "cpu": hours}
        stay = [(file, "anon_inode:[eventpoll]") for file in range(20 + int(hours * descriptors))]
        come = [(100 + file, f"socket:[{number // 6}]") for file in range(crowd(number // 6))]
        made.append(Sample(at=3600 * hours, open=frozenset(stay + come),
                           **{name: value + hours * growth.get(name, 0) for name, value in base.items()}))
    return made


class Judge(unittest.TestCase):
    def test_the_slope_of_a_line_is_its_own(self):
        self.assertAlmostEqual(slope_per_hour([(x, 3 + x / 1800) for x in range(0, 3600, 10)]), 2)
        self.assertEqual(slope_per_hour([(5, 1), (5, 2)]), 0)

    def test_what_goes_up_and_down_does_not_grow(self):
        self.assertEqual(problems(samples(), 600), [])

    def test_what_grows_is_told_by_its_name(self):
        for name, by, told in (("rss", 1.1, "memory grows by 1.09 MiB"), ("descriptors", 2, "descriptors held grow by 1.8"),
                               ("threads", 2, "threads grow by 2.0"), ("children", 2, "children grow by 2.0")):
            with self.subTest(name):
                found = problems(samples(**{name: by}), 600)
                self.assertEqual(len(found), 1, found)
                self.assertIn(told, found[0])

    def test_a_crowd_that_comes_and_goes_neither_is_a_leak_nor_hides_one(self):
        means = []
        for seed in range(20):
            with self.subTest(seed=seed):
                size = random.Random(seed).choices((0, 0, 12, 30), k=100)
                crowded = samples(crowd=size.__getitem__)
                self.assertEqual(problems(crowded, 600), [])
                leaking = samples(descriptors=2, crowd=size.__getitem__)
                self.assertIn("descriptors held grow", "".join(problems(leaking, 600)))
                means.append(slopes(crowded, 600)["descriptors"])
        self.assertGreater(max(means), 2, "what the mean of all would say")

    def test_held_is_what_stays(self):
        self.assertEqual(held(samples(minutes=11))[0], (HELD, 20))
        self.assertEqual(held(samples(minutes=10)), [])

    def test_a_little_growth_and_shrinking_are_let_pass(self):
        self.assertEqual(problems(samples(rss=0.8, descriptors=0.6), 600), [])
        self.assertEqual(problems(samples(rss=-5, threads=-5), 600), [])

    def test_growth_while_it_warms_up_does_not_count(self):
        warming = [Sample(**{**vars(one), "rss": one.rss + min(one.at, 1200) / 60}) for one in samples()]
        self.assertEqual(problems(warming, 1200), [])
        self.assertNotEqual(problems(warming, 0), [])

    def test_too_few_samples_prove_nothing(self):
        self.assertIn("too few", problems(samples(minutes=5), 60)[0])

    def test_findings_are_compared_both_ways(self):
        self.assertEqual(differences({("RC201", "a", "x")}, {("RC201", "a", "x")}), [])
        self.assertEqual(differences({("RC201", "a", "x")}, {("RC203", "b", "y")}),
                         ["missed: RC203 b y", "invented: RC201 a x"])


if __name__ == "__main__":
    unittest.main()
