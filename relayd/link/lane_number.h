// Which of a link's lanes: a lane carries one session, on one connection at a time. A number that a peer
// sends becomes a LaneNumber only where the link has such a lane.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>

namespace tsmtp::link {

class LaneNumber {
 public:
  /// That of a link with so many `lanes`; nothing if it has none of that number.
  [[nodiscard]] static constexpr std::optional<LaneNumber> of(std::size_t number, std::size_t lanes) {
    if (number >= lanes) return std::nullopt;
    return LaneNumber(number);
  }
  /// Every link has it.
  [[nodiscard]] static constexpr LaneNumber first() { return LaneNumber(0); }

  [[nodiscard]] constexpr std::size_t index() const { return index_; }
  friend constexpr auto operator<=>(LaneNumber, LaneNumber) = default;

 private:
  explicit constexpr LaneNumber(std::size_t index) : index_(index) {}

  std::size_t index_;
};

}  // namespace tsmtp::link
