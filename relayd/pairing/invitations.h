// The invitations that this hub has given out, and their states: a book that outlives restarts. Of a secret
// it holds a hash that can check a proof, and nothing that can make one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/pairing/introductions.h"
#include "relayd/pairing/message.h"

namespace tsmtp::pairing {

inline constexpr std::size_t kMaxInvitations = 100;
inline constexpr unsigned kMaxTries = 10;
/// How long one that has ended is remembered, so that a hub that comes with it is told why.
inline constexpr std::chrono::hours kRemembered{7 * 24};
/// The shortest time that a promise to a hub that has joined holds: that hub has its site already.
inline constexpr std::chrono::hours kPromised{7 * 24};

enum class State {
  kOpen,
  kAccepted,  ///< promised to a key: its site is made when that key first shows up on the link
  kUsed,      ///< and that has happened
  kWithdrawn,
  kTried,  ///< with wrong secrets, too often
};

struct Invitation {
  std::string id;
  std::string stored_secret;
  std::string site;                      ///< the name that the hub gets here
  std::string hub_of;                    ///< of which site it becomes a hub more; empty: it is a new site
  std::vector<std::string> domains;      ///< that it may have
  std::vector<std::string> own_domains;  ///< that it is told are ours
  std::string dial;                      ///< where it was told to dial
  base::WallTime made{};
  base::WallTime expires{};
  unsigned wrong_tries = 0;
  State state = State::kOpen;
  // From kAccepted on.
  std::string pin;  ///< of its key
  Introduction joiner;
  base::WallTime accepted{};

  /// Whether somebody can still join by it. Only our own clock matters.
  [[nodiscard]] bool is_open(base::WallTime now) const { return state == State::kOpen && now < expires; }
  /// Whether its site is made as soon as its key shows up.
  [[nodiscard]] bool is_promised(base::WallTime now) const;
};

class Invitations {
 public:
  [[nodiscard]] const std::vector<Invitation>& all() const { return all_; }
  [[nodiscard]] Invitation* find(std::string_view id);
  /// The one for this key whose site is still to be made; null if there is none.
  [[nodiscard]] Invitation* promised_to(std::string_view pin, base::WallTime now);
  [[nodiscard]] bool is_promised_to(std::string_view pin, base::WallTime now) const;
  /// Whether any hub could want to join, or to be told why it cannot.
  [[nodiscard]] bool empty() const { return all_.empty(); }

  /// An id that no other has must be given. Refused where there are too many.
  [[nodiscard]] base::Result<void> add(Invitation invitation);
  /// The newest of this site that somebody could still join by, or that is promised.
  [[nodiscard]] Invitation* pending_for(std::string_view site, base::WallTime now);
  /// The first that somebody could still join by, or that is promised, and that names this domain.
  [[nodiscard]] const Invitation* pending_with(const std::string& domain, base::WallTime now) const;
  /// Ends promises: those to a key that a site has by now are used, or a site that is removed would come
  /// back; those to a key that is revoked are withdrawn. Whether there were any.
  bool settle(const Taken& taken);
  /// Forgets those that ended long ago.
  void forget_old(base::WallTime now);

  /// For the file: a line each. Wall-clock times in seconds.
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] static base::Result<Invitations> from_text(std::string_view text);

 private:
  std::vector<Invitation> all_;
};

}  // namespace tsmtp::pairing
