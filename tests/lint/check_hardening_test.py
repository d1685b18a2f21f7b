#!/usr/bin/env python3
"""The check of hardened programs finds what it is there to find."""
import unittest

import check_hardening

HARDENED = """Elf file type is DYN (Position-Independent Executable file)
  GNU_STACK      0x000000 0x0000000000000000 0x0000000000000000 0x000000 0x000000 RW  0x10
  GNU_RELRO      0x2e1ca0 0x00000000002e2ca0 0x00000000002e2ca0 0x00f360 0x00f360 R   0x1
 0x000000000000001e (FLAGS)              BIND_NOW
    12: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND __stack_chk_fail@GLIBC_2.4 (3)
    13: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND __vsnprintf_chk@GLIBC_2.3.4 (3)
"""
GUARDED = check_hardening.ENDBR64 * check_hardening.MANY


def lacking_without(text, instead=""):
    return check_hardening.lacking(HARDENED.replace(text, instead), GUARDED, "x86_64")


class CheckHardening(unittest.TestCase):
    def test_hardened(self):
        self.assertEqual(lacking_without("nothing"), [])

    def test_each_that_is_missing(self):
        for text, what in (("DYN (", "position"), ("GNU_RELRO", "relro"), ("BIND_NOW", "(now)"), ("__stack_chk_fail", "guards"),
                           ("__vsnprintf_chk", "FORTIFY")):
            found = lacking_without(text)
            self.assertEqual(len(found), 1, text)
            self.assertIn(what, found[0])

    def test_stack_that_runs(self):
        self.assertEqual(lacking_without(" RW ", " RWE "), ["a stack that is not executable"])

    def test_jumps_without_guard(self):
        self.assertEqual(check_hardening.lacking(HARDENED, b"", "x86_64"), ["guarded jumps (CET)"])
        self.assertEqual(check_hardening.lacking(HARDENED, b"", "aarch64"), [])


if __name__ == "__main__":
    unittest.main()
