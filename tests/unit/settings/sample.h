// Configurations for tests: the design's own example, and how to read one that is nearly it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "relayd/settings/reader.h"

namespace tsmtp::settings {

inline const std::string kPinA = "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
inline const std::string kPinB = "sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

inline const std::string kHub = "[hub]\nname = \"tokyo\"\nlisten = [\"[::]:5443\"]\n";

/// A [[site]] of 6 lines; `more` adds to or contradicts it.
inline std::string site(const std::string& name, const std::string& pin, const std::string& more) {
  return "[[site]]\nname = \"" + name + "\"\npin = [\"" + pin +
         "\"]\ndomains = [\"birl.example\"]\nlocal = [\"tokyo.example\"]\n" + more + "\n";
}

inline std::string with_address(const std::string& address) {
  return "address = \"" + address + "\"";
}

struct Outcome {
  std::optional<Config> config;
  std::string findings;
};

inline Outcome read_it(const std::string& text, const std::vector<std::string>& overrides = {}) {
  base::Diagnostics diagnostics;
  auto config = read_text(text, "t.toml", overrides, diagnostics);
  return {std::move(config), diagnostics.to_string()};
}

}  // namespace tsmtp::settings
