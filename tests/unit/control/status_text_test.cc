#include "relayd/control/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "tests/unit/control/sample.h"

namespace tsmtp::control {
namespace {

using testing::HasSubstr;
using testing::Not;

class StatusText : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

TEST_F(StatusText, Golden) {
  EXPECT_EQ(status_text(sample_hub()),
            R"(hub tokyo: relayd 0.1.0, process 812, running since 2026-02-27 08:03:04 (2 d 4 h)
  configuration  /etc/tsmtp/relayd.toml, loaded 08:51:04 (3 h 12 min ago)
  key            sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
                 made 2026-02-17 12:03:04 (12 d 0 h ago), NOT CONFIRMED by osaka
  earlier key    sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, shown to hubs that know nothing of rotation until 2026-03-19 12:03:04
  listening on   [::]:5443
  audit record   /var/log/tsmtp/audit.jsonl, 2 RECORDS LOST: /var/log/tsmtp/audit.jsonl: cannot be written: No space left on device

birlinghoven  link up since 08:51:04 (3 h 12 min), with 192.0.2.7:5443, round trip 48.2 ms
              hub mail1: link up since 08:51:04 (3 h 12 min), with 192.0.2.7:5443; 1 mail under way
              hub mail2: link down since 12:01:04 (2 min 0 s): connection timed out
              mail for it is taken at 127.0.5.2:5000, unix:/run/tsmtp/birl.sock
              the MTA there: 127.0.0.1:25 reachable, PIPELINING 8BITMIME
              connections to our MTA: 20 in use, 0 idle, 1 opening, 5 mails waiting for one; it takes no more than 20
              120 mails sent (1.2 MiB, on the link 390.6 KiB), 2 refused, 1 deferred; 1 mail received (512 bytes); 1 mail under way
              forward to pop3, 127.0.0.1:110, unix:/run/tsmtp/pop3.sock: open since 08:53:04 (3 h 10 min), 2 open of 17 connections (2.0 KiB to it, 2.9 MiB from it), 3 refused
              service whois, 127.0.0.1:43: DOES NOT ANSWER since 11:58:04 (5 min 0 s), no connections yet: Connection refused
              compressed, encrypted with TLSv1.3 TLS_AES_128_GCM_SHA256 X25519
              its pinned key has led to sha256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=
osaka         link down since 12:02:52 (12 s): connection timed out; next try in 4 s
              dialled a.osaka.example:5443 at 12:02:54: connection timed out
              dialled b.osaka.example:5443 at 12:02:55: 192.0.2.9:5443: Connection refused
              mail for it is taken at 127.0.5.3:5000
              0 mails sent; 0 mails received; 2 mails in doubt
              has NOT CONFIRMED our present key
)");
}

TEST_F(StatusText, WhatIsWrongIsSaid) {
  HubStatus hub = sample_hub();
  hub.sites.clear();
  hub.listen.clear();
  hub.draining = true;
  hub.sessions_refused = 7;
  hub.shortage = {.times = 4, .last = hub.now, .text = "127.0.5.2:5000: no client: out of descriptors"};
  hub.connections_refused = 9;
  hub.unauthenticated_driven_out = 5;
  hub.last_reload_error = "relayd.toml:3:1: error: unknown key \"nam\"";
  hub.refused_keys = {{.pin = "sha256:x", .address = "192.0.2.9:4711", .last = hub.now, .times = 3}};
  hub.ledger.trouble = "hub tokyo: its ledger: no space left on device, /x";
  hub.ledger.since = hub.now - std::chrono::minutes(2);
  hub.ledger.no_witness = "/x/commits.1: no space";
  const std::string text = status_text(hub);
  EXPECT_THAT(
      text,
      HasSubstr(
          "LEDGER         CANNOT BE WRITTEN since 12:01:04 (2 min 0 s), mails are put off: hub tokyo: its "
          "ledger: no space left on device, /x"));
  EXPECT_THAT(text, HasSubstr("NO WITNESS     /x/commits.1: no space: "));
  EXPECT_THAT(text, HasSubstr("DRAINING"));
  EXPECT_THAT(text, HasSubstr("LAST RELOAD FAILED, still running the one before: relayd.toml:3:1: error"));
  EXPECT_THAT(text, HasSubstr("nothing, dials out only"));
  EXPECT_THAT(text, HasSubstr("refused        7 at endpoints"));
  EXPECT_THAT(text,
              HasSubstr("SHORTAGE       127.0.5.2:5000: no client: out of descriptors, 4x, last 12:03:04"));
  EXPECT_THAT(text, HasSubstr("refused        9 at the link port, 5 of them because of too many at once"));
  EXPECT_THAT(text, HasSubstr("sha256:x from 192.0.2.9:4711, 3x, last 12:03:04: no site has this pin"));
  EXPECT_THAT(text, HasSubstr("no sites are configured"));
}

TEST_F(StatusText, LedgerOfTheSiteSaysWhatWaits) {
  HubStatus hub = sample_hub();
  hub.site_ledger = SiteLedgerStatus{.engine = "etcd",
                                     .counters = {.open = 2, .waiting = 1, .resent = 3},
                                     .hubs = {"mail2", "mail3"},
                                     .trouble = "",
                                     .since = {}};
  EXPECT_THAT(status_text(hub),
              HasSubstr("site's ledger  etcd, with mail2, mail3, 1 waiting for a lost hub (see "
                        "relayctl claims), 3 POSSIBLE DUPLICATES\n"));
}

TEST_F(StatusText, ALinkThatIsUpMayStandStill) {
  HubStatus hub = sample_hub();
  hub.sites[0].stands_still_since = hub.now - std::chrono::seconds(7);
  EXPECT_THAT(status_text(hub),
              HasSubstr("link up since 08:51:04 (3 h 12 min), STANDS STILL since 12:02:57 (7 s), "
                        "with 192.0.2.7:5443"));
}

TEST_F(StatusText, TheLinkOfAProcessThatIsReplacedIsTold) {
  HubStatus hub = sample_hub();
  hub.sites.front().leaving_streams = 1;
  hub.sites.front().hubs.front().leaving_streams = 3;
  EXPECT_THAT(status_text(hub), HasSubstr(", and a leaving link of the process before, with 1 stream\n"));
  EXPECT_THAT(status_text(hub), HasSubstr(", and a leaving link of the process before, with 3 streams;"));
}

TEST_F(StatusText, TheLastRefusedMailIsShownWithWhatToDo) {
  HubStatus hub = sample_hub();
  hub.sites[0].in.last_refused = {.when = hub.now,
                                  .sender = "a@b",
                                  .recipient = "c@d",
                                  .reply = "550 5.7.1 Relaying denied\n",
                                  .advice = "add d to its domains"};
  EXPECT_THAT(status_text(hub),
              HasSubstr("last refused, received, at 12:03:04: from <a@b> to <c@d>: 550 5.7.1 "
                        "Relaying denied\\x0a\n                add d to its domains\n"));
}

TEST_F(StatusText, BytesFromOutsideAreMadeHarmless) {
  HubStatus hub = sample_hub();
  hub.sites[1].cause = "evil\n\x1b[2J\xff";
  hub.sites[0].peer_name = "a\nb";
  const std::string text = status_text(hub);
  EXPECT_THAT(text, HasSubstr("evil\\x0a\\x1b[2J\\xff"));
  EXPECT_THAT(text, HasSubstr("which calls itself \"a\\x0ab\""));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace tsmtp::control
