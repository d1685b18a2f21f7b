#!/usr/bin/env python3
"""What tests/run says at its end of tests that failed, tried with a file as ctest writes it."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import failed_tests

LINES = "".join(f"line {number}\n" for number in range(100))
FILE = f"""<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="build" tests="5" failures="2" disabled="1" skipped="1">
  <testcase name="good" classname="good" time="0.1" status="run"><system-out>fine</system-out></testcase>
  <testcase name="bad" classname="bad" time="0.1" status="fail">
    <failure message="Timeout"/><system-out>{LINES}a &lt; b</system-out>
  </testcase>
  <testcase name="silent" classname="silent" time="0.1" status="fail"><failure message=""/><system-out></system-out></testcase>
  <testcase name="missing" classname="missing" time="0" status="notrun">
    <skipped message="Unable to find executable"/><system-out/>
  </testcase>
  <testcase name="off" classname="off" time="0" status="disabled"/>
</testsuite>
"""


class FailedTests(unittest.TestCase):
    def setUp(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(FILE)
            file.flush()
            self.report = failed_tests.report([file.name])

    def test_names_come_last_so_that_they_are_seen(self):
        self.assertEqual(self.report[-3:], ["failed: bad (Timeout)", "failed: silent (failed)",
                                            "failed: missing (Unable to find executable)"])

    def test_the_end_of_what_each_said(self):
        begin = self.report.index("--- bad: Timeout; the end of what it said:")
        self.assertEqual(self.report[begin + 1], "line 61")
        self.assertEqual(self.report[begin + failed_tests.LINES], "a < b")

    def test_nothing_of_those_that_passed(self):
        self.assertNotIn("fine", self.report)


if __name__ == "__main__":
    unittest.main()
