// Internationalised domain names (IDNA 2008, RFC 5891): the ASCII form that DNS, tables and our configuration
// know a name by.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::base {

/// `name` with every label in ASCII: "bücher.example" becomes "xn--bcher-kva.example"; a name that is ASCII
/// already comes back as it is. The error says why it is no domain name.
[[nodiscard]] Result<std::string> ascii_domain(std::string_view name);

}  // namespace tsmtp::base
