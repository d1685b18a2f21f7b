// Two hubs tell each other of their keys over the link: ours to a peer that has not confirmed it, and what we
// have written down of the peer's.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/keys/announcement.h"
#include "relayd/net/link/site_link.h"

namespace tsmtp::net {

class KeyNotices {
 public:
  /// Both are borrowed and outlive it.
  KeyNotices(const SharedByLinks& shared, SiteLink& link) : shared_(shared), link_(link) {}

  /// Our present key, to a peer that understands it and has not confirmed it. To be called when the link has
  /// come up, and when there is a new key.
  void announce();
  /// The peer has said something about keys. An error: it is refused, and changes nothing.
  [[nodiscard]] base::Result<void> heard(std::string_view notice);
  /// Confirms what could not be written when it was heard. To be called now and then.
  void tick();

 private:
  [[nodiscard]] base::Result<void> heard_chain(keys::Chain chain);

  const SharedByLinks& shared_;
  SiteLink& link_;
  std::string unconfirmed_;  // a key of the peer's that is not on the disk yet; empty: none
};

}  // namespace tsmtp::net
