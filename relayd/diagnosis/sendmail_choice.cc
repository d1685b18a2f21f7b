#include "relayd/diagnosis/sendmail_choice.h"

#include <algorithm>
#include <optional>

namespace tsmtp::diagnosis {
namespace {

constexpr std::string_view kMailer = "mailer ";
constexpr std::string_view kHost = ", host ";
constexpr std::string_view kUser = ", user ";
constexpr std::string_view kErrorMailer = "*error*";

// "mailer tsmtp, host [127.0.5.2], user anna@birl.example". A mailer that needs no host has none.
SendmailChoice choice_of(std::string_view line) {
  line.remove_prefix(kMailer.size());
  SendmailChoice choice;
  if (const std::size_t user = line.find(kUser); user != line.npos) {
    choice.user = line.substr(user + kUser.size());
    line = line.substr(0, user);
  }
  if (const std::size_t host = line.find(kHost); host != line.npos) {
    choice.host = line.substr(host + kHost.size());
    line = line.substr(0, host);
  }
  choice.mailer = line;
  return choice;
}

// mailer *error*, host 4.7.0, user "451 birl.example is tunnel-only": the enhanced status code in the place
// of the host, the rest of the reply in that of the user.
std::string refusal_of(const SendmailChoice& error) {
  std::string_view reply = error.user;
  if (reply.starts_with('"')) reply.remove_prefix(1);
  if (reply.ends_with('"')) reply.remove_suffix(1);
  const std::size_t code_end = std::min(reply.find(' '), reply.size());
  const std::string code = error.host.empty() ? "" : ' ' + error.host;
  return std::string(reply.substr(0, code_end)) + code + std::string(reply.substr(code_end));
}

}  // namespace

std::string question_of(std::string_view address) {
  return "/parse " + std::string(address) + '\n';
}

base::Result<SendmailChoice> read_choice(std::string_view answer) {
  std::optional<SendmailChoice> choice;
  while (!answer.empty()) {
    const std::string_view line = answer.substr(0, answer.find('\n'));
    answer.remove_prefix(std::min(answer.size(), line.size() + 1));
    if (line.starts_with(kMailer)) choice = choice_of(line);
  }
  if (!choice) return base::Error{"sendmail -bt did not say which mailer it would use"};
  if (choice->mailer != kErrorMailer) return *choice;
  return SendmailChoice{.mailer = {}, .host = {}, .user = {}, .refusal = refusal_of(*choice)};
}

}  // namespace tsmtp::diagnosis
