#include "relayd/control/pairing_request.h"

#include <charconv>

namespace tsmtp::control {
namespace {

constexpr std::string_view kNone = "-";
constexpr std::string_view kFinal = "final";
constexpr std::string_view kLook = "look";

std::string joined_words(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : ",") + word;
  return out.empty() ? std::string(kNone) : out;
}

std::string one_or_none(const std::string& word) {
  return word.empty() ? std::string(kNone) : word;
}

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<std::string> list_of(const std::string& word) {
  return word == kNone ? std::vector<std::string>() : parts_of(word, ',');
}

std::string word_of(const std::string& word) {
  return word == kNone ? "" : word;
}

}  // namespace

std::string argument_of(const InviteRequest& request) {
  return request.site + ' ' + std::to_string(request.lifetime.count()) + ' ' + one_or_none(request.dial) +
         ' ' + joined_words(request.domains) + ' ' + joined_words(request.own_domains) + ' ' +
         one_or_none(request.hub_of);
}

std::string argument_of(const JoinRequest& request) {
  return std::string(request.is_final ? kFinal : kLook) + ' ' + request.token + ' ' +
         one_or_none(request.site) + ' ' + joined_words(request.own_domains) + ' ' +
         one_or_none(request.listen) + ' ' + one_or_none(request.agreed) + ' ' + one_or_none(request.hub_of);
}

base::Result<InviteRequest> parse_invite(std::string_view argument) {
  const auto words = parts_of(argument, ' ');
  std::int64_t seconds = 0;
  constexpr std::size_t kWords = 6;
  if (words.size() != kWords) return base::Error{"invite SITE SECONDS DIAL DOMAINS OWN HUB_OF was expected"};
  const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), seconds);
  if (error != std::errc() || end != words[1].data() + words[1].size() || seconds <= 0)
    return base::Error{"invite: a number of seconds was expected"};
  return InviteRequest{.site = words[0],
                       .lifetime = std::chrono::seconds(seconds),
                       .dial = word_of(words[2]),
                       .domains = list_of(words[3]),
                       .own_domains = list_of(words[4]),
                       .hub_of = word_of(words[5])};
}

base::Result<JoinRequest> parse_join(std::string_view argument) {
  const auto words = parts_of(argument, ' ');
  constexpr std::size_t kWords = 7;
  if (words.size() != kWords || (words[0] != kFinal && words[0] != kLook))
    return base::Error{"join look|final TOKEN SITE OWN LISTEN AGREED HUB_OF was expected"};
  return JoinRequest{.is_final = words[0] == kFinal,
                     .token = words[1],
                     .site = word_of(words[2]),
                     .own_domains = list_of(words[3]),
                     .listen = word_of(words[4]),
                     .agreed = word_of(words[5]),
                     .hub_of = word_of(words[6])};
}

}  // namespace tsmtp::control
