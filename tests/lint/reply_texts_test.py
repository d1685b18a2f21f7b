#!/usr/bin/env python3
"""The check of reply texts finds what it is there to find."""
import unittest

import reply_texts

FILE = "relayd/mail/outgoing.cc"


def complaints(text):
    return [complaint for _, complaint in reply_texts.check_text(FILE, text)]


class ReplyTexts(unittest.TestCase):
    def test_short(self):
        self.assertEqual(complaints('return own_reply(451, "4.4.2", "an earlier try is still being delivered");'), [])

    def test_long(self):
        found = complaints(f'end(own_reply(451, "4.4.2", "{"x" * 70}" + cause), now);')
        self.assertEqual(len(found), 1)
        self.assertIn("mailq -v shows only", found[0])

    def test_address_before_the_cause(self):
        self.assertEqual(len(complaints('return reply_421("4.4.1", "hub.birlinghoven.gmd.example:5443: 192.0.2.113:5443: " + link_.down_text());')), 1)

    def test_advice_may_be_cut(self):
        self.assertEqual(complaints(f'return own_reply(451, "4.4.2", "in doubt; {"x" * 90}");'), [])

    def test_what_bounces_waits_in_no_queue(self):
        self.assertEqual(complaints(f'return own_reply(554, "5.6.0", "{"x" * 90}");'), [])

    def test_unknown_expression(self):
        self.assertEqual(complaints('return own_reply(451, "4.4.2", "lost " + whatever());'),
                         ["how long is 'whatever()'? Say so in LONGEST of reply_texts.py"])

    def test_literals_over_two_lines(self):
        self.assertEqual(len(complaints('end(own_reply(451, "4.4.2",\n  "' + "x" * 40 + '"\n  "' + "y" * 40 + '"), now);')), 1)


if __name__ == "__main__":
    unittest.main()
