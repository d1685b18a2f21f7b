#include "relayd/control/trace.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "relayd/base/bytes.h"
#include "relayd/control/field.h"
#include "relayd/control/request.h"

namespace tsmtp::control {
namespace {

constexpr char kTab = '\t';
constexpr std::size_t kLeastIdDigits = 4;

// In the order of mail::Stage.
constexpr std::array<const char*, mail::kStages> kStageNames{
    "begun", "connected", "envelope", "end_of_content", "claimed", "replied", "remembered", "answered"};
constexpr std::array<const char*, 3> kStateNames{"unknown", "under way", "ended"};

std::string text_under(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_under(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

Json json_of(const TracedSide& side) {
  Json out{{"hub", side.hub}, {"state", kStateNames.at(static_cast<std::size_t>(side.traced.state))}};
  if (!side.trouble.empty()) out["trouble"] = side.trouble;
  if (side.traced.state == mail::Traced::State::kUnknown) return out;
  out["begun_ms"] = side.traced.begun_ms;
  out["reply"] = side.traced.reply;
  out["after_ms"] = Json::object();
  for (std::size_t stage = 0; stage < mail::kStages; ++stage)
    if (const auto after = side.traced.after_ms.at(stage)) out["after_ms"][kStageNames.at(stage)] = *after;
  return out;
}

TracedSide side_of(const Json& object) {
  TracedSide side{.hub = text_under(object, "hub"), .trouble = text_under(object, "trouble")};
  const auto* const state = std::find(kStateNames.begin(), kStateNames.end(), text_under(object, "state"));
  if (state != kStateNames.end())
    side.traced.state = static_cast<mail::Traced::State>(state - kStateNames.begin());
  side.traced.begun_ms = number_under(object, "begun_ms");
  side.traced.reply = text_under(object, "reply");
  const auto after = object.find("after_ms");
  if (after == object.end() || !after->is_object()) return side;
  for (std::size_t stage = 0; stage < mail::kStages; ++stage)
    if (after->contains(kStageNames.at(stage)))
      side.traced.after_ms.at(stage) =
          static_cast<std::uint32_t>(number_under(*after, kStageNames.at(stage)));
  return side;
}

bool is_word_in(std::string_view word, std::string_view text) {
  const auto is_inside = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_inside(text[at - 1])) && (end == text.size() || !is_inside(text[end]))) return true;
  }
  return false;
}

// A reply without its codes, as MTAs log it. What many replies say is no sign of one.
bool is_quoted(const smtp::Reply& reply, const std::string& line) {
  constexpr std::size_t kTellingBytes = 16;
  std::string_view text = reply.lines.empty() ? std::string_view() : reply.lines.back();
  if (text.size() > 5 && text[1] == '.') text.remove_prefix(std::min(text.size(), text.find(' ') + 1));
  return text.size() >= kTellingBytes && line.find(text) != line.npos;
}

}  // namespace

std::string argument_of(const TraceRequest& request) {
  std::string out = request.id;
  for (const std::string& line : request.said) {
    if (out.size() + line.size() + 2 > kMaxLongRequestBytes - sizeof "trace ") break;
    out += kTab + line;
  }
  return out;
}

TraceRequest parse_trace(std::string_view argument) {
  TraceRequest request{.id = std::string(argument.substr(0, argument.find(kTab)))};
  for (std::size_t tab = argument.find(kTab); tab != argument.npos;) {
    const std::size_t next = argument.find(kTab, tab + 1);
    request.said.emplace_back(argument.substr(tab + 1, next == argument.npos ? next : next - tab - 1));
    tab = next;
  }
  return request;
}

bool is_meant(const TraceRequest& request, const mail::Summary& mail) {
  if (request.id.size() >= kLeastIdDigits &&
      base::hex(mail.transaction).starts_with(base::ascii_lower(request.id)))
    return true;
  const auto is_address = [&](const mail::RecipientResult& one) { return one.address == request.id; };
  if (request.id.find('@') != std::string::npos &&
      (request.id == mail.sender || std::any_of(mail.recipients.begin(), mail.recipients.end(), is_address)))
    return true;
  const auto is_said = [&](const smtp::Reply& reply, const std::string& address) {
    if (request.id.size() >= kLeastIdDigits && is_word_in(request.id, reply.summary())) return true;
    return std::any_of(request.said.begin(), request.said.end(), [&](const std::string& line) {
      return is_quoted(reply, line) && (address.empty() || line.find(address) != line.npos);
    });
  };
  return std::any_of(mail.recipients.begin(), mail.recipients.end(), [&](const mail::RecipientResult& one) {
    return is_said(one.reply.code == 0 ? mail.reply : one.reply, one.address);
  });
}

MailTrace trace_of(const mail::TracedMail& mail, const std::string& hub) {
  const mail::Summary& summary = mail.summary;
  MailTrace out{.transaction = base::hex(summary.transaction),
                .direction = summary.direction,
                .site = summary.site,
                .sender = summary.sender,
                .size_bytes = summary.size_bytes,
                .here = {.hub = hub, .traced = told(mail)},
                .there = {.hub = summary.site + (summary.hub.empty() ? "" : '/' + summary.hub)}};
  for (const mail::RecipientResult& recipient : summary.recipients)
    out.recipients.push_back('<' + recipient.address + '>' +
                             (recipient.reply.code == 0 ? "" : ": " + recipient.reply.summary()));
  return out;
}

std::string traces_json(const std::vector<MailTrace>& traces) {
  Json out{{"traces", Json::array()}};
  for (const MailTrace& trace : traces)
    out["traces"].push_back({{"transaction", trace.transaction},
                             {"direction", trace.direction == mail::Direction::kOut ? "out" : "in"},
                             {"site", trace.site},
                             {"sender", trace.sender},
                             {"recipients", trace.recipients},
                             {"size", trace.size_bytes},
                             {"here", json_of(trace.here)},
                             {"there", json_of(trace.there)}});
  return out.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

base::Result<std::vector<MailTrace>> parse_traces(std::string_view text) {
  const Json object = Json::parse(text, nullptr, false);
  const auto list = object.is_object() ? object.find("traces") : object.end();
  if (!object.is_object() || list == object.end() || !list->is_array())
    return base::Error{"relayd's answer cannot be read"};
  std::vector<MailTrace> traces;
  for (const Json& one : *list) {
    if (!one.is_object() || !one.contains("here") || !one.contains("there")) continue;
    MailTrace trace{
        .transaction = text_under(one, "transaction"),
        .direction = text_under(one, "direction") == "in" ? mail::Direction::kIn : mail::Direction::kOut,
        .site = text_under(one, "site"),
        .sender = text_under(one, "sender"),
        .size_bytes = number_under(one, "size"),
        .here = side_of(one["here"]),
        .there = side_of(one["there"])};
    if (const auto recipients = one.find("recipients"); recipients != one.end() && recipients->is_array())
      for (const Json& recipient : *recipients)
        if (recipient.is_string()) trace.recipients.push_back(recipient.get<std::string>());
    traces.push_back(std::move(trace));
  }
  return traces;
}

}  // namespace tsmtp::control
