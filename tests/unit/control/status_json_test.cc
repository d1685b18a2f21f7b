#include "relayd/control/status_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/control/sample.h"

namespace tsmtp::control {
namespace {

TEST(StatusJson, Golden) {
  EXPECT_EQ(status_json(sample_hub()), R"({
  "name": "tokyo",
  "version": "0.1.0",
  "pid": 812,
  "now": "2026-03-01T12:03:04Z",
  "started": "2026-02-27T08:03:04Z",
  "config_file": "/etc/tsmtp/relayd.toml",
  "config_loaded": "2026-03-01T08:51:04Z",
  "last_reload_error": null,
  "fingerprint": "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  "own_key": {
    "made": "2026-02-17T12:03:04Z",
    "rotations": 3,
    "awaited": [
      "osaka"
    ],
    "earlier": "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "earlier_until": "2026-03-19T12:03:04Z",
    "trouble": null
  },
  "keys_revoked": 2,
  "listen": [
    "[::]:5443"
  ],
  "audit": {
    "target": "/var/log/tsmtp/audit.jsonl",
    "written": 123,
    "lost": 2,
    "trouble": "/var/log/tsmtp/audit.jsonl: cannot be written: No space left on device",
    "since": "1970-01-01T00:00:00Z"
  },
  "ledger": {
    "trouble": null,
    "since": null,
    "failures": 17,
    "doubts": 3,
    "outcomes": 5,
    "no_witness": null
  },
  "shared_doubts": null,
  "site_ledger": null,
  "endpoints_held": null,
  "draining": false,
  "shortage": null,
  "delays": {
    "bounds": [
      0.005,
      0.02,
      0.1,
      0.5,
      2.0,
      10.0,
      60.0,
      300.0
    ],
    "out": {
      "total": {
        "seconds": 0.0,
        "counts": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0
        ]
      },
      "near_mta": {
        "seconds": 0.0,
        "counts": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0
        ]
      },
      "ledger": {
        "seconds": 0.0,
        "counts": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0
        ]
      },
      "link": {
        "seconds": 0.0,
        "counts": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0
        ]
      },
      "far_mta": {
        "seconds": 0.0,
        "counts": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0
        ]
      }
    },
    "in": {
      "total": {
        "seconds": 0.0,
        "counts": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0
        ]
      },
      "ledger": {
        "seconds": 0.0,
        "counts": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0
        ]
      },
      "link": {
        "seconds": 0.0,
        "counts": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0
        ]
      },
      "far_mta": {
        "seconds": 0.0,
        "counts": [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0
        ]
      }
    }
  },
  "mail_memory": {
    "used": 0,
    "limit": 0
  },
  "rate_refusals": {
    "out": 0,
    "in": 0
  },
  "log_lines_lost": 0,
  "sessions_refused": 0,
  "strangers": 2,
  "strangers_driven_out": 0,
  "connections_refused": 0,
  "keys_refused": 3,
  "refused_keys": [],
  "sites": [
    {
      "name": "birlinghoven",
      "state": "up",
      "since": "2026-03-01T08:51:04Z",
      "cause": null,
      "revoked": null,
      "own_key": "confirmed",
      "key": "sha256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=",
      "earlier_keys": [
        "sha256:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC="
      ],
      "stands_still_since": null,
      "next_dial": null,
      "dial_failures": [],
      "peer_address": "192.0.2.7:5443",
      "older": false,
      "dialled_through": null,
      "peer_name": "birlinghoven",
      "tls": "TLSv1.3 TLS_AES_128_GCM_SHA256 X25519",
      "compresses": true,
      "tls_key_updates": 3,
      "congestion": "bbr",
      "round_trip_us": 48210,
      "leaving_streams": null,
      "endpoints": [
        "127.0.5.2:5000",
        "unix:/run/tsmtp/birl.sock"
      ],
      "far_mta": "127.0.0.1:25 reachable, PIPELINING 8BITMIME",
      "mta": {
        "in_use": 20,
        "idle": 0,
        "opening": 1,
        "closing": 0,
        "waiting": 5,
        "limit": 100,
        "learnt_limit": 20,
        "trouble": null
      },
      "out": {
        "ok": 120,
        "refused": 2,
        "deferred": 1,
        "bytes": 1300000,
        "link_bytes": 400000,
        "last_refused": null,
        "milliseconds": {
          "total": 0,
          "near_mta": 0,
          "ledger": 0,
          "link": 0,
          "far_mta": 0
        },
        "last": null
      },
      "in": {
        "ok": 1,
        "refused": 0,
        "deferred": 0,
        "bytes": 512,
        "link_bytes": 512,
        "last_refused": null,
        "milliseconds": {
          "total": 0,
          "near_mta": 0,
          "ledger": 0,
          "link": 0,
          "far_mta": 0
        },
        "last": null
      },
      "hubs": [
        {
          "name": "mail1",
          "state": "up",
          "since": "2026-03-01T08:51:04Z",
          "cause": null,
          "peer_address": "192.0.2.7:5443",
          "far_mta": "127.0.0.1:25 reachable, PIPELINING 8BITMIME",
          "refusal": null,
          "key": "sha256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=",
          "mails_under_way": 1,
          "leaving_streams": null
        },
        {
          "name": "mail2",
          "state": "down",
          "since": "2026-03-01T12:01:04Z",
          "cause": "connection timed out",
          "peer_address": null,
          "far_mta": null,
          "refusal": "link down since 12:01:04",
          "key": null,
          "mails_under_way": 0,
          "leaving_streams": null
        }
      ],
      "forwards": [
        {
          "service": "pop3",
          "listen": [
            "127.0.0.1:110",
            "unix:/run/tsmtp/pop3.sock"
          ],
          "cause": null,
          "since": "2026-03-01T08:53:04Z",
          "waiting": 0,
          "connections": {
            "open": 2,
            "total": 17,
            "refused": 3,
            "to_service": 2048,
            "from_service": 3000000
          }
        }
      ],
      "services": [
        {
          "service": "whois",
          "to": "127.0.0.1:43",
          "cause": "Connection refused",
          "since": "2026-03-01T11:58:04Z",
          "waiting": 0,
          "connections": {
            "open": 0,
            "total": 0,
            "refused": 0,
            "to_service": 0,
            "from_service": 0
          }
        }
      ],
      "open_transactions": 1,
      "oldest_open": null,
      "in_doubt": 0,
      "oldest_doubt": null,
      "streams_refused": 0,
      "frames": {
        "opens_in": 0,
        "resets_in": 0,
        "resets_out": 0,
        "pings_in": 0,
        "idle_in": 0,
        "replayed": 0
      },
      "connections": 0,
      "resumptions": 0,
      "links_up_total": 2
    },
    {
      "name": "osaka",
      "state": "down",
      "since": "2026-03-01T12:02:52Z",
      "cause": "connection timed out",
      "revoked": null,
      "own_key": "awaited",
      "key": null,
      "earlier_keys": [],
      "stands_still_since": null,
      "next_dial": "2026-03-01T12:03:08Z",
      "dial_failures": [
        {
          "address": "a.osaka.example:5443",
          "when": "2026-03-01T12:02:54Z",
          "cause": "connection timed out"
        },
        {
          "address": "b.osaka.example:5443",
          "when": "2026-03-01T12:02:55Z",
          "cause": "192.0.2.9:5443: Connection refused"
        }
      ],
      "peer_address": null,
      "older": false,
      "dialled_through": null,
      "peer_name": null,
      "tls": null,
      "compresses": false,
      "tls_key_updates": 0,
      "congestion": null,
      "round_trip_us": null,
      "leaving_streams": null,
      "endpoints": [
        "127.0.5.3:5000"
      ],
      "far_mta": null,
      "mta": {
        "in_use": 0,
        "idle": 0,
        "opening": 0,
        "closing": 0,
        "waiting": 0,
        "limit": 0,
        "learnt_limit": null,
        "trouble": null
      },
      "out": {
        "ok": 0,
        "refused": 0,
        "deferred": 0,
        "bytes": 0,
        "link_bytes": 0,
        "last_refused": null,
        "milliseconds": {
          "total": 0,
          "near_mta": 0,
          "ledger": 0,
          "link": 0,
          "far_mta": 0
        },
        "last": null
      },
      "in": {
        "ok": 0,
        "refused": 0,
        "deferred": 0,
        "bytes": 0,
        "link_bytes": 0,
        "last_refused": null,
        "milliseconds": {
          "total": 0,
          "near_mta": 0,
          "ledger": 0,
          "link": 0,
          "far_mta": 0
        },
        "last": null
      },
      "hubs": [],
      "forwards": [],
      "services": [],
      "open_transactions": 0,
      "oldest_open": null,
      "in_doubt": 2,
      "oldest_doubt": null,
      "streams_refused": 0,
      "frames": {
        "opens_in": 0,
        "resets_in": 0,
        "resets_out": 0,
        "pings_in": 0,
        "idle_in": 0,
        "replayed": 0
      },
      "connections": 0,
      "resumptions": 0,
      "links_up_total": 0
    }
  ]
}
)");
}

TEST(StatusJson, SurvivesAnyBytes) {
  HubStatus hub = sample_hub();
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    bytes += static_cast<char>(byte);
  hub.name = hub.config_file = hub.last_reload_error = hub.version = hub.fingerprint = bytes;
  hub.listen = {bytes};
  hub.refused_keys = {{.pin = bytes, .address = bytes, .last = hub.now, .times = 1}};
  SiteStatus& site = hub.sites[0];
  site.name = site.cause = site.peer_address = site.peer_name = site.tls = site.far_mta = bytes;
  site.endpoints = {bytes};
  hub.audit->target = hub.audit->trouble = bytes;
  const auto parsed = nlohmann::json::parse(status_json(hub), nullptr, false);
  ASSERT_FALSE(parsed.is_discarded());
  EXPECT_EQ(parsed["sites"][0]["cause"].get<std::string>().substr(0, 128), bytes.substr(0, 128));
}

TEST(StatusJson, EmptyHub) {
  const auto parsed = nlohmann::json::parse(status_json(HubStatus{}), nullptr, false);
  ASSERT_TRUE(parsed.is_object());
  EXPECT_TRUE(parsed["sites"].is_array());
  EXPECT_TRUE(parsed["listen"].is_array());
  EXPECT_TRUE(parsed["audit"].is_null());
}

TEST(StatusJson, TheLastRefusedMail) {
  HubStatus hub = sample_hub();
  hub.sites[0].in.last_refused = {
      .when = hub.now, .sender = "a@b", .recipient = "c@d", .reply = "550 no", .advice = ""};
  const auto site = nlohmann::json::parse(status_json(hub))["sites"][0];
  EXPECT_EQ(site["out"]["last_refused"], nullptr);
  EXPECT_EQ(site["in"]["last_refused"], (nlohmann::json{{"when", "2026-03-01T12:03:04Z"},
                                                        {"sender", "a@b"},
                                                        {"recipient", "c@d"},
                                                        {"reply", "550 no"},
                                                        {"advice", nullptr}}));
}

}  // namespace
}  // namespace tsmtp::control
