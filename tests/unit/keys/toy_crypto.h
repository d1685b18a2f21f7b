// Cryptography that a test can read: a key's pin is its name, and a signature says who signed what.
#pragma once

#include <string>
#include <vector>

#include "relayd/keys/judge.h"

namespace tsmtp::keys {

class ToyCrypto : public Crypto {
 public:
  [[nodiscard]] std::string pin_of(std::string_view key) const override {
    std::string pin(key);
    pin.resize(kPinBytes, '.');
    return pin;
  }
  [[nodiscard]] bool is_signed(std::string_view key, std::string_view message,
                               std::string_view signature) const override {
    ++verified;
    return signature == sign(key, message);
  }
  [[nodiscard]] static std::string sign(std::string_view key, std::string_view message) {
    return "by " + std::string(key) + ':' + std::to_string(std::hash<std::string_view>{}(message));
  }

  mutable int verified = 0;
};

inline std::string toy_pin(const std::string& key) {
  return ToyCrypto().pin_of(key);
}

/// From key to key, each step signed by both.
inline Chain toy_chain(const std::vector<std::string>& keys, std::uint32_t first_serial = 1) {
  Chain chain{.first = keys.front(), .steps = {}};
  for (std::size_t i = 1; i < keys.size(); ++i) {
    Step step;
    step.serial = first_serial + static_cast<std::uint32_t>(i) - 1;
    step.made = 1'000'000;
    step.key = keys[i];
    const std::string said = statement(toy_pin(keys[i - 1]), step);
    step.by_old = ToyCrypto::sign(keys[i - 1], said);
    step.by_new = ToyCrypto::sign(keys[i], said);
    chain.steps.push_back(std::move(step));
  }
  return chain;
}

inline Shown toy_shown(const std::vector<std::string>& keys, std::uint32_t first_serial = 1) {
  Shown shown{.pins = {}};
  for (const std::string& key : keys)
    shown.pins.push_back(toy_pin(key));
  if (keys.size() > 1) shown.chain = toy_chain(keys, first_serial);
  return shown;
}

}  // namespace tsmtp::keys
