#include "sendmail/plan/proof.h"

#include <algorithm>
#include <set>

#include "relayd/base/bytes.h"
#include "sendmail/plan/table_plan.h"

namespace tsmtp::sendmail {
namespace {

constexpr std::string_view kPrompt = "> ";

/// The text behind each prompt, up to the next.
std::vector<std::string_view> answers_in(std::string_view text) {
  std::vector<std::string_view> answers;
  std::size_t at = text.starts_with(kPrompt) ? 0 : text.find("\n> ");
  while (at != std::string_view::npos) {
    const std::size_t begin =
        at + (at == 0 && text.starts_with(kPrompt) ? kPrompt.size() : kPrompt.size() + 1);
    at = text.find("\n> ", begin - 1);
    answers.push_back(text.substr(begin, at == std::string_view::npos ? at : at - std::min(at, begin)));
  }
  return answers;
}

/// The line "mailer tsmtp, host [127.0.5.2], user anna@birl.example" of an answer, or what it ends with.
std::string_view verdict(std::string_view answer) {
  while (answer.ends_with('\n'))
    answer.remove_suffix(1);
  const std::size_t line = answer.rfind('\n');
  return line == std::string_view::npos ? answer : answer.substr(line + 1);
}

std::string contradiction(const Expectation& expected, std::string_view said) {
  const std::string found = expected.address + ": sendmail says \"" + base::escaped(said, 160) + "\", not ";
  if (expected.held) return said.starts_with("mailer *error*,") ? "" : found + "that it waits";
  const bool is_ours = said.starts_with("mailer tsmtp,");
  if (expected.host.empty()) {
    // An administrator may refuse other mail; a mail that our own rules hold back is a mistake of ours.
    const bool is_ours_held = said.find("tunnel-only") != std::string_view::npos;
    const bool is_elsewhere = said.starts_with("mailer ") && !is_ours && !is_ours_held;
    return is_elsewhere ? "" : found + "a mailer other than tsmtp";
  }
  return said.starts_with("mailer tsmtp, host " + expected.host + ",")
             ? ""
             : found + "mailer tsmtp, host " + expected.host;
}

}  // namespace

std::string questions_of(const Plan& plan) {
  std::string questions;
  for (const Expectation& expected : plan.expectations)
    questions += "/parse " + expected.address + '\n';
  return questions + "$=w\n";
}

std::vector<std::string> contradictions(const Plan& plan, std::string_view answers) {
  const std::vector<std::string_view> all = answers_in(answers);
  if (all.size() <= plan.expectations.size())
    return {"sendmail -bt ends early; it says: " + base::escaped(verdict(answers), 200)};
  std::vector<std::string> wrong;
  for (std::size_t i = 0; i < plan.expectations.size(); ++i) {
    if (std::string what = contradiction(plan.expectations[i], verdict(all[i])); !what.empty())
      wrong.push_back(std::move(what));
  }
  const std::vector<std::string> names = words_of(all[plan.expectations.size()]);
  const std::set<std::string> local(names.begin(), names.end());
  for (const std::string& domain : plan.own_domains) {
    if (!local.contains(domain))
      wrong.push_back(
          domain + ", this hub's own, is not in sendmail's class w: the first mail from a site would bounce");
  }
  return wrong;
}

}  // namespace tsmtp::sendmail
