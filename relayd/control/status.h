// What relayd tells of itself, as plain structs: the daemon fills them in, status_text, status_json and
// metrics show them. Strings that came from outside (causes, addresses, names) may hold any bytes here;
// whoever shows them makes them harmless (P8).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/claims/counters.h"
#include "relayd/control/forward_status.h"
#include "relayd/control/site_hub_status.h"
#include "relayd/ledger/counters.h"
#include "relayd/mail/delays.h"
#include "relayd/mail/mta_counts.h"
#include "relayd/mail/traffic.h"
#include "relayd/mux/counters.h"

namespace tsmtp::control {

/// A mail, or one recipient of it, that was refused for good.
struct RefusedMail {
  base::WallTime when;
  std::string sender;
  std::string recipient;
  std::string reply;   ///< who refused it says why
  std::string advice;  ///< what to do about it; empty: nothing is known
};

/// How mails in one direction ended since relayd started.
struct Traffic {
  mail::TrafficCounters counters{};
  mail::Took took{};                        ///< of all of them together
  std::optional<base::WallTime> last_ok{};  ///< when one was delivered last
  std::optional<RefusedMail> last_refused{};
};

/// An address that we dial, and why we did not get through.
struct DialFailure {
  std::string address;  ///< as it was configured
  base::WallTime when;
  std::string cause;
};

/// The connections to our MTA, for mail from one site.
struct MtaConnections {
  mail::MtaCounts counts;
  std::uint64_t limit = 0;  ///< as configured
  std::string trouble;      ///< why it cannot be reached; empty: it can, or is not known yet
};

/// One site and the link to it.
struct SiteStatus {
  std::string name;
  LinkState state = LinkState::kDown;
  base::WallTime since;  ///< when `state` began
  std::string cause;     ///< why the link is not up; empty while it is
  /// When the link is up, but its line stands still: nothing that was sent since has been acknowledged.
  std::optional<base::WallTime> stands_still_since;
  std::string peer_address;       ///< "192.0.2.7:5443"; empty unless up
  std::string dialled_through;    ///< "socks5://192.0.2.9:1080"; empty unless up through a proxy
  std::string peer_name;          ///< what the peer calls itself; empty unless up
  std::string peer_version;       ///< of the relayd there; empty unless up, or where it does not tell
  std::string tls;                ///< "TLSv1.3 TLS_AES_128_GCM_SHA256 X25519"; empty unless up
  std::string congestion;         ///< "cubic", as the kernel says; empty unless up
  bool compresses = false;        ///< both hubs want content compressed; false unless up
  std::uint64_t key_updates = 0;  ///< how often we have replaced the TLS keys of this connection
  std::optional<std::chrono::microseconds> round_trip;
  std::vector<std::string> endpoints;  ///< where our MTA hands over
  std::string far_mta;  ///< "127.0.0.1:25 reachable, PIPELINING 8BITMIME" or why not; empty: not known
  MtaConnections mta;   ///< to our own MTA
  Traffic out;          ///< from our MTA to the site
  Traffic in;           ///< from the site to our MTA
  std::uint64_t open_transactions = 0;
  std::optional<base::WallTime> oldest_open;  ///< when the first of them began
  mux::Counters counters;                     ///< of the link
  std::uint64_t connections = 0;              ///< of the link, open now
  std::uint64_t links_up_total = 0;           ///< how often the link came up
  /// Streams on the link of the far relayd's process before, which has been replaced; nothing: there is none.
  std::optional<std::uint64_t> leaving_streams;
  std::optional<base::WallTime> next_dial;
  std::vector<DialFailure> dial_failures;      ///< since the link was last up
  std::uint64_t in_doubt = 0;                  ///< mails whose final reply our MTA may not have
  std::optional<base::WallTime> oldest_doubt;  ///< when the oldest of them was committed
  bool is_older = false;                  ///< its relayd does not know all that ours does; false unless up
  std::optional<base::WallTime> revoked;  ///< since when all its keys are; nothing unless they are
  /// How it stands with our present key: "confirmed", "awaited" or "left behind"; empty while we have had no
  /// other.
  std::string own_key;
  std::string key;                        ///< by which it is known now, a pin; empty: all are revoked
  std::vector<std::string> earlier_keys;  ///< from which that comes, the pinned one first
  std::vector<SiteHubStatus> hubs;  ///< at least one; what stands above is of that which gets the next mail
  std::vector<ForwardStatus> forwards;  ///< of programs here to services there
  std::vector<ServiceStatus> services;  ///< here, that the site may reach
};

/// This hub's key.
struct OwnKeyStatus {
  base::WallTime made;          ///< by the clock of that time
  std::uint64_t rotations = 0;  ///< steps that have led to it
  std::string earlier;          ///< still shown to hubs that know nothing of rotation, a pin; empty: none is
  std::optional<base::WallTime> earlier_until;
  std::vector<std::string> awaited;  ///< sites that have not confirmed it; none while there was no rotation
  std::string trouble;               ///< why it is not replaced by itself; empty: nothing is wrong
};

/// A key that is no site's pin and tried to make a link.
struct RefusedKey {
  std::string pin;  ///< "sha256:...", as it would be written in relayd.toml
  std::string address;
  base::WallTime last;
  std::uint64_t times = 0;
};

/// How it goes with the audit record.
struct AuditStatus {
  std::string target;  ///< a path, or "journald"
  std::uint64_t written = 0;
  std::uint64_t lost = 0;
  std::string trouble;     ///< what is wrong with it now; empty: nothing
  base::WallTime since{};  ///< of the trouble
};

/// What is kept of envelopes and verdicts of mails under way, of all sites.
struct MailMemoryStatus {
  std::uint64_t used_bytes = 0;
  std::uint64_t limit_bytes = 0;
};

/// Mails that were refused at MAIL because more came than the rates of their site let in.
struct RateRefusals {
  std::uint64_t out = 0;
  std::uint64_t in = 0;
};

/// What this hub was short of, so that something could not be done.
struct ShortageStatus {
  std::uint64_t times = 0;  ///< since the start
  base::WallTime last;
  std::string text;  ///< what was not done, and for want of what, the last time
};

/// How it goes with the ledger that keeps mails from being delivered twice.
struct LedgerStatus {
  ledger::Counters counters;
  std::string trouble;     ///< why it cannot be written now; empty: it can
  base::WallTime since;    ///< of the trouble
  std::string no_witness;  ///< why there is none; empty: there is one
};

/// How it goes with the doubts that our site's hubs share.
struct SharingStatus {
  std::string trouble;  ///< why they cannot be shared now; empty: they are
  base::WallTime since;
  bool goes_on_alone = false;      ///< mail does meanwhile
  std::uint64_t alone = 0;         ///< mails that did, since the start
  std::uint64_t tried_before = 0;  ///< mails that another hub had tried
  std::uint64_t of_others = 0;     ///< recipients whose first try is another hub's
};

/// What the hubs of our site know together of how mails ended.
struct SiteLedgerStatus {
  std::string engine;  ///< "etcd"
  claims::Counters counters;
  std::vector<std::string> hubs{};                 ///< the others that are there
  std::optional<base::WallTime> oldest_waiting{};  ///< when the oldest mail that waits was claimed
  std::string trouble;                             ///< why it does not answer; empty: it does
  base::WallTime since;                            ///< of the trouble
};

/// A mail or a connection that the process before this one still has.
struct HeldStatus {
  std::string what;  ///< and whose
  base::WallTime since;
};

/// The process before this one, from which it has taken over at an upgrade, and what that one still has.
struct PredecessorStatus {
  std::uint64_t pid = 0;
  base::WallTime since;            ///< when it gave up what is new
  std::uint64_t sessions = 0;      ///< of our MTA
  std::uint64_t mails = 0;         ///< under way
  std::uint64_t connections = 0;   ///< of forwards and services
  base::WallTime ends;             ///< at the latest
  std::vector<HeldStatus> held{};  ///< the oldest of those
};

/// This relayd and all its sites.
struct HubStatus {
  std::string name;
  std::string version;
  int pid = 0;
  base::WallTime now;  ///< when this was taken; what "for 3 h 12 min" counts to
  base::WallTime started;
  std::string config_file;
  base::WallTime config_loaded;
  std::string last_reload_error;  ///< empty: the last reload, if any, succeeded
  std::string fingerprint;        ///< our own pin
  OwnKeyStatus own_key;
  std::vector<std::string> listen;
  std::optional<AuditStatus> audit;  ///< nothing unless configured
  mail::Delays delays;               ///< of the mails of all sites
  MailMemoryStatus mail_memory;
  RateRefusals rate_refusals;
  LedgerStatus ledger;
  std::optional<SharingStatus> shared_doubts;   ///< nothing: they are this hub's own
  std::optional<SiteLedgerStatus> site_ledger;  ///< nothing where this hub alone knows
  std::optional<bool> endpoints_held;  ///< while relayd does not run; nothing where no endpoint is a TCP port
  bool draining = false;
  std::optional<PredecessorStatus> predecessor;  ///< nothing: it has ended, or there was none
  std::optional<ShortageStatus> shortage;        ///< nothing if there was none
  std::uint64_t log_lines_lost = 0;              ///< nobody read them, or their disk was full
  std::uint64_t sessions_refused = 0;            ///< MTA connections turned away at an endpoint
  std::uint64_t unauthenticated = 0;             ///< connections that have not shown a key yet
  std::uint64_t unauthenticated_driven_out = 0;  ///< such that had to go because there were too many
  std::uint64_t connections_refused = 0;         ///< at the link port, for whatever reason
  std::uint64_t keys_revoked = 0;                ///< for good
  std::uint64_t keys_refused = 0;                ///< link attempts with a key that is no site's pin
  std::vector<RefusedKey> refused_keys;          ///< the latest few of them; the daemon bounds this
  std::vector<SiteStatus> sites;
};

}  // namespace tsmtp::control
