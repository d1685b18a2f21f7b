#include "tests/support/link_emulator/options.h"

#include <stdexcept>

namespace tsmtp::support::emulator {
namespace {

double number(const std::string& key, const std::string& text) {
  std::size_t used = 0;
  double value = -1;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || value < 0)
    throw std::invalid_argument(key + ": expected a number, not '" + text + "'");
  return value;
}

}  // namespace

void set(Conditions& conditions, const std::string& key, const std::string& value) {
  if (key == "delay") {
    conditions.delay =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(number(key, value)));
  } else if (key == "rate") {
    conditions.rate_bits = static_cast<std::uint64_t>(number(key, value));
  } else if (key == "queue") {
    conditions.queue_bytes = static_cast<std::uint64_t>(number(key, value));
  } else if (key == "loss") {
    conditions.loss = number(key, value);
  } else if (key == "cut" || key == "uncut") {
    conditions.cut = key == "cut";
  } else {
    throw std::invalid_argument("unknown: " + key);
  }
}

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    if (!arguments[i].starts_with("--") || i + 1 == arguments.size())
      throw std::invalid_argument("expected --KEY VALUE, not '" + arguments[i] + "'");
    const std::string key = arguments[i].substr(2);
    const std::string& value = arguments[i + 1];
    if (key == "seed") {
      options.seed = static_cast<std::uint64_t>(number(key, value));
    } else if (key == "log") {
      options.log = value;
    } else {
      set(options.conditions, key, value);
    }
  }
  return options;
}

}  // namespace tsmtp::support::emulator
