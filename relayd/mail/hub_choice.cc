#include "relayd/mail/hub_choice.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace tsmtp::mail {
namespace {

// No limit is the largest.
std::uint64_t limit_of(std::uint64_t size) {
  return size == 0 ? UINT64_MAX : size;
}

std::optional<std::uint64_t> smaller_size(std::optional<std::uint64_t> one,
                                          std::optional<std::uint64_t> other) {
  if (!one || !other) return std::nullopt;
  return limit_of(*one) < limit_of(*other) ? one : other;
}

}  // namespace

std::size_t choose_hub(const std::vector<HubStanding>& hubs, settings::Prefer prefer) {
  const auto rank = [prefer](const HubStanding& hub) {
    const bool is_spread = prefer == settings::Prefer::kSpread;
    return std::tuple(!hub.offers_enough, hub.state, is_spread ? hub.under_way : 0,
                      is_spread ? hub.last_given : 0);
  };
  const auto best = std::min_element(
      hubs.begin(), hubs.end(),
      [&](const HubStanding& one, const HubStanding& other) { return rank(one) < rank(other); });
  return static_cast<std::size_t>(best - hubs.begin());
}

smtp::Extensions offered_by_both(const smtp::Extensions& one, const smtp::Extensions& other) {
  smtp::Extensions both{.pipelining = one.pipelining && other.pipelining,
                        .eight_bit_mime = one.eight_bit_mime && other.eight_bit_mime,
                        .dsn = one.dsn && other.dsn,
                        .enhanced_status_codes = one.enhanced_status_codes && other.enhanced_status_codes,
                        .chunking = one.chunking && other.chunking,
                        .smtputf8 = one.smtputf8 && other.smtputf8,
                        .size = smaller_size(one.size, other.size)};
  if (one.deliver_by && other.deliver_by) both.deliver_by = std::max(*one.deliver_by, *other.deliver_by);
  return both;
}

// Pipelining is between the client and us. Enhanced status codes are in every reply of ours.
bool offers_all(const smtp::Extensions& has, const smtp::Extensions& announced) {
  const auto has_it = [](bool wanted, bool there) { return there || !wanted; };
  const bool takes_size = !announced.size || limit_of(has.size.value_or(0)) >= limit_of(*announced.size);
  const bool delivers_by =
      !announced.deliver_by || (has.deliver_by && *has.deliver_by <= *announced.deliver_by);
  return has_it(announced.eight_bit_mime, has.eight_bit_mime) && has_it(announced.dsn, has.dsn) &&
         has_it(announced.chunking, has.chunking) && has_it(announced.smtputf8, has.smtputf8) && takes_size &&
         delivers_by;
}

}  // namespace tsmtp::mail
