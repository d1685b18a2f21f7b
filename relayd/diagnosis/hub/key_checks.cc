// Keys: this hub's own, those of its sites, those of strangers; and the invitations by which keys are
// exchanged.
#include <algorithm>

#include "relayd/control/time_text.h"
#include "relayd/diagnosis/hub/checks.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

using std::chrono::hours;

constexpr hours kRecentTry{1};
constexpr hours kDay{24};
constexpr hours kOldKey = 2 * 365 * kDay;
constexpr hours kLongAwaited = 7 * kDay;

std::string age_text(base::WallTime then, base::WallTime now) {
  return control::span_text(std::chrono::duration_cast<std::chrono::seconds>(now - then));
}

}  // namespace

void check_key(const HubFacts& facts, Report& report) {
  if (!facts.key) return;
  const std::string& path = facts.hub.identity;
  if (!*facts.key) {
    const std::string user = facts.user ? facts.user->name : "tsmtp";
    const bool is_there = file_at(facts, path) != nullptr;
    report.wrong(path, "relayd cannot use this hub's key, and would not start: " + facts.key->error().message,
                 is_there ? "if it is only its owner or mode: chown " + user + ' ' + path + " && chmod 600 " +
                                path + "; else take it from your backup"
                          : "take it from your backup. Only a hub that has never had one makes it new: "
                            "relayctl init");
    return;
  }
  const KeyFact& key = **facts.key;
  const control::Json* const status = status_of(facts);
  const std::string shown = status == nullptr ? "" : text_in(*status, "fingerprint");
  if (!shown.empty() && shown != key.pin)
    report.wrong(path,
                 "the relayd that runs shows the key " + shown + ", and this file has led to " + key.pin +
                     ": after its next start the sites would refuse it",
                 "put the file back from your backup; if the new key is meant, have the sites pin it, then "
                 "restart relayd");
  const base::WallTime made = wall_time(key.made);
  if (made > facts.now + kDay)
    report.warning(path, "this hub's key was made in the future, at " + control::rfc3339(made),
                   "the clock was wrong then, or is wrong now: see `date`");
  else if (facts.now - made > kOldKey && facts.hub.rotate_every.count() == 0)
    report.warning(path, "this hub's key is " + age_text(made, facts.now) + " old",
                   "relayctl rotate; or set rotate_every in [hub], and relayd does it by itself", made);
}

void check_pins(const HubFacts& facts, Report& report) {
  for (const std::string& one : facts.pin_findings)
    report.wrong(facts.config_file, one, "pair again with a new key of that hub, or take the pin out");
  if (!facts.key || !*facts.key) return;
  for (const settings::Site& site : facts.sites)
    for (const std::string& pin : site.pins())
      if (pin == (*facts.key)->digest)
        report.wrong(config_place(facts, (*facts.key)->pin),
                     "the pin of site " + in_quotes(site.name) + " is this hub's own key",
                     "write what `relayctl fingerprint` prints on the other hub, then: relayctl reload");
}

void check_rotation(const HubFacts& facts, Report& report) {
  const control::Json* const status = status_of(facts);
  if (status == nullptr || !status->contains("own_key") || !(*status)["own_key"].is_object()) return;
  const control::Json& key = (*status)["own_key"];
  if (const std::string trouble = text_in(key, "trouble"); !trouble.empty())
    report.warning(facts.hub.identity, "rotate_every cannot replace this hub's key: " + trouble,
                   "remove the cause, or: relayctl rotate --yes");
  const auto made = time_in(key, "made");
  for (const control::Json& site : sites_in(facts)) {
    const std::string state = text_in(site, "own_key");
    const std::string place = "site " + text_in(site, "name");
    if (state == "left behind")
      report.warning(place, "its relayd is too old to follow when this hub's key is rotated",
                     "upgrade relayd there, or have the new pin written into its configuration", made);
    else if (state == "awaited" && made && facts.now - *made > kLongAwaited)
      report.warning(place, "it has not confirmed this hub's new key",
                     "it does so when its link comes up; if it is gone for good, take the site out", made);
  }
}

void check_strangers(const HubFacts& facts, Report& report) {
  const control::Json* const status = status_of(facts);
  if (status == nullptr || !status->contains("refused_keys")) return;
  for (const control::Json& key : (*status)["refused_keys"]) {
    const auto last = time_in(key, "last");
    if (!last || facts.now - *last > kRecentTry) continue;
    report.warning(
        text_in(key, "address"),
        "a hub with a key that is pinned nowhere here, " + text_in(key, "pin") + ", has dialled " +
            std::to_string(number_in(key, "times")) + "x",
        "if it is a site's new key, and its administrator confirms that: pin it; else it is none of "
        "yours",
        last);
  }
}

void check_invitations(const HubFacts& facts, Report& report) {
  if (!facts.invitations || !facts.invitations->is_array()) return;
  for (const control::Json& one : *facts.invitations) {
    const std::string state = text_in(one, "state");
    const std::string site = text_in(one, "site");
    const bool is_known = std::any_of(facts.sites.begin(), facts.sites.end(),
                                      [&](const settings::Site& known) { return known.name == site; });
    if (const std::string trouble = text_in(one, "trouble"); !trouble.empty())
      report.wrong("site " + site, "it has joined, and cannot be made here: " + trouble,
                   "remove the cause; relayd makes it then by itself");
    else if (state == "tried too often")
      report.warning("site " + site, "its invitation has ended, because it was tried with wrong secrets",
                     "find out who has seen it, then invite anew: relayctl invite " + site);
    else if (state == "expired" && !is_known)
      report.warning("site " + site, "its invitation has expired, and nobody has joined by it",
                     "relayctl invite " + site + " again; or forget it: relayctl uninvite " + site,
                     time_in(one, "expires"));
  }
}

}  // namespace tsmtp::diagnosis
