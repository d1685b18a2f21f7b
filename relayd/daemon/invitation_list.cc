#include "relayd/daemon/invitation_list.h"

#include <nlohmann/json.hpp>

#include "relayd/base/bytes.h"
#include "relayd/control/time_text.h"
#include "relayd/settings/pin.h"

namespace tsmtp::daemon {
namespace {

using pairing::Invitation;
using pairing::State;
using pairing::Why;

std::string words_with_commas(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string span_between(base::WallTime from, base::WallTime to) {
  return control::span_text(std::chrono::duration_cast<std::chrono::seconds>(to - from));
}

// One word for programs.
std::string_view state_name(const Invitation& one, base::WallTime now) {
  switch (one.state) {
    case State::kOpen:
      return one.is_open(now) ? "open" : "expired";
    case State::kAccepted:
      return one.is_promised(now) ? "accepted" : "expired";
    case State::kUsed:
      return "used";
    case State::kWithdrawn:
      return "withdrawn";
    case State::kTried:
      return "tried too often";
  }
  return "";
}

std::string state_sentence(const Invitation& one, base::WallTime now) {
  const std::string ago = span_between(one.accepted, now) + " ago";
  switch (one.state) {
    case State::kOpen:
      if (!one.is_open(now)) return "expired " + span_between(one.expires, now) + " ago";
      return "open, expires in " + span_between(now, one.expires);
    case State::kAccepted:
      return "taken up by hub " + one.joiner.name + ' ' + ago +
             (one.is_promised(now) ? "; its link has not been up yet" : ", whose link never came up");
    case State::kUsed:
      return "used by hub " + one.joiner.name + ' ' + ago;
    case State::kWithdrawn:
      return "withdrawn";
    case State::kTried:
      return "ended: tried with ten wrong secrets";
  }
  return "";
}

}  // namespace

std::string invitations_text(const std::vector<ListedInvitation>& all, base::WallTime now) {
  if (all.empty()) return "no invitation is out\n";
  std::string out;
  for (const auto& [one, words, trouble] : all) {
    out += one.site + ": " + state_sentence(one, now) + "\n  may have   " + words_with_commas(one.domains) +
           '\n';
    if (one.wrong_tries > 0) out += "  wrong tries  " + std::to_string(one.wrong_tries) + '\n';
    if (!trouble.empty()) out += "  trouble    " + trouble + '\n';
    if (one.pin.empty()) continue;
    out += "  its key    " + settings::pin_text(one.pin) + "\n  words      " + words + '\n';
  }
  return out;
}

std::string invitations_json(const std::vector<ListedInvitation>& all, base::WallTime now) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& [one, words, trouble] : all) {
    nlohmann::ordered_json entry;
    entry["site"] = one.site;
    if (!one.hub_of.empty()) entry["hub_of"] = one.hub_of;
    entry["state"] = state_name(one, now);
    entry["domains"] = one.domains;
    entry["made"] = control::rfc3339(one.made);
    entry["expires"] = control::rfc3339(one.expires);
    entry["wrong_tries"] = one.wrong_tries;
    if (!one.pin.empty()) {
      entry["hub"] = one.joiner.name;
      entry["pin"] = settings::pin_text(one.pin);
      entry["accepted"] = control::rfc3339(one.accepted);
      entry["words"] = words;
      if (!trouble.empty()) entry["trouble"] = trouble;
    }
    out.push_back(std::move(entry));
  }
  return out.dump(2) + '\n';
}

std::string refusal_name(const pairing::Refusal& refusal) {
  const std::string detail = '"' + base::escaped(refusal.detail, 100) + '"';
  switch (refusal.why) {
    case Why::kUnknown:
      return "no such invitation is out";
    case Why::kWrongSecret:
      return "it does not know the secret of the invitation";
    case Why::kTooManyTries:
      return "the invitation was tried with wrong secrets too often";
    case Why::kExpired:
      return "the invitation has expired";
    case Why::kUsed:
      return "the invitation was used with another key";
    case Why::kWithdrawn:
      return "the invitation is withdrawn";
    case Why::kForeignDomain:
      return "it claims the domain " + detail + ", which the invitation does not name";
    case Why::kDomainTaken:
      return "it claims the domain " + detail + ", which is another's";
    case Why::kNameTaken:
      return "there is a site " + detail + " by now";
    case Why::kKeyTaken:
      return "its key is that of " + detail;
    case Why::kKeyRevoked:
      return "its key is revoked";
    case Why::kMalformed:
      return "what it says of itself is wrong: " + detail;
    case Why::kTrouble:
      break;
  }
  return "trouble: " + detail;
}

}  // namespace tsmtp::daemon
