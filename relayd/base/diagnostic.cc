#include "relayd/base/diagnostic.h"

#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::base {

std::string to_string(const Diagnostic& diagnostic) {
  constexpr std::size_t kLongestPath = 4096;
  std::string out = escaped(diagnostic.location.file, kLongestPath);  // others may have named it
  if (diagnostic.location.line > 0) {
    out += ':' + std::to_string(diagnostic.location.line);
    if (diagnostic.location.column > 0) out += ':' + std::to_string(diagnostic.location.column);
  }
  out += diagnostic.severity == Severity::kError ? ": error: " : ": warning: ";
  return out + diagnostic.message;
}

void Diagnostics::error(Location location, std::string message) {
  all_.push_back({Severity::kError, std::move(location), std::move(message)});
  ++errors_;
}

void Diagnostics::warning(Location location, std::string message) {
  all_.push_back({Severity::kWarning, std::move(location), std::move(message)});
}

std::string Diagnostics::to_string() const {
  std::string out;
  for (const Diagnostic& diagnostic : all_)
    out += base::to_string(diagnostic) + '\n';
  return out;
}

}  // namespace tsmtp::base
