#include "relayd/control/predecessor.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "relayd/control/phrases.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

constexpr std::size_t kNamed = 3;  // in one line

std::string number_text(std::uint64_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string amount_text(const PredecessorStatus& before) {
  return fmt::format("has {}, {} under way, {}", number_text(before.sessions, "session"),
                     mails_text(before.mails), number_text(before.connections, "connection"));
}

std::string held_text(const HeldStatus& held, base::WallTime now) {
  return held.what + ", " + since(held.since, now);
}

}  // namespace

std::string predecessor_text(const PredecessorStatus& before, base::WallTime now) {
  std::string out =
      fmt::format("old process    {}, upgraded {} ({} ago), {}; ends with them, at {} at the latest",
                  before.pid, local_time(before.since, now), span_since(before.since, now),
                  amount_text(before), local_time(before.ends, now));
  for (const HeldStatus& held : before.held)
    out += "\n               " + held_text(held, now);
  return out;
}

std::string predecessor_objection(const PredecessorStatus& before, base::WallTime now) {
  std::string out =
      fmt::format("process {} of before the last upgrade still {}", before.pid, amount_text(before));
  const std::size_t named = std::min(before.held.size(), kNamed);
  for (std::size_t i = 0; i < named; ++i)
    out += (i == 0 ? " (" : "; ") + held_text(before.held[i], now);
  const std::uint64_t others =
      before.mails + before.connections - std::min<std::uint64_t>(named, before.mails + before.connections);
  if (named > 0) out += others > 0 ? fmt::format("; and {} more)", others) : ")";
  return out + ", and ends with them, at " + local_time(before.ends, now) + " at the latest";
}

}  // namespace tsmtp::control
