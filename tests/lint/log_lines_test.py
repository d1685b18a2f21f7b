#!/usr/bin/env python3
"""log_lines.py finds lines without a row and rows without a line."""
import unittest

import log_lines

ROWS = {"lines.cc": '{.kind = "a", .pattern = "{site}: link down: {cause*}"}, {.pattern = "shutting down: no new transactions, those "\n"under way have {seconds} seconds"}'}
GOOD = {
    "down.cc": 'log(base::LogLevel::kWarning, "link down: " + loss.cause);',
    "relay.cc": 'log_.log(LogLevel::kInfo, "shutting down: no new transactions, those under way have " + n + " seconds");',
}


def complaints(sources):
    return [complaint for _, _, complaint in log_lines.check(ROWS, sources)]


class LogLines(unittest.TestCase):
    def test_all_is_well(self):
        self.assertEqual(complaints(GOOD), [])

    def test_a_line_without_a_row(self):
        for call in ['log_.log(LogLevel::kInfo, "something else is said")', 'log_.log_provoked(kind, "source", LogLevel::kInfo, x + ": something else is said " + y)']:
            self.assertRegex(" ".join(complaints(GOOD | {"new.cc": call})), "no row .*something else is said")

    def test_a_row_without_a_line(self):
        self.assertRegex(" ".join(complaints({"down.cc": GOOD["down.cc"]})), "nothing says .shutting down")

    def test_what_is_handed_through_is_left_alone(self):
        self.assertEqual(complaints(GOOD | {"through.cc": 'log_.log(base::LogLevel::kInfo, settings_.name + ": " + text)'}), [])


if __name__ == "__main__":
    unittest.main()
