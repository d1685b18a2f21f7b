// A dialogue with a proxy that says what a script says, in pieces of any size.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/proxy/dialogue.h"

namespace tsmtp::proxy {

using namespace std::string_literals;

struct Played {
  std::vector<std::string> said;  ///< by us: first, and behind each answer
  std::string left;               ///< of the last answer, the hub's
  std::string error;
  bool is_done = false;
};

[[nodiscard]] inline Played play(const settings::Proxy& proxy, const base::HostPort& hub,
                                 const std::vector<std::string>& answers,
                                 std::size_t piece = std::string::npos) {
  Played out;
  const std::unique_ptr<Dialogue> dialogue = begin(proxy, hub);
  out.said.push_back(dialogue->take_output());
  for (const std::string& answer : answers) {
    std::string_view rest = answer;
    while (!rest.empty() && !dialogue->is_done()) {
      const auto taken = dialogue->receive(rest.substr(0, std::min(piece, rest.size())));
      if (!taken) {
        out.error = taken.error().message;
        return out;
      }
      rest.remove_prefix(*taken);
    }
    out.said.push_back(dialogue->take_output());
    out.left = rest;
  }
  out.is_done = dialogue->is_done();
  return out;
}

}  // namespace tsmtp::proxy
