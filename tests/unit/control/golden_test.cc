// What is shown of a hub of which everything there is to tell is told, byte for byte: text, JSON and metrics
// are contracts. TSMTP_UPDATE_GOLDEN=1 writes the files anew; look at the difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <numeric>
#include <set>
#include <string>

#include "relayd/control/metrics.h"
#include "relayd/control/status_html.h"
#include "relayd/control/status_json.h"
#include "relayd/control/status_text.h"
#include "tests/unit/control/sample.h"

namespace tsmtp::control {
namespace {

HubStatus full_hub() {
  using std::chrono::seconds;
  HubStatus hub = sample_hub();
  hub.last_reload_error = "relayd.toml:3:1: error: unknown key \"nam\"";
  hub.ledger = {.counters = hub.ledger.counters,
                .trouble = "/x: no space left on device",
                .since = hub.now - seconds(120),
                .no_witness = "/x/commits.1: no space"};
  hub.shared_doubts = {.trouble = "etcd at https://etcd1:2379: connection refused",
                       .since = hub.now - seconds(60),
                       .goes_on_alone = true,
                       .alone = 22,
                       .tried_before = 23,
                       .of_others = 24};
  hub.site_ledger = {.engine = "etcd",
                     .counters = {.open = 1, .waiting = 2, .to_write = 3, .without_etcd = 4, .resent = 5},
                     .hubs = {"mail2"},
                     .oldest_waiting = hub.now - seconds(700),
                     .trouble = "https://etcd1:2379: connection refused",
                     .since = hub.now - seconds(90)};
  hub.audit->since = hub.now - seconds(30);
  hub.mail_memory = {.used_bytes = 4096, .limit_bytes = 268'435'456};
  hub.rate_refusals = {.out = 6, .in = 7};
  hub.endpoints_held = false;
  hub.draining = true;
  hub.log_lines_lost = 12;
  hub.predecessor = {.pid = 811,
                     .since = hub.now - seconds(200),
                     .sessions = 3,
                     .mails = 1,
                     .connections = 2,
                     .ends = hub.now + seconds(3'400),
                     .held = {{.what = "birl: forward to imap, connection 0123456789abcdef of user alice",
                               .since = hub.now - seconds(4'000)},
                              {.what = "birl: mail from <a@tokyo.example>", .since = hub.now - seconds(9)}}};
  hub.shortage = {.times = 4, .last = hub.now - seconds(9), .text = "127.0.5.2:5000: no client"};
  hub.sessions_refused = 7;
  hub.unauthenticated_driven_out = 5;
  hub.connections_refused = 9;
  hub.refused_keys = {{.pin = "sha256:x", .address = "192.0.2.9:4711", .last = hub.now, .times = 3}};
  SiteStatus& up = hub.sites[0];
  up.stands_still_since = hub.now - seconds(7);
  up.peer_name = "birl";
  up.peer_version = "0.1.0";
  up.hubs[0].peer_version = "0.1.0";
  up.hubs[0].lacks = {"traces", "versions"};
  up.counters.opens_in = 11;
  up.counters.resets_in = 12;
  up.counters.resets_out = 13;
  up.counters.pings_in = 14;
  up.counters.idle_frames_in = 15;
  up.counters.frames_replayed = 16;
  up.counters.streams_refused = 18;
  up.connections = 2;
  up.counters.resumptions = 19;
  up.in_doubt = 21;
  up.oldest_open = hub.now - seconds(3);
  up.oldest_doubt = hub.now - seconds(7200);
  up.is_older = true;
  up.out.last_ok = hub.now - seconds(5);
  up.out.took = {.total = std::chrono::milliseconds(100),
                 .near_mta = std::chrono::milliseconds(10),
                 .ledger = std::chrono::milliseconds(20),
                 .link = std::chrono::milliseconds(30),
                 .far_mta = std::chrono::milliseconds(40)};
  hub.delays.out.total.add(std::chrono::milliseconds(100));
  up.mta.counts.connections.closing = 1;
  up.forwards[0].waiting = 1;
  up.services.push_back({.service = "display",
                         .to = "unix:/tmp/.X11-unix/X0",
                         .cause = {},
                         .since = hub.now - seconds(30),
                         .waiting = 1,
                         .connections = {.open = 1, .total = 1}});
  up.out.last_refused = {.when = hub.now - seconds(60),
                         .sender = "a@tokyo.example",
                         .recipient = "b@birl.example",
                         .reply = "550 5.7.1 Relaying denied",
                         .advice = "add birl.example to class w"};
  up.in.last_refused = {.when = hub.now - seconds(61),
                        .sender = "",
                        .recipient = "c@tokyo.example",
                        .reply = "550 no",
                        .advice = ""};
  hub.sites[1].revoked = hub.now - seconds(12);
  hub.sites[1].forwards = {{.service = "imap",
                            .listen = {"127.0.0.1:143"},
                            .cause = "link down since 12:02:52",
                            .since = hub.now - seconds(12),
                            .connections = {.open = 0, .total = 1}}};
  hub.sites[1].mta.trouble = "Connection refused, 127.0.0.1:25";
  return hub;
}

/// The metrics in alphabetical order: Prometheus knows no other.
std::string sorted(const std::string& page) {
  std::set<std::string> metrics;
  for (std::size_t begin = 0; begin < page.size();) {
    const std::size_t end = std::min(page.find("# HELP ", begin + 1), page.size());
    metrics.insert(page.substr(begin, end - begin));
    begin = end;
  }
  return std::accumulate(metrics.begin(), metrics.end(), std::string());
}

void expect_golden(const std::string& name, const std::string& shown) {
  const std::string path = std::string(TSMTP_GOLDEN) + '/' + name;
  if (std::getenv("TSMTP_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << shown;
  std::ifstream file(path);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(shown, golden) << path;
}

TEST(StatusGolden, Text) {
  setenv("TZ", "UTC", 1);
  tzset();
  expect_golden("status.txt", status_text(full_hub()));
}

TEST(StatusGolden, Json) {
  expect_golden("status.json", status_json(full_hub()));
}

TEST(StatusGolden, JsonOfAHubWithoutTrouble) {
  expect_golden("status_calm.json", status_json(sample_hub()));
}

TEST(StatusGolden, Metrics) {
  expect_golden("metrics.txt", sorted(metrics(full_hub())));
}

TEST(StatusGolden, Html) {
  setenv("TZ", "UTC", 1);
  tzset();
  const base::TimePoint now = base::TimePoint(std::chrono::hours(100));
  LastDay day;
  for (std::uint64_t i = 0; i < LastDay::kPoints; ++i)
    day.note("birlinghoven", {.out = i * i / 40, .in = i / 2, .is_up = i < 100 || i > 110},
             now - LastDay::kStep * (LastDay::kPoints - i));
  expect_golden("status.html", status_html(full_hub(), day, now));
}

}  // namespace
}  // namespace tsmtp::control
