#!/usr/bin/env python3
"""The layer check finds what it is there to find: each kind of violation, planted in a text."""
import pathlib
import unittest

import check_layers

HEAD = "// What it does.\n"


def complaints(path, text):
    return [complaint for _, complaint in check_layers.check_file(pathlib.Path(path), HEAD + text)]


class CheckLayers(unittest.TestCase):
    def test_include_upwards(self):
        self.assertEqual(complaints("relayd/wire/frame.h", '#include "relayd/mux/session.h"\n'), ["wire may not include mux"])

    def test_zlib_stays_in_its_room(self):
        self.assertEqual(complaints("relayd/control/metrics_page.cc", "#include <zlib.h>\n"), ["control may not use zlib"])

    def test_include_sideways(self):
        self.assertEqual(complaints("relayd/smtp/reply.h", '#include "relayd/wire/frame.h"\n'), ["smtp may not include wire"])

    def test_include_downwards_through_others(self):
        self.assertEqual(complaints("relayd/mail/intake.h", '#include "relayd/base/result.h"\n'), [])

    def test_compiler_knows_settings_and_base_only(self):
        self.assertEqual(complaints("mailertable/hub/sites.h", '#include "relayd/smtp/reply.h"\n'),
                         ["mailertable/hub may not include smtp"])

    def test_only_programs_read_the_file(self):
        self.assertEqual(complaints("relayd/mail/intake.h", '#include "relayd/settings/site.h"\n'), [])
        self.assertEqual(complaints("relayd/mail/intake.h", '#include "relayd/settings/config.h"\n'),
                         ["mail may not use what reads relayd.toml"])
        self.assertEqual(complaints("relayd/daemon/run.h", '#include "relayd/settings/config.h"\n'), [])

    def test_room_into_the_one_beside_it(self):
        self.assertEqual(complaints("relayd/net/link/dialer.h", '#include "relayd/net/mta/mta_pool.h"\n'),
                         ["net/link may not include net/mta"])

    def test_link_knows_no_service_that_it_carries(self):
        self.assertEqual(complaints("relayd/net/link/site_link.h", '#include "relayd/mail/client_standing.h"\n'),
                         ["net/link may not include mail"])
        self.assertEqual(complaints("relayd/mux/session.h", '#include "relayd/mail/service.h"\n'), ["mux may not include mail"])

    def test_room_into_what_ties_the_rooms_together(self):
        self.assertEqual(complaints("relayd/net/link/dialer.h", '#include "relayd/net/shared_by_sites.h"\n'), ["net/link may not include net"])

    def test_table_reader_knows_no_checks(self):
        self.assertEqual(complaints("mailertable/database/a.h", '#include "mailertable/checks/checks.h"\n'),
                         ["mailertable/database may not include mailertable/checks"])

    def test_openssl_in_another_room(self):
        self.assertEqual(complaints("relayd/net/link/a.h", "#include <openssl/ssl.h>\n"), ["net/link may not use OpenSSL"])

    def test_asio_in_a_room_of_net(self):
        self.assertEqual(complaints("relayd/net/mta/a.h", "#include <boost/asio/post.hpp>\n"), [])

    def test_asio_outside_net(self):
        self.assertEqual(complaints("relayd/daemon/run.h", "#include <boost/asio/io_context.hpp>\n"), ["daemon may not use Asio"])

    def test_openssl_outside_net(self):
        self.assertEqual(complaints("relayd/mail/record.h", "#include <openssl/ssl.h>\n"), ["mail may not use OpenSSL"])

    def test_database_outside_ledger(self):
        self.assertEqual(complaints("relayd/net/site.h", "#include <db.h>\n"), ["net may not use Berkeley DB"])

    def test_ldap_in_one_room(self):
        self.assertEqual(complaints("mailertable/directory/a.h", "#include <ldap.h>\n"), [])
        self.assertEqual(complaints("mailertable/routes/a.h", "#include <ldap.h>\n"), ["mailertable/routes may not use LDAP"])

    def test_clock_in_protocol_code(self):
        self.assertEqual(complaints("relayd/mux/session.h", "auto t = std::chrono::steady_clock::now();\n"),
                         ["mux may not use a clock"])

    def test_thread_in_protocol_code(self):
        self.assertEqual(complaints("relayd/ledger/store.h", "std::thread t;\n"), ["ledger may not use a thread"])

    def test_log_in_protocol_code(self):
        self.assertEqual(complaints("relayd/smtp/reply.h", "#include <spdlog/spdlog.h>\n"), ["smtp may not use spdlog"])

    def test_own_header_first(self):
        text = '#include "relayd/base/bytes.h"\n#include "relayd/wire/frame.h"\n'
        self.assertEqual(complaints("relayd/wire/frame.cc", text),
                         ["its own header, relayd/wire/frame.h, is not included first"])

    def test_vague_names(self):
        self.assertEqual(complaints("relayd/base/string_utils.h", ""), ["string_utils.h names no job"])

    def test_header_without_opening_lines(self):
        found = [c for _, c in check_layers.check_file(pathlib.Path("relayd/base/a.h"), "#pragma once\n")]
        self.assertEqual(found, ["a header begins with a few lines on what it does"])

    def test_unknown_layer(self):
        self.assertEqual(complaints("relayd/extras/a.h", ""), ["there is no layer extras"])


if __name__ == "__main__":
    unittest.main()
