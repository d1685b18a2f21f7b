#include "relayd/forward/offer.h"

#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::forward {
namespace {

// The first byte of a notice says what it is about; 1 to 3 are the MTA's and the keys'.
constexpr std::uint8_t kNoticeOffer = 4;
constexpr std::size_t kMaxText = 255;

void put_notice_text(std::string& out, std::string_view text) {
  text = text.substr(0, kMaxText);
  base::put_u8(out, static_cast<std::uint8_t>(text.size()));
  out += text;
}

/// Takes a text with its length off the front; false where it is cut short.
bool take_text(std::string_view& bytes, std::string& out) {
  if (bytes.empty()) return false;
  const std::size_t size = base::get_u8(bytes);
  if (bytes.size() < 1 + size) return false;
  out = bytes.substr(1, size);
  bytes.remove_prefix(1 + size);
  return true;
}

}  // namespace

bool is_about_services(std::string_view notice) {
  return !notice.empty() && base::get_u8(notice) == kNoticeOffer;
}

std::string encode_notice(const Offer& offer) {
  std::string out;
  base::put_u8(out, kNoticeOffer);
  base::put_u8(out, static_cast<std::uint8_t>(offer.state));
  put_notice_text(out, offer.service);
  put_notice_text(out, offer.parameter);
  put_notice_text(out, offer.cause);
  return out;
}

base::Result<Offer> decode_notice(std::string_view notice) {
  constexpr std::size_t kHeadBytes = 2;
  const base::Error malformed{"peer sent a malformed notice of a service"};
  if (notice.size() < kHeadBytes) return malformed;
  Offer offer;
  offer.state = static_cast<Offer::State>(base::get_u8(notice.substr(1)));
  if (offer.state != Offer::State::kAnswers && offer.state != Offer::State::kSilent &&
      offer.state != Offer::State::kWithdrawn)
    return malformed;
  notice.remove_prefix(kHeadBytes);
  if (!take_text(notice, offer.service) || !take_text(notice, offer.parameter) ||
      !take_text(notice, offer.cause) || offer.service.empty())
    return malformed;
  offer.cause = base::escaped(offer.cause);
  return offer;
}

void Offers::put(Offer offer, base::WallTime now) {
  if (offer.state == Offer::State::kWithdrawn) {
    known_.erase(offer.service);
    return;
  }
  const auto found = known_.find(offer.service);
  if (found == known_.end()) {
    std::string name = offer.service;
    if (known_.size() < kMost) known_.emplace(std::move(name), Known{std::move(offer), now});
    return;
  }
  Known& known = found->second;
  if (known.offer.state != offer.state) known.since = now;
  known.offer = std::move(offer);
  known.is_said = true;
}

bool Offers::expect_anew() {
  for (auto& [service, known] : known_)
    known.is_said = false;
  return !known_.empty();
}

bool Offers::drop_unsaid() {
  return std::erase_if(known_, [](const auto& each) { return !each.second.is_said; }) > 0;
}

const Offers::Known* Offers::find(const std::string& service) const {
  const auto found = known_.find(service);
  return found == known_.end() ? nullptr : &found->second;
}

}  // namespace tsmtp::forward
