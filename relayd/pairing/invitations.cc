#include "relayd/pairing/invitations.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/pairing/token.h"

namespace tsmtp::pairing {
namespace {

constexpr std::string_view kVersion = "tsmtp-invitations 1";
constexpr std::array<std::pair<State, std::string_view>, 5> kStates{{{State::kOpen, "open"},
                                                                     {State::kAccepted, "accepted"},
                                                                     {State::kUsed, "used"},
                                                                     {State::kWithdrawn, "withdrawn"},
                                                                     {State::kTried, "tried"}}};
constexpr std::string_view kNothing = "-";
constexpr std::size_t kFields = 14;  // that each has, without the last time

std::string seconds_text(base::WallTime time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

// Neither a blank nor a comma is in a name, a domain or an address.
std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : ",") + word;
  return out;
}

std::string_view state_text(State state) {
  for (const auto& [known, text] : kStates)
    if (known == state) return text;
  return kNothing;
}

std::string line_of(const Invitation& one) {
  std::string out;
  for (const std::string& field :
       {base::hex(one.id), base::hex(one.stored_secret), one.site, joined(one.domains),
        joined(one.own_domains), one.dial, seconds_text(one.made), seconds_text(one.expires),
        std::to_string(one.wrong_tries), std::string(state_text(one.state)), base::hex(one.pin),
        one.joiner.name, joined(one.joiner.domains), joined(one.joiner.dial)})
    out += (field.empty() ? std::string(kNothing) : field) + ' ';
  out += seconds_text(one.accepted);
  return out + (one.hub_of.empty() ? "" : ' ' + one.hub_of) + '\n';
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  if (text == kNothing) return out;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');)
    out.push_back(word);
  return out;
}

std::optional<std::string> unhex(const std::string& text) {
  if (text == kNothing) return std::string();
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
    base::put_u8(out, static_cast<std::uint8_t>(byte));
  }
  return out;
}

template <typename Number>
bool take_number(const std::string& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool take_time(const std::string& text, base::WallTime& out) {
  std::int64_t seconds = 0;
  if (!take_number(text, seconds) || seconds < 0 || seconds > base::kLastSecond) return false;
  out = base::wall_time(seconds);
  return true;
}

bool take_state(const std::string& text, State& out) {
  for (const auto& [state, name] : kStates)
    if (name == text) {
      out = state;
      return true;
    }
  return false;
}

std::string text_or_nothing(const std::string& field) {
  return field == kNothing ? "" : field;
}

// All of it has been checked before it was written, and comes to stand in a file of ours, or goes to a peer.
bool is_sound(const Invitation& one) {
  const auto are_domains = [](const std::vector<std::string>& domains) {
    return !domains.empty() && checked_domains(domains);
  };
  if (!one.hub_of.empty() && !is_site_name(one.hub_of)) return false;
  if (!is_site_name(one.site) || !are_domains(one.domains) || !are_domains(one.own_domains)) return false;
  if (!one.dial.empty() && !check_addresses({one.dial})) return false;
  if (one.state != State::kAccepted && one.state != State::kUsed) return true;
  return !one.pin.empty() && is_site_name(one.joiner.name) && are_domains(one.joiner.domains) &&
         check_addresses(one.joiner.dial).has_value();
}

std::optional<Invitation> invitation_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> fields;
  for (std::string field; in >> field;)
    fields.push_back(field);
  if (fields.size() != kFields + 1 && fields.size() != kFields + 2) return std::nullopt;
  Invitation one;
  const auto id = unhex(fields[0]);
  const auto secret = unhex(fields[1]);
  const auto pin = unhex(fields[10]);
  if (!id || !secret || !pin || id->size() != kIdBytes || secret->size() != 2 * kSecretBytes ||
      (!pin->empty() && pin->size() != kPinBytes))
    return std::nullopt;
  one.id = *id;
  one.stored_secret = *secret;
  one.pin = *pin;
  one.site = text_or_nothing(fields[2]);
  if (fields.size() > kFields + 1) one.hub_of = fields[kFields + 1];
  one.domains = split(fields[3]);
  one.own_domains = split(fields[4]);
  one.dial = text_or_nothing(fields[5]);
  one.joiner = {.name = text_or_nothing(fields[11]), .domains = split(fields[12]), .dial = split(fields[13])};
  if (!take_time(fields[6], one.made) || !take_time(fields[7], one.expires) ||
      !take_number(fields[8], one.wrong_tries) || !take_state(fields[9], one.state) ||
      !take_time(fields[14], one.accepted) || !is_sound(one))
    return std::nullopt;
  return one;
}

}  // namespace

bool Invitation::is_promised(base::WallTime now) const {
  return state == State::kAccepted && now < std::max(expires, accepted + kPromised);
}

Invitation* Invitations::find(std::string_view id) {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one.id == id; });
  return found == all_.end() ? nullptr : &*found;
}

Invitation* Invitations::promised_to(std::string_view pin, base::WallTime now) {
  const auto found = std::find_if(all_.begin(), all_.end(),
                                  [&](const auto& one) { return one.pin == pin && one.is_promised(now); });
  return found == all_.end() ? nullptr : &*found;
}

bool Invitations::is_promised_to(std::string_view pin, base::WallTime now) const {
  return std::any_of(all_.begin(), all_.end(),
                     [&](const auto& one) { return one.pin == pin && one.is_promised(now); });
}

Invitation* Invitations::pending_for(std::string_view site, base::WallTime now) {
  const auto found = std::find_if(all_.rbegin(), all_.rend(), [&](const auto& one) {
    return one.site == site && (one.is_open(now) || one.is_promised(now));
  });
  return found == all_.rend() ? nullptr : &*found;
}

const Invitation* Invitations::pending_with(const std::string& domain, base::WallTime now) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const auto& one) {
    return (one.is_open(now) || one.is_promised(now)) &&
           std::count(one.domains.begin(), one.domains.end(), domain) > 0;
  });
  return found == all_.end() ? nullptr : &*found;
}

bool Invitations::settle(const Taken& taken) {
  bool are_any = false;
  for (Invitation& one : all_) {
    if (one.state != State::kAccepted) continue;
    if (is_revoked(one.pin, taken)) {
      one.state = State::kWithdrawn;
    } else if (site_of_key(one.pin, taken) != nullptr) {
      one.state = State::kUsed;
    } else {
      continue;
    }
    are_any = true;
  }
  return are_any;
}

base::Result<void> Invitations::add(Invitation invitation) {
  if (all_.size() >= kMaxInvitations)
    return base::Error{"there are " + std::to_string(all_.size()) +
                       " invitations already; `relayctl uninvite` withdraws those that nobody needs"};
  all_.push_back(std::move(invitation));
  return {};
}

void Invitations::forget_old(base::WallTime now) {
  std::erase_if(all_, [&](const Invitation& one) {
    if (one.is_open(now) || one.is_promised(now)) return false;
    return now >= std::max(one.expires, one.accepted) + kRemembered;
  });
  // Invitations that are of no use any more make room.
  while (all_.size() >= kMaxInvitations) {
    const auto useless = std::find_if(all_.begin(), all_.end(), [&](const Invitation& one) {
      return !one.is_open(now) && !one.is_promised(now);
    });
    if (useless == all_.end()) return;
    all_.erase(useless);
  }
}

std::string Invitations::to_text() const {
  std::string out = std::string(kVersion) + '\n';
  for (const Invitation& one : all_)
    out += line_of(one);
  return out;
}

base::Result<Invitations> Invitations::from_text(std::string_view text) {
  Invitations out;
  std::istringstream in{std::string(text)};
  std::string line;
  if (!std::getline(in, line) || line != kVersion)
    return base::Error{"is no list of invitations of this version"};
  for (int number = 2; std::getline(in, line); ++number) {
    auto one = invitation_of(line);
    if (!one || out.all_.size() == kMaxInvitations)
      return base::Error{"line " + std::to_string(number) + " is no invitation"};
    out.all_.push_back(std::move(*one));
  }
  return out;
}

}  // namespace tsmtp::pairing
