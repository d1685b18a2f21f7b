#include "relayd/daemon/rotation_texts.h"

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/net/tls/identity.h"

namespace tsmtp::daemon {
namespace {

std::string names_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names)
    out += (out.empty() ? "" : ", ") + base::escaped(name);
  return out;
}

std::string sites_of(const std::vector<keys::Following>& sites) {
  std::string out;
  for (const keys::Following& each : sites)
    out += (out.empty() ? "" : ", ") + base::escaped(each.site);
  return out.empty() ? "there is none" : out;
}

std::string what_happens(const keys::Following& site, const std::string& until) {
  if (!site.can_follow) return "is told when its link comes up";
  if (*site.can_follow) return "is told over its link";
  const std::string loses = until.empty() ? "loses its link" : "is shown the earlier key until " + until;
  return "its relayd knows nothing of rotation: it " + loses + "; upgrade it, or add the new pin there";
}

constexpr char kPairAgain[] =
    "on each of them, `relayctl revoke` with the name of this hub; on both sides, remove the other's file in "
    "sites.d, or its [[site.hub]] there if the site has other hubs, and `relayctl reload`; then `relayctl "
    "invite` and `relayctl join`";

}  // namespace

std::string objection_to(const keys::Rotating& plan, std::chrono::seconds grace) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : "; ") + text; };
  if (!plan.cut_off.empty())
    add("the last of our keys that these sites have confirmed, if any, would drop off the chain, and they "
        "would have to pair again: " +
        names_of(plan.cut_off));
  if (!plan.left_behind.empty() && (!plan.somebody_follows || grace == std::chrono::seconds::zero()))
    add("these sites run a relayd that knows nothing of rotation, and lose their links when the earlier key "
        "is retired: " +
        names_of(plan.left_behind));
  return out;
}

std::string rotated_text(const Rotated& rotated) {
  const bool is_shown = rotated.grace > std::chrono::seconds::zero();
  const std::string until = is_shown ? base::time_of_day(rotated.retires, rotated.now) : std::string();
  std::string out = "our key is " + net::pin_text(rotated.after) + " now\n  signed by the earlier one, " +
                    net::pin_text(rotated.before) + '\n';
  for (const keys::Following& each : rotated.sites)
    out += "  " + base::escaped(each.site) + ": " + what_happens(each, until) + '\n';
  if (is_shown)
    out += "The earlier key is retired when all sites have confirmed the new one, or at " + until +
           "; relayctl status shows which sites have.\n";
  return out + "Back up rotated.pem in state_dir: without it other hubs refuse this one.\n";
}

std::string before_compromised_text(const std::vector<keys::Following>& sites) {
  return "not replaced: a thief of our key could sign a step from it as well as we, so nothing leads from it "
         "to the new key, and EVERY site refuses this hub from its next connection on, until both have "
         "paired "
         "again: " +
         sites_of(sites) + ". Mail for them waits until then. To pair again: " + kPairAgain +
         ". If the key was not stolen: relayctl rotate. If that is meant: relayctl rotate --compromised "
         "--yes";
}

std::string compromised_text(const std::string& before, const std::string& after,
                             const std::vector<keys::Following>& sites) {
  return "our key is " + net::pin_text(after) + " now; nothing leads to it from the one before, " +
         net::pin_text(before) +
         ".\nEvery site has to pair again, and until then accepts the stolen key: " + sites_of(sites) +
         ".\nDo now: " + kPairAgain +
         ".\nLinks that are up stay until they break. Back up rotated.pem in state_dir.\n";
}

}  // namespace tsmtp::daemon
