#include "relayd/mail/traffic.h"

#include <utility>

namespace tsmtp::mail {

std::optional<std::string> Traffic::count(const Summary& summary, const std::string& hub,
                                          const std::string& site, base::WallTime now) {
  const bool is_out = summary.direction == Direction::kOut;
  OneWay& way = is_out ? out_ : in_;
  way.took.total += summary.took.total;
  for (const TookPart& part : kTookParts)
    way.took.*part.value += summary.took.*part.value;
  if (summary.reply.is_positive()) {
    way.last_ok = now;
    ++way.counters.ok;
    way.counters.bytes += summary.size_bytes;
    way.counters.link_bytes += summary.link_bytes;
  } else if (summary.reply.is_permanent()) {
    ++way.counters.refused;
  } else {
    ++way.counters.deferred;
  }
  auto refusal = refusal_of(summary, is_out ? hub : site, is_out ? site : hub);
  if (!refusal) return {};
  const bool is_new =
      !refusal->advice.empty() && (!way.last_refused || way.last_refused->advice != refusal->advice);
  way.last_refused = std::move(refusal);
  way.last_refused_at = now;
  return is_new ? std::optional(way.last_refused->advice) : std::nullopt;
}

}  // namespace tsmtp::mail
