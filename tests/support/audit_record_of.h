// A hub that keeps an audit record in a file, and what stands there.
#pragma once

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/hub.h"

namespace tsmtp::support {

/// Another line of [hub], once relayd.toml is written.
inline void set_in_hub(const Hub& hub, const std::string& line) {
  const std::string text = read_file(hub.config());
  write_file(hub.config(), "[hub]\n" + line + text.substr(text.find('\n')));
}

inline void keep_audit_record(const Hub& hub) {
  set_in_hub(hub, "audit = \"" + hub.file("audit.jsonl") + '"');
}

[[nodiscard]] inline std::vector<nlohmann::json> json_lines_in(const std::string& path) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(read_file(path));
  for (std::string line; std::getline(text, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

[[nodiscard]] inline std::vector<nlohmann::json> audit_record_of(const Hub& hub) {
  return json_lines_in(hub.file("audit.jsonl"));
}

}  // namespace tsmtp::support
