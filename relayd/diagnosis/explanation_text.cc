// An Explanation for people, and for programs.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "relayd/base/bytes.h"
#include "relayd/control/field.h"
#include "relayd/diagnosis/explanation.h"

namespace tsmtp::diagnosis {
namespace {

using control::Json;

const char* word_for(Station::State state) {
  switch (state) {
    case Station::State::kClear:
      return "ok";
    case Station::State::kBlocked:
      return "BLOCKED";
    case Station::State::kUnknown:
      return "?";
  }
  return "";
}

const char* word_for(Explanation::Fate fate) {
  switch (fate) {
    case Explanation::Fate::kArrives:
      return "arrives";
    case Explanation::Fate::kWaits:
      return "waits";
    case Explanation::Fate::kBounces:
      return "bounces";
    case Explanation::Fate::kGoesInClear:
      return "goes in clear";
    case Explanation::Fate::kNotForASite:
      return "not for a site";
    case Explanation::Fate::kNotKnown:
      return "not known";
  }
  return "";
}

const char* sentence_for(Explanation::Fate fate) {
  switch (fate) {
    case Explanation::Fate::kArrives:
      return "The mail would be delivered.";
    case Explanation::Fate::kWaits:
      return "The mail would wait in the queue.";
    case Explanation::Fate::kBounces:
      return "The mail would go back to its sender.";
    case Explanation::Fate::kGoesInClear:
      return "The mail would leave in clear, not over a link.";
    case Explanation::Fate::kNotForASite:
      return "The mail is for no site: tsmtp has nothing to do with it.";
    case Explanation::Fate::kNotKnown:
      return "Nothing speaks against its delivery, but not everything could be looked at.";
  }
  return "";
}

}  // namespace

std::string explanation_text(const Facts& facts, const Explanation& explanation) {
  std::string out =
      fmt::format("To {} from <{}>:\n", base::escaped(facts.recipient), base::escaped(facts.sender));
  for (const Station& one : explanation.stations) {
    out += fmt::format("  {:<9}  {:<7}  {}\n", one.name, word_for(one.state), base::escaped(one.text));
    if (one.state == Station::State::kClear && !one.remedy.empty())
      out += fmt::format("  {:<9}  {:<7}  {}\n", "", "", base::escaped(one.remedy));
  }
  out += sentence_for(explanation.fate);
  if (const Station* const obstacle = explanation.obstacle();
      obstacle != nullptr && !obstacle->remedy.empty())
    out += "\nTo do: " + base::escaped(obstacle->remedy) + '.';
  return out + '\n';
}

std::string explanation_json(const Facts& facts, const Explanation& explanation) {
  Json stations = Json::array();
  for (const Station& one : explanation.stations)
    stations.push_back(Json{{"station", one.name},
                            {"state", one.state == Station::State::kBlocked   ? "blocked"
                                      : one.state == Station::State::kUnknown ? "unknown"
                                                                              : "ok"},
                            {"text", one.text},
                            {"remedy", one.remedy.empty() ? Json(nullptr) : Json(one.remedy)}});
  const Json out{{"recipient", facts.recipient},
                 {"sender", facts.sender},
                 {"fate", word_for(explanation.fate)},
                 {"stations", stations}};
  constexpr int kIndentOfExplanation = 2;
  return out.dump(kIndentOfExplanation, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace tsmtp::diagnosis
