#include "relayd/control/probe.h"

#include <nlohmann/json.hpp>

#include "relayd/control/field.h"

namespace tsmtp::control {
namespace {

constexpr char kBetween = '\t';

std::optional<std::string> text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

}  // namespace

std::string argument_of(const ProbeRequest& request) {
  return request.site + kBetween + request.sender + kBetween + request.recipient;
}

base::Result<ProbeRequest> parse_probe(std::string_view argument) {
  const std::size_t first = argument.find(kBetween);
  const std::size_t second = argument.find(kBetween, first == argument.npos ? first : first + 1);
  if (second == argument.npos || argument.find(kBetween, second + 1) != argument.npos)
    return base::Error{"probe SITE, sender and recipient, with a tab between, was expected"};
  return ProbeRequest{.site = std::string(argument.substr(0, first)),
                      .sender = std::string(argument.substr(first + 1, second - first - 1)),
                      .recipient = std::string(argument.substr(second + 1))};
}

std::string probe_json(const ProbeAnswer& answer) {
  const Json out{{"link", answer.link},
                 {"key", answer.key},
                 {"refusal", answer.refusal},
                 {"rules", answer.rules},
                 {"mail", text_or_null(answer.mail)},
                 {"recipient", text_or_null(answer.recipient)},
                 {"trouble", answer.trouble}};
  return out.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

base::Result<ProbeAnswer> parse_probe_answer(std::string_view text) {
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) return base::Error{"relayd's answer cannot be read"};
  return ProbeAnswer{.link = text_at(object, "link").value_or(""),
                     .key = text_at(object, "key").value_or(""),
                     .refusal = text_at(object, "refusal").value_or(""),
                     .rules = text_at(object, "rules").value_or(""),
                     .mail = text_at(object, "mail"),
                     .recipient = text_at(object, "recipient"),
                     .trouble = text_at(object, "trouble").value_or("")};
}

}  // namespace tsmtp::control
