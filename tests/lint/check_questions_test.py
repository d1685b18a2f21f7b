#!/usr/bin/env python3
"""check_questions.py finds what it is there for, and nothing else."""

import unittest

from check_questions import findings


class Questions(unittest.TestCase):
    def names(self, text):
        return [name for name, _ in findings(text)]

    def test_one_that_may_have_an_effect_is_found(self):
        self.assertEqual(self.names("  [[nodiscard]] bool is_full(int n);\n"), ["is_full"])
        self.assertEqual(self.names("  bool has_turn() { return ++turns_ > 1; }\n"), ["has_turn"])
        self.assertEqual(self.names("  virtual bool may_go(const std::string& a,\n                      int b) = 0;\n"), ["may_go"])
        self.assertEqual(list(findings("\n\n  bool must_wait();\n")), [("must_wait", 3)])

    def test_others_are_not(self):
        self.assertEqual(self.names("  [[nodiscard]] bool is_full() const { return n_ > 3; }\n"), [])
        self.assertEqual(self.names("  [[nodiscard]] bool has_room(int n,\n    int m) const override;\n"), [])
        self.assertEqual(self.names("bool is_loopback(std::string_view text);\n"), [])
        self.assertEqual(self.names("  static bool is_refused(const Reply& reply);\n"), [])
        self.assertEqual(self.names("  [[nodiscard]] bool take(std::size_t bytes);\n"), [])
        self.assertEqual(self.names("  bool is_first_ = true;\n"), [])


if __name__ == "__main__":
    unittest.main()
