// A hub's memory of keys, its sites' and its own: those that are revoked for good, the keys to which pinned
// ones have led, and the sites that have confirmed our own. Pins are 32 raw bytes, times seconds since 1970.
// The caller that changes it writes it to the disk (text()) before anybody acts on the change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/keys/chain.h"

namespace tsmtp::keys {

struct Revocation {
  std::string pin;
  std::int64_t when = 0;
  std::string site;  ///< as it was called then
};

/// A signed step that was seen and found true.
struct Learnt {
  std::string from, to;
  std::uint32_t serial = 0;
  std::int64_t when = 0;
};

/// A site has our key `pin`, durably.
struct Confirmation {
  std::string site;
  std::string pin;
  std::int64_t when = 0;
};

class Book {
 public:
  /// Keys of one family; further ones are not learnt. Rotated once a week, that is ten years.
  static constexpr std::size_t kMaxFamily = 512;

  /// Null: it is not revoked.
  [[nodiscard]] const Revocation* revocation(std::string_view pin) const;
  [[nodiscard]] const std::vector<Revocation>& revoked() const { return revoked_; }
  /// With all keys that steps lead to or from. For good: there is no way back.
  void revoke(const std::vector<std::string>& pins, std::string_view site, std::int64_t when);

  /// The last key to which `pin` has led; itself if it has led to none.
  [[nodiscard]] std::string head(const std::string& pin) const;
  /// `pin`, and all to which it has led, in their order.
  [[nodiscard]] std::vector<std::string> descent(const std::string& pin) const;
  /// `pin`, and all from which and to which steps lead.
  [[nodiscard]] std::vector<std::string> family(const std::string& pin) const;
  [[nodiscard]] bool has_step(std::string_view from, std::string_view to) const;
  /// Whether that is new, and there was room for it. A second step from one key is not learnt.
  bool learn(const Learnt& step);

  [[nodiscard]] const Confirmation* confirmation(std::string_view site) const;
  /// Whether that is new.
  bool confirm(const std::string& site, const std::string& pin, std::int64_t when);
  /// Forgets what sites have confirmed that are not among these; whether there were
  /// any.
  bool keep_sites(const std::vector<std::string>& sites);

  /// The whole book, as it stands in the file.
  [[nodiscard]] std::string text() const;
  /// The error names the line. A line that is not understood is an error: a revocation that was passed over
  /// would be none.
  [[nodiscard]] static base::Result<Book> parse(std::string_view text);

 private:
  [[nodiscard]] const Learnt* step_from(std::string_view pin) const;
  [[nodiscard]] bool take_line(std::string_view line);

  std::vector<Revocation> revoked_;
  std::vector<Learnt> learnt_;
  std::vector<Confirmation> confirmed_;
};

}  // namespace tsmtp::keys
