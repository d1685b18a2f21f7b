// What `relayctl top` shows: the sites by what goes over them just now, and what is slow. Made of two answers
// to `status --json`; terminals and clocks are somebody else's.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"

namespace tsmtp::control {

/// What a site has had since relayd's start, and how it stands.
struct TopSite {
  struct OneWay {
    std::uint64_t ok = 0;
    std::uint64_t failed = 0;  ///< refused or put off
    std::uint64_t bytes = 0;
    std::uint64_t total_ms = 0;
    std::array<std::uint64_t, 4> parts_ms{};  ///< near MTA, ledger, link, far MTA
  };
  std::string name;
  std::string state;  ///< "up", "down" …
  std::string cause;  ///< of a link that is not up
  OneWay out{};
  OneWay in{};
  std::uint64_t under_way = 0;
  std::uint64_t in_doubt = 0;
};

struct TopSample {
  base::TimePoint at;
  std::string hub;
  std::uint64_t process = 0;  ///< another one counts from nothing
  std::vector<TopSite> sites{};
};

enum class TopOrder { kMails, kBytes, kDelay, kName };

/// Reads an answer that came at `at`. Whatever is missing there is nothing.
[[nodiscard]] base::Result<TopSample> read_sample(std::string_view status_json, base::TimePoint at);

/// Two lines of the whole hub, a heading, and a line for each site, of at most `width` characters and
/// `height` lines in all. Rates are those between the two samples; without an earlier one, or with one of
/// another process, since the start of nothing: they are 0. Printable ASCII, each line with its line end.
[[nodiscard]] std::string top_text(const std::optional<TopSample>& before, const TopSample& now,
                                   TopOrder order, std::size_t width, std::size_t height);

}  // namespace tsmtp::control
