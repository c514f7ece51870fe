"""usage: told_test.py"""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from tests.support.told import cases, told  # noqa: E402

JUNIT = """<?xml version="1.0"?>
<testsuite>
  <testcase name="Fine" status="run"><system-out>all is well</system-out></testcase>
  <testcase name="Busy" status="run"><system-out>PLAYED ONCE MORE exec: 210 ms late
ok</system-out></testcase>
  <testcase name="Left.Out" status="notrun"><skipped/><system-out>[ RUN      ] Left.Out
a_test.cc:7: Skipped
no /dev/fuse here

[  SKIPPED ] Left.Out</system-out></testcase>
  <testcase name="Bad" status="fail"><failure/><system-out>before

a_test.cc:9: Failure
1 &lt; 0</system-out></testcase>
</testsuite>
"""


class Told(unittest.TestCase):
    def test_what_failed_comes_last_and_what_is_fine_not_at_all(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(JUNIT)
            file.flush()
            lines = list(told(list(cases(file.name))))
        self.assertEqual(lines, ["Busy: PLAYED ONCE MORE exec: 210 ms late", "SKIPPED Left.Out: no /dev/fuse here",
                                 "FAILED Bad, its last lines:", "  before", "  a_test.cc:9: Failure", "  1 < 0"])

    def test_ten_are_told_at_length_and_the_others_by_name(self):
        lines = list(told([(f"T{number}", "fail", "\n".join("abcdefghijklmnopq")) for number in range(12)]))
        self.assertEqual(len(lines), 10 * 13 + 1)
        self.assertEqual(lines[1:13:11], ["  f", "  q"])
        self.assertEqual(lines[-1], "FAILED too: T10, T11")

    def test_a_skip_without_a_reason_is_told_as_such(self):
        self.assertEqual(list(told([("T", "notrun", "")])), ["SKIPPED T: no reason given"])

    def test_another_program_says_why_last(self):
        self.assertEqual(list(told([("T", "notrun", "looking\nno kubectl here\n\n")])), ["SKIPPED T: no kubectl here"])


if __name__ == "__main__":
    unittest.main()
