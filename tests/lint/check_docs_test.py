#!/usr/bin/env python3
"""The check of documents finds what it is there to find."""
import pathlib
import tempfile
import unittest

import check_docs

TESTS = {("Replies", "P3_SaysWhy"), ("Replies", "Waits")}


class CheckDocs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("docs/replies.md", "relayd/net/io/listening.cc", "tests/run", "mailertable/text/parser.h"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text("")

    def complaints(self, text):
        return [complaint for _, complaint in check_docs.check_text(text, self.root / "docs", self.root, TESTS)]

    def test_tests_that_are_there(self):
        self.assertEqual(self.complaints("`integration.Replies.P3_*`, `Replies.Waits`, `Replies.*`"), [])

    def test_suite_that_is_not(self):
        self.assertEqual(self.complaints("`mail.Answers.*`"), ["there is no test Answers.*"])

    def test_case_that_is_not(self):
        self.assertEqual(self.complaints("`Replies.Wait`"), ["there is no test Replies.Wait"])

    def test_files_that_are_there(self):
        self.assertEqual(self.complaints("`net/io/listening`, `relayd/net/io/listening.cc`, `tests/run`, `mailertable/text/`"), [])

    def test_file_that_has_moved(self):
        self.assertEqual(self.complaints("`net/listening.cc`"), ["there is no file net/listening.cc"])

    def test_links(self):
        self.assertEqual(self.complaints("[a](replies.md) [b](replies.md#late) [c](https://example.org/x) ![d](none.svg)"),
                         ["there is no page none.svg"])

    def test_headings(self):
        self.assertEqual(self.complaints("## The log's lines (all)\n[a](#the-logs-lines-all) [b](#nowhere)"),
                         ["there is no heading nowhere on this page"])

    def test_long_cells(self):
        self.assertEqual(list(check_docs.long_cells("| short | " + "x" * 200 + " |\nlong outside of a table " + "x" * 300)), [])
        self.assertEqual([line for line, _ in check_docs.long_cells("| a | b |\n| c | " + "x" * 201 + " |")], [2])


if __name__ == "__main__":
    unittest.main()
