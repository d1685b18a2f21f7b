// Domain names as sendmail's tables write them: `birl.example` is that name alone, `.birl.example` every name
// below it, `.` any name at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"

namespace tsmtp::base {

/// Which domain names something applies to, e.g. what lies behind a site.
class DomainSet {
 public:
  /// Adds `birl.example`, `.birl.example` or `.`; case does not matter. An error says what is wrong with it:
  /// empty or overlong labels, characters that no host name has, non-ASCII where punycode is meant, a
  /// trailing dot, an address (RFC 1035 section 2.3.4, RFC 1123 section 2.1; underscores are let through, as
  /// they are by sendmail).
  [[nodiscard]] Result<void> add(std::string_view pattern);

  /// Whether `domain` is in the set. A trailing dot of `domain` and its case do not matter, nor
  /// whether a label is written in Unicode or in punycode (RFC 5891).
  [[nodiscard]] bool contains(std::string_view domain) const;

  [[nodiscard]] bool empty() const { return patterns_.empty(); }
  /// The patterns, folded to lower case, in the order added.
  [[nodiscard]] const std::vector<std::string>& patterns() const { return patterns_; }

  friend bool operator==(const DomainSet&, const DomainSet&) = default;

 private:
  std::vector<std::string> patterns_;
};

/// Checks one host or domain name without leading or trailing dot; the error says what is wrong with it.
[[nodiscard]] Result<void> check_domain(std::string_view name);

}  // namespace tsmtp::base
