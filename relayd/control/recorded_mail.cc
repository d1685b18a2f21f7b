#include "relayd/control/recorded_mail.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string>

#include "relayd/control/field.h"

namespace tsmtp::control {
namespace {

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

// "2026-03-01T12:03:04.056Z".
std::optional<base::WallTime> time_of(const std::string& text) {
  std::tm utc{};
  const char* const rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (rest == nullptr) return std::nullopt;
  long milliseconds = 0;
  if (*rest == '.') milliseconds = std::strtol(rest + 1, nullptr, 10);
  return base::WallTime::clock::from_time_t(timegm(&utc)) + std::chrono::milliseconds(milliseconds % 1000);
}

std::optional<std::string> bytes_of(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const std::string digits = hex.substr(i, 2);
    char* end = nullptr;
    out += static_cast<char>(std::strtol(digits.c_str(), &end, 16));
    if (*end != '\0') return std::nullopt;
  }
  return out.size() == mail::kTransactionIdBytes ? std::optional(out) : std::nullopt;
}

smtp::Reply reply_of(const Json& object) {
  const std::string text = text_of(object, "reply");  // with its code
  constexpr std::size_t kCodeBytes = 4;
  return {.code = static_cast<int>(number_of(object, "code")),
          .lines = {text.size() > kCodeBytes ? text.substr(kCodeBytes) : std::string()}};
}

// The parts that the record has, one behind the other.
void set_stages(mail::Summary& summary, const Json& parts) {
  const auto after = [begun = base::TimePoint{}](std::int64_t milliseconds) {
    return begun + std::chrono::milliseconds(milliseconds);
  };
  const bool is_out = summary.direction == mail::Direction::kOut;
  const std::int64_t connecting = number_of(parts, "connecting");
  const std::int64_t content = is_out ? number_of(parts, "near_mta") : number_of(parts, "link") + connecting;
  summary.stages.reached(mail::Stage::kBegun, after(0));
  summary.stages.reached(mail::Stage::kEndOfContent, after(content));
  if (summary.reply.is_positive())
    summary.stages.reached(mail::Stage::kReplied, after(content + number_of(parts, "far_mta") - connecting +
                                                        (is_out ? number_of(parts, "link") : 0)));
  summary.stages.reached(mail::Stage::kAnswered, after(number_of(parts, "total")));
  summary.took.total = std::chrono::milliseconds(number_of(parts, "total"));
}

}  // namespace

std::optional<mail::TracedMail> recorded_mail(std::string_view line) {
  const Json record = Json::parse(line, nullptr, false);
  if (!record.is_object() || text_of(record, "kind") != "mail") return std::nullopt;
  const auto time = time_of(text_of(record, "time"));
  auto transaction = bytes_of(text_of(record, "transaction"));
  const auto parts = record.find("milliseconds");
  const auto recipients = record.find("recipients");
  if (!time || !transaction || parts == record.end() || !parts->is_object() || recipients == record.end() ||
      !recipients->is_array())
    return std::nullopt;
  mail::Summary summary;
  summary.direction = text_of(record, "direction") == "in" ? mail::Direction::kIn : mail::Direction::kOut;
  summary.site = text_of(record, "site");
  summary.hub = text_of(record, "site_hub");
  summary.transaction = *std::move(transaction);
  summary.sender = text_of(record, "sender");
  summary.size_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(number_of(record, "size"), 0));
  summary.reply = reply_of(record);
  for (const Json& recipient : *recipients)
    if (recipient.is_object())
      summary.recipients.push_back({.address = text_of(recipient, "address"), .reply = reply_of(recipient)});
  set_stages(summary, *parts);
  const base::TimePoint end = base::TimePoint{} + summary.took.total;
  return mail::TracedMail{
      .summary = std::move(summary), .state = mail::Traced::State::kEnded, .at = end, .wall = *time};
}

}  // namespace tsmtp::control
