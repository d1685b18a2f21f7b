#include "relayd/net/ledger/hub_presence.h"

#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

// Others may be read as well, whoever has written them; so many at most are kept.
constexpr std::size_t kMostHubs = 1000;
// Ends the value of a hub that goes on without etcd (on_engine_loss = local).
constexpr std::string_view kAlone = " alone";

}  // namespace

HubPresence::HubPresence(Means means)
    : means_(std::move(means)),
      value_(base::hex(means_.memory) + ' ' + base::hex(means_.instance) +
             std::string(means_.goes_on_alone ? kAlone : "")),
      watch_(means_.store.watch(means_.keys.hubs(), *this)) {}

HubPresence::~HubPresence() {
  means_.store.unwatch(watch_);
  lifetime_.end();
}

void HubPresence::tick(base::TimePoint now) {
  read();
  if (is_asking_ || (asked_ && now - *asked_ < kInterval)) return;
  asked_ = now;
  is_asking_ = true;
  if (lease_ == 0) return appear();
  means_.store.keep_alive(lease_, lifetime_.guard([this](const auto& kept) {
    is_asking_ = false;
    if (kept) lease_ = *kept;
    if (kept && *kept == 0) asked_.reset();  // it is over: at once anew
  }));
}

void HubPresence::appear() {
  means_.store.grant(kTimeToLive, lifetime_.guard([this](const auto& granted) {
    if (!granted) {
      is_asking_ = false;
      return;
    }
    put(*granted);
  }));
}

// An earlier relayd of this hub may be there for the rest of its lease.
void HubPresence::put(etcd::Lease lease) {
  const std::string key = means_.keys.hub(means_.hub);
  const etcd::Put own{.key = key, .value = value_, .lease = lease};
  means_.store.submit(
      {.when = {{.range = {.key = key}}}, .then = {own}, .otherwise = {etcd::Get{{.key = key}}}},
      lifetime_.guard([this, lease, own, key](const etcd::Result& result) {
        is_asking_ = false;
        if (!result) return;
        const bool is_there = !result->held && !result->got.empty() && !result->got[0].empty();
        const std::string there = is_there ? result->got[0][0].value : std::string();
        if (result->held) {
          lease_ = lease;
          return;
        }
        if (there.starts_with(base::hex(means_.memory))) {
          lease_ = lease;
          return means_.store.submit({.when = {{.range = {.key = key}, .value = there}}, .then = {own}},
                                     [](const etcd::Result&) {});
        }
        means_.store.revoke(lease);
        if (!std::exchange(is_namesake_told_, true))
          means_.log.log(base::LogLevel::kWarning,
                         "ledger: a hub that is called " + means_.hub +
                             " is in etcd already; no two hubs of a site may have one name, and "
                             "an earlier relayd of this one is gone in a few seconds");
      }));
}

void HubPresence::leave() {
  if (lease_ != 0) means_.store.revoke(std::exchange(lease_, 0));
}

std::string HubPresence::away(const std::string& hub) const {
  if (hub == means_.hub || !is_away(hub)) return {};
  const auto gone = gone_.find(hub);
  return gone == gone_.end() ? "it is away"
                             : "it is away since " + base::time_of_day(gone->second, wall_now());
}

std::vector<std::string> HubPresence::there() const {
  std::vector<std::string> out;
  for (const auto& other : others_)
    if (other.first != means_.hub) out.push_back(other.first);
  return out;
}

void HubPresence::begin_anew() {
  must_read_ = true;
  read();
}

void HubPresence::read() {
  if (!must_read_ || std::exchange(is_reading_, true)) return;
  must_read_ = false;
  means_.store.submit({.then = {etcd::Get{means_.keys.hubs()}}},
                      lifetime_.guard([this](const etcd::Result& result) {
                        is_reading_ = false;
                        // What has changed since then was told already, and may not be told again.
                        must_read_ = must_read_ || !result || result->revision < changed_at_;
                        if (must_read_ || result->got.empty()) return;
                        auto before = std::exchange(others_, {});
                        is_known_ = true;
                        for (const etcd::KeyValue& row : result->got.front()) {
                          const auto hub = means_.keys.hub_in(row.key);
                          if (!hub) continue;
                          const bool was_there = before.erase(*hub) > 0;
                          if (was_there)
                            others_[*hub] = row.value;
                          else
                            note(*hub, row.value);
                        }
                        for (const auto& one : before)
                          note(one.first, std::nullopt);
                      }));
}

void HubPresence::changed(const std::vector<etcd::Change>& changes) {
  for (const etcd::Change& change : changes) {
    changed_at_ = change.revision;
    if (const auto hub = means_.keys.hub_in(change.key)) note(*hub, change.value);
  }
}

void HubPresence::note(const std::string& hub, const std::optional<std::string>& value) {
  const std::string shown = base::escaped(hub, claims::kMaxHubBytes);
  if (value) {
    gone_.erase(hub);
    const bool is_new = !others_.contains(hub);
    if (is_new && others_.size() >= kMostHubs) return;
    others_[hub] = *value;
    if (!is_new || hub == means_.hub) return;
    means_.log.log(base::LogLevel::kInfo, "ledger: hub " + shown + " of our site is there");
    compare(shown, *value);
    return;
  }
  others_.erase(hub);
  if (gone_.size() < kMostHubs) gone_[hub] = wall_now();
  ++times_gone_;
  if (hub != means_.hub)
    means_.log.log(base::LogLevel::kWarning, "ledger: hub " + shown + " of our site is away");
}

void HubPresence::compare(const std::string& hub, const std::string& value) {
  const bool goes_on_alone = value.ends_with(kAlone);
  another_goes_on_alone_ = another_goes_on_alone_ || goes_on_alone;
  if (goes_on_alone == means_.goes_on_alone) return;
  means_.log.log(base::LogLevel::kWarning, "ledger: hub " + hub + " of our site has on_engine_loss = \"" +
                                               (goes_on_alone ? "local" : "defer") + "\", and this one \"" +
                                               (goes_on_alone ? "defer" : "local") +
                                               "\"; say the same on all of them, or a mail can come twice");
}

}  // namespace tsmtp::net
