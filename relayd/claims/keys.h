// Where in etcd it stands: docs/protocol.md knows none of it, for only the hubs of one site read it.
//   PREFIX/transactions/SITE/ID   what became of that site's transaction; ID in 32 hexadecimal digits
//   PREFIX/hubs/HUB               that hub is there: under a lease of seconds
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relayd/etcd/transaction.h"

namespace tsmtp::claims {

/// A transaction by its name: of the site that it came from, as this hub calls it.
struct Name {
  std::string site;
  std::string transaction;  ///< 16 bytes

  friend auto operator<=>(const Name&, const Name&) = default;
};

class Keys {
 public:
  /// `prefix`: without a slash at the end.
  explicit Keys(std::string prefix) : prefix_(std::move(prefix)) {}

  [[nodiscard]] std::string transaction(const Name& name) const;
  [[nodiscard]] std::string hub(const std::string& name) const { return prefix_ + "/hubs/" + name; }

  /// Of all transactions those behind the key `after`; empty: all.
  [[nodiscard]] etcd::Range transactions(const std::string& after = {}) const;
  [[nodiscard]] etcd::Range hubs() const { return etcd::all_below(prefix_ + "/hubs/"); }

  /// Nothing: it is no such key.
  [[nodiscard]] std::optional<Name> name_in(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> hub_in(std::string_view key) const;

 private:
  std::string prefix_;
};

}  // namespace tsmtp::claims
