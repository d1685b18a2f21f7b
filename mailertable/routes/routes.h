// The lines of a mailertable that follow from the entries of a directory, each with the place that it comes
// from, so that whatever is wrong with it can be said of the entry.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/diagnostic.h"
#include "relayd/base/domain.h"

namespace tsmtp::mailertable {

/// Where something stands in a directory.
struct Origin {
  std::string dn;
  std::string attribute;  ///< empty: the entry as a whole
  std::string value;

  /// For the head of a finding, in which it will be escaped: `cn=x,dc=y: tsmtpDomain "birl.example"`.
  [[nodiscard]] base::Location place() const;
};

struct RouteLine {
  std::string key;    ///< as it is stored: in lower case, without blanks around
  std::string value;  ///< without blanks around
  Origin origin;
  bool is_of_sendmail = false;  ///< by sendmail's schema, in which two records for one key are none
};

struct Routes {
  std::vector<RouteLine> lines;  ///< their keys differ, and neither they nor the values hold a line end
  std::map<std::string, base::DomainSet> domains;  ///< behind each site that the directory and relayd know
  std::set<std::string, std::less<>> let_go;       ///< domains that need not be held when they are gone
  base::Diagnostics findings;
};

/// `routes` as the text of a mailertable: a heading, then their lines, each below the name of its entry.
/// `line_of` becomes for each line of the text the index of its route, or -1.
[[nodiscard]] std::string text_of(const Routes& routes, std::vector<int>& line_of);

/// `text` without the blanks that LDAP does not see.
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace tsmtp::mailertable
