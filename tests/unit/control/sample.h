// A hub with one site up, one down and one that nobody has reached, for tests of what is shown.
#pragma once

#include "relayd/control/status.h"

namespace tsmtp::control {

inline HubStatus sample_hub() {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  const base::WallTime now = base::WallTime(seconds(1'772'366'584));  // 2026-03-01T12:03:04Z
  HubStatus hub;
  hub.name = "tokyo";
  hub.version = "0.1.0";
  hub.pid = 812;
  hub.now = now;
  hub.started = now - hours(52);
  hub.config_file = "/etc/tsmtp/relayd.toml";
  hub.config_loaded = now - minutes(192);
  hub.fingerprint = "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  hub.own_key = {.made = now - hours(24 * 12),
                 .rotations = 3,
                 .earlier = "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                 .earlier_until = now + hours(24 * 18),
                 .awaited = {"osaka"},
                 .trouble = {}};
  hub.listen = {"[::]:5443"};
  hub.ledger.counters = {.failures = 17, .doubts = 3, .outcomes = 5};
  hub.audit = {.target = "/var/log/tsmtp/audit.jsonl",
               .written = 123,
               .lost = 2,
               .trouble = "/var/log/tsmtp/audit.jsonl: cannot be written: No space left on device"};
  hub.unauthenticated = 2;
  hub.keys_refused = 3;
  hub.keys_revoked = 2;

  SiteStatus up;
  up.name = "birlinghoven";
  up.state = LinkState::kUp;
  up.since = now - minutes(192);
  up.peer_address = "192.0.2.7:5443";
  up.peer_name = "birlinghoven";
  up.own_key = "confirmed";
  up.key = "sha256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=";
  up.earlier_keys = {"sha256:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC="};
  up.tls = "TLSv1.3 TLS_AES_128_GCM_SHA256 X25519";
  up.key_updates = 3;
  up.congestion = "bbr";
  up.round_trip = std::chrono::microseconds(48'210);
  up.endpoints = {"127.0.5.2:5000", "unix:/run/tsmtp/birl.sock"};
  up.far_mta = "127.0.0.1:25 reachable, PIPELINING 8BITMIME";
  up.out.counters = {.ok = 120, .refused = 2, .deferred = 1, .bytes = 1'300'000, .link_bytes = 400'000};
  up.mta.counts = {
      .connections = {.in_use = 20, .idle = 0, .opening = 1, .closing = 0}, .waiting = 5, .learnt = 20};
  up.mta.limit = 100;
  up.compresses = true;
  up.in.counters = {.ok = 1, .refused = 0, .deferred = 0, .bytes = 512, .link_bytes = 512};
  up.open_transactions = 1;
  up.links_up_total = 2;
  up.hubs = {{.name = "mail1",
              .state = LinkState::kUp,
              .since = now - minutes(192),
              .cause = {},
              .peer_address = "192.0.2.7:5443",
              .far_mta = "127.0.0.1:25 reachable, PIPELINING 8BITMIME",
              .refusal = {},
              .key = "sha256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=",
              .mails_under_way = 1},
             {.name = "mail2",
              .state = LinkState::kDown,
              .since = now - minutes(2),
              .cause = "connection timed out",
              .peer_address = {},
              .far_mta = {},
              .refusal = "link down since 12:01:04",
              .key = {},
              .mails_under_way = 0}};
  up.forwards = {
      {.service = "pop3",
       .listen = {"127.0.0.1:110", "unix:/run/tsmtp/pop3.sock"},
       .cause = {},
       .since = now - minutes(190),
       .connections = {.open = 2, .total = 17, .refused = 3, .to_service = 2048, .from_service = 3'000'000}}};
  up.services = {{.service = "whois",
                  .to = "127.0.0.1:43",
                  .cause = "Connection refused",
                  .since = now - minutes(5),
                  .waiting = 0,
                  .connections = {}}};

  SiteStatus down;
  down.name = "osaka";
  down.since = now - seconds(12);
  down.cause = "connection timed out";
  down.own_key = "awaited";
  down.endpoints = {"127.0.5.3:5000"};
  down.dial_failures = {{"a.osaka.example:5443", now - seconds(10), "connection timed out"},
                        {"b.osaka.example:5443", now - seconds(9), "192.0.2.9:5443: Connection refused"}};
  down.next_dial = now + seconds(4);
  down.in_doubt = 2;

  hub.sites = {up, down};
  return hub;
}

}  // namespace tsmtp::control
