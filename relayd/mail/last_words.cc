#include "relayd/mail/last_words.h"

#include <string>
#include <utility>

namespace tsmtp::mail {
namespace {

// The first line alone, as a reply of one line.
std::string first_line(std::string_view reply) {
  std::string line(reply.substr(0, reply.find('\n')));
  if (line.size() > 3) line[3] = ' ';
  return line + '\n';
}

}  // namespace

std::optional<Outcome> outcome_of(std::string_view reply, bool is_cut, std::vector<std::uint16_t> refused) {
  const std::string first = is_cut ? first_line(reply) : std::string();
  std::string_view rest = is_cut ? std::string_view(first) : reply;
  auto said = smtp::ReplyReader().read(rest);
  if (!said) return Outcome{};
  if (!*said) return std::nullopt;
  if (!(*said)->is_positive()) return Outcome{};
  return Outcome{.kind = Outcome::Kind::kKnown, .reply = std::move(**said), .refused = std::move(refused)};
}

}  // namespace tsmtp::mail
