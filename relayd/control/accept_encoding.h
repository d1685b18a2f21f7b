// Which coding of an answer an HTTP client takes (RFC 9110, section 12.5.3).
#pragma once

#include <string_view>

namespace tsmtp::control {

/// Whether gzip may be sent, and is no less welcome than the page as it is. `accept_encoding`: the field's
/// value; of several fields their values with commas between. A weight that is none forbids its coding.
[[nodiscard]] bool takes_gzip(std::string_view accept_encoding);

}  // namespace tsmtp::control
