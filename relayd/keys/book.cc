#include "relayd/keys/book.h"

#include <algorithm>

namespace tsmtp::keys {
namespace {

bool contains(const std::vector<std::string>& pins, std::string_view pin) {
  return std::find(pins.begin(), pins.end(), pin) != pins.end();
}

}  // namespace

const Revocation* Book::revocation(std::string_view pin) const {
  const auto found = std::find_if(revoked_.begin(), revoked_.end(),
                                  [&](const Revocation& revoked) { return revoked.pin == pin; });
  return found == revoked_.end() ? nullptr : &*found;
}

void Book::revoke(const std::vector<std::string>& pins, std::string_view site, std::int64_t when) {
  for (const std::string& pin : pins)
    for (const std::string& related : family(pin))
      if (revocation(related) == nullptr)
        revoked_.push_back({.pin = related, .when = when, .site = std::string(site)});
}

const Learnt* Book::step_from(std::string_view pin) const {
  const auto found =
      std::find_if(learnt_.begin(), learnt_.end(), [&](const Learnt& step) { return step.from == pin; });
  return found == learnt_.end() ? nullptr : &*found;
}

std::string Book::head(const std::string& pin) const {
  return descent(pin).back();
}

std::vector<std::string> Book::descent(const std::string& pin) const {
  std::vector<std::string> pins{pin};
  for (const Learnt* step = step_from(pin); step != nullptr; step = step_from(step->to)) {
    if (contains(pins, step->to)) break;  // no chain may make us go round and round
    pins.push_back(step->to);
  }
  return pins;
}

std::vector<std::string> Book::family(const std::string& pin) const {
  std::vector<std::string> pins{pin};
  for (std::size_t i = 0; i < pins.size(); ++i) {
    const std::string one = pins[i];
    for (const Learnt& step : learnt_) {
      if (step.from == one && !contains(pins, step.to)) pins.push_back(step.to);
      if (step.to == one && !contains(pins, step.from)) pins.push_back(step.from);
    }
  }
  return pins;
}

bool Book::has_step(std::string_view from, std::string_view to) const {
  const Learnt* const step = step_from(from);
  return step != nullptr && step->to == to;
}

bool Book::learn(const Learnt& step) {
  if (step_from(step.from) != nullptr) return false;
  const auto related = family(step.from);
  if (related.size() >= kMaxFamily || contains(related, step.to)) return false;
  learnt_.push_back(step);
  return true;
}

const Confirmation* Book::confirmation(std::string_view site) const {
  const auto found = std::find_if(confirmed_.begin(), confirmed_.end(),
                                  [&](const Confirmation& known) { return known.site == site; });
  return found == confirmed_.end() ? nullptr : &*found;
}

bool Book::confirm(const std::string& site, const std::string& pin, std::int64_t when) {
  const Confirmation* const known = confirmation(site);
  if (known != nullptr && known->pin == pin) return false;
  std::erase_if(confirmed_, [&](const Confirmation& each) { return each.site == site; });
  confirmed_.push_back({.site = site, .pin = pin, .when = when});
  return true;
}

bool Book::keep_sites(const std::vector<std::string>& sites) {
  return std::erase_if(confirmed_, [&](const Confirmation& known) { return !contains(sites, known.site); }) >
         0;
}

}  // namespace tsmtp::keys
