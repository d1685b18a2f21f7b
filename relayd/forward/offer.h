// What a hub tells another of a service that it may reach: a notice of the link (docs/protocol.md,
// "Notices"), and the table of what we were told. A service that a site may not reach is never spoken of.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"

namespace tsmtp::forward {

/// The cause of a service that nobody has looked at yet.
inline constexpr char kNotTried[] = "not tried yet";

struct Offer {
  enum class State : std::uint8_t {
    kAnswers = 1,
    kSilent = 2,     ///< the service does not answer; `cause` says why
    kWithdrawn = 3,  ///< the receiver may not reach it any more
  };
  std::string service{};
  State state = State::kAnswers;
  std::string cause{};
  std::string parameter{};  ///< what its protocol needs to know; any bytes

  friend bool operator==(const Offer&, const Offer&) = default;
};

/// By its first byte. Other notices are somebody else's.
[[nodiscard]] bool is_about_services(std::string_view notice);
[[nodiscard]] std::string encode_notice(const Offer& offer);
/// `notice` is about services, and comes from anybody. The cause comes out escaped.
[[nodiscard]] base::Result<Offer> decode_notice(std::string_view notice);

/// What the hub of a site has told us in this session.
class Offers {
 public:
  struct Known {
    Offer offer;
    base::WallTime since{};  ///< the state is what it is
    bool is_said = true;     ///< since expect_anew()
  };

  /// Of so many services at most: a peer may not make us remember without end.
  static constexpr std::size_t kMost = 1000;

  void put(Offer offer, base::WallTime now);
  void clear() { known_.clear(); }
  /// Another process of the hub speaks from now on, and says which of them hold. Whether there are any.
  bool expect_anew();
  /// Forgets those that it has not said. Whether there were any.
  bool drop_unsaid();
  /// Null: nothing was said of it.
  [[nodiscard]] const Known* find(const std::string& service) const;

 private:
  std::map<std::string, Known> known_;
};

}  // namespace tsmtp::forward
