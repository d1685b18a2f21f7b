// Findings for people, and for programs.
#include <fmt/format.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/phrases.h"
#include "relayd/control/time_text.h"
#include "relayd/diagnosis/hub/checks.h"

namespace tsmtp::diagnosis {
namespace {

using control::Json;

constexpr std::size_t kLongest = 1000;

const char* word_for(Finding::Severity severity) {
  return severity == Finding::Severity::kWrong ? "WRONG" : "warning";
}

std::size_t count_of(const std::vector<Finding>& findings, Finding::Severity severity) {
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [severity](const Finding& one) { return one.severity == severity; }));
}

/// On one line, and such that it can be copied: a blank does for a tab.
std::string shown(std::string text) {
  std::replace(text.begin(), text.end(), '\t', ' ');
  return base::escaped(text, kLongest);
}

std::string summary(const std::vector<Finding>& findings) {
  const std::size_t wrong = count_of(findings, Finding::Severity::kWrong);
  const std::size_t warnings = count_of(findings, Finding::Severity::kWarning);
  if (findings.empty()) return fmt::format("All of {} checks find this hub well.\n", checks().size());
  return fmt::format("{} wrong, {} {}.\n", wrong, warnings, warnings == 1 ? "warning" : "warnings");
}

}  // namespace

std::string findings_text(const HubFacts& facts, const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& one : findings) {
    out += fmt::format("{:<7}  {}: {}", word_for(one.severity), shown(one.place), shown(one.text));
    if (one.since) out += ", " + control::since(*one.since, facts.now);
    out += '\n';
    if (!one.remedy.empty()) out += fmt::format("{:<7}  to do: {}\n", "", shown(one.remedy));
  }
  for (const std::string& one : facts.not_looked_at)
    out += fmt::format("{:<7}  {}\n", "?", shown(one));
  return out + summary(findings);
}

std::string findings_json(const HubFacts& facts, const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& one : findings)
    list.push_back(Json{{"check", one.check},
                        {"severity", one.severity == Finding::Severity::kWrong ? "wrong" : "warning"},
                        {"place", one.place},
                        {"text", one.text},
                        {"since", one.since ? Json(control::rfc3339(*one.since)) : Json(nullptr)},
                        {"remedy", one.remedy.empty() ? Json(nullptr) : Json(one.remedy)}});
  const Json out{{"now", control::rfc3339(facts.now)},
                 {"wrong", count_of(findings, Finding::Severity::kWrong)},
                 {"warnings", count_of(findings, Finding::Severity::kWarning)},
                 {"findings", list},
                 {"not_looked_at", facts.not_looked_at}};
  constexpr int kIndent = 2;
  return out.dump(kIndent, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace tsmtp::diagnosis
