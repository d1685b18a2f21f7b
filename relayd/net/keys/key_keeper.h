// Keeps what sites show, announce and confirm of keys; daemon/ implements it.
#pragma once

#include <string>

#include "relayd/keys/judge.h"

namespace tsmtp::net {

class KeyKeeper {
 public:
  virtual ~KeyKeeper() = default;
  /// The site has shown these keys, and they were accepted: what of them is new is remembered.
  virtual void learn(const std::string& site, const keys::Shown& shown) = 0;
  /// Whether the site has our present key on its disk.
  [[nodiscard]] virtual bool has_confirmed(const std::string& site) const = 0;
  /// The site says that it has that key of ours.
  virtual void confirmed(const std::string& site, const std::string& pin) = 0;
};

}  // namespace tsmtp::net
