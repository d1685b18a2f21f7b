// Who handed a mail over at an endpoint: what the bounds of the ledger count by.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tsmtp::ledger {

struct Client {
  static constexpr std::uint32_t kNoUser = ~std::uint32_t{0};
  /// Longer addresses are cut.
  static constexpr std::size_t kMaxAddressBytes = 64;

  // NOLINTNEXTLINE(google-explicit-constructor): a user is a client
  Client(std::uint32_t its_user = kNoUser, const std::string& its_address = {})
      : user(its_user), address(its_address.substr(0, kMaxAddressBytes)) {}

  std::uint32_t user;   ///< of this machine; kNoUser: not known
  std::string address;  ///< of another machine, or its network; empty: it is on this one, or not known

  [[nodiscard]] bool is_known() const { return user != kNoUser || !address.empty(); }
  /// "user 1000", "client 192.0.2.7".
  [[nodiscard]] std::string text() const {
    return address.empty() ? "user " + std::to_string(user) : "client " + address;
  }

  friend auto operator<=>(const Client&, const Client&) = default;
};

}  // namespace tsmtp::ledger
