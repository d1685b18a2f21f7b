#include "relayd/control/status_fields.h"

#include "relayd/base/bytes.h"

namespace tsmtp::control {

std::string label_value(std::string_view value) {
  std::string out = "\"";
  // The backslash of our own \xNN is escaped again.
  for (const char c : base::escaped(value)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace tsmtp::control
