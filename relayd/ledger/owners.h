// Which configured site a row of the ledger belongs to. A site is its key (P7): it may be renamed, and what
// is remembered of it goes with it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace tsmtp::ledger {

inline constexpr std::size_t kPinBytes = 32;

class Owners {
 public:
  /// The configured sites by name, each with its pins (kPinBytes each).
  using Sites = std::map<std::string, std::vector<std::string>>;

  /// Before the first call every name is taken for a configured site's.
  void set(Sites sites) {
    sites_ = std::move(sites);
    is_set_ = true;
  }
  [[nodiscard]] const Sites& sites() const { return sites_; }

  /// The site that has the key today; where no site has it (or `pin` is empty), the site of that name. Empty:
  /// neither is configured any more, the row is anybody's who can name what is in it.
  [[nodiscard]] std::string owner(const std::string& name, const std::string& pin) const;

  /// The key under which a row of that site is written: the first of its pins. Zeros when it has none.
  [[nodiscard]] std::string pin_of(const std::string& name) const;

 private:
  Sites sites_;
  bool is_set_ = false;
};

}  // namespace tsmtp::ledger
