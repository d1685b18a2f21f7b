#include "relayd/net/resting_session.h"

#include <fmt/format.h>

#include <sstream>

#include "relayd/base/bytes.h"

namespace tsmtp::net {
namespace {

using Protocol = smtp::Resting::Protocol;

// What is said between two relayds has an end (SuccessionChannel).
constexpr std::size_t kLongestHelo = 255;

}  // namespace

// A line of numbers, one with the name in hexadecimal, as a client names itself as it likes, and what EHLO
// said.
std::string to_text(const RestingSession& session) {
  const smtp::Resting& dialogue = session.dialogue;
  std::string text = fmt::format("{} {} {}\n{}\n", static_cast<int>(dialogue.protocol), dialogue.errors,
                                 dialogue.idle_commands, base::hex(dialogue.helo));
  for (const std::string& keyword : smtp::keyword_lines(session.announced))
    text += keyword + '\n';
  return text;
}

bool can_be_told(const smtp::Resting& dialogue) {
  return dialogue.helo.size() <= kLongestHelo;
}

std::optional<RestingSession> resting_session_in(const std::string& text) {
  std::istringstream in(text);
  RestingSession session;
  int protocol = 0;
  std::string line;
  in >> protocol >> session.dialogue.errors >> session.dialogue.idle_commands;
  if (!in || protocol < 0 || protocol > static_cast<int>(Protocol::kLmtp) || !std::getline(in, line) ||
      !std::getline(in, line))
    return {};
  const auto helo = base::unhex(line);
  if (!helo) return {};
  session.dialogue.protocol = static_cast<Protocol>(protocol);
  session.dialogue.helo = *helo;
  smtp::Reply ehlo{.code = 250, .lines = {"greeting"}};
  while (std::getline(in, line))
    ehlo.lines.push_back(line);
  session.announced = smtp::parse_extensions(ehlo);
  return session;
}

}  // namespace tsmtp::net
