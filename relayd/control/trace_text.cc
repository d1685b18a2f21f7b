// The way of a mail for people: what both sides remember, on one time line.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "relayd/base/bytes.h"
#include "relayd/control/time_text.h"
#include "relayd/control/trace.h"

namespace tsmtp::control {
namespace {

using mail::Stage;

struct Wording {
  const char* happened;
  const char* waited_for;  // until then
  const char* awaits;      // from then on
};
using Wordings = std::array<Wording, mail::kStages>;  // in the order of mail::Stage

constexpr Wordings kNear{
    {{"its MTA begins a mail", "", "its MTA, or the far side's word on the envelope"},
     {},
     {"DATA is answered, its MTA may send the content", "the far side", "its MTA, which sends the content"},
     {"the last of the content is here", "its MTA", "its ledger, or the far side's word on an earlier try"},
     {},
     {"the far side's reply is here", "the far side, and the link", ""},
     {"the mail is in the ledger, the end of content goes out", "its ledger", "the far side's reply"},
     {"its MTA is told", "", ""}}};
constexpr Wordings kFar{
    {{"the mail begins to come", "", "a connection to its MTA"},
     {"it has a connection to its MTA", "its MTA's connections", "its MTA, which has the envelope"},
     {"its MTA has answered the envelope", "its MTA", "content over the link"},
     {"the last of the content is here", "the near side, and the link", "its MTA's reply, or etcd"},
     {"no other hub of the site may deliver it now", "etcd", "its MTA's reply"},
     {"its MTA has replied", "its MTA", "its ledger"},
     {"the outcome is in the ledger", "its ledger", ""},
     {"the near side is told", "", ""}}};

struct Event {
  std::int64_t at_ms = 0;  // on this hub's clock, since 1970
  std::int64_t waited_ms = 0;
  const std::string* hub = nullptr;
  const Wording* wording = nullptr;
};

// Half way between the end of content and the reply, where both sides wait for the same.
std::optional<std::int64_t> middle(const mail::Traced& side, Stage from, Stage to) {
  const auto begin = side.after_ms.at(static_cast<std::size_t>(from));
  const auto end = side.after_ms.at(static_cast<std::size_t>(to));
  if (!begin || !end) return std::nullopt;
  return static_cast<std::int64_t>(side.begun_ms) + (static_cast<std::int64_t>(*begin) + *end) / 2;
}

// How far the other hub's clock is ahead of ours, as the mail itself shows it.
std::optional<std::int64_t> clock_ahead_ms(const MailTrace& trace) {
  const bool is_out = trace.direction == mail::Direction::kOut;
  const auto near = middle((is_out ? trace.here : trace.there).traced, Stage::kRemembered, Stage::kReplied);
  const auto far = middle((is_out ? trace.there : trace.here).traced, Stage::kEndOfContent, Stage::kAnswered);
  if (!near || !far) return std::nullopt;
  return is_out ? *far - *near : *near - *far;
}

std::vector<Event> events_of(const TracedSide& side, const Wordings& wordings, std::int64_t ahead_ms) {
  std::vector<Event> own;
  for (std::size_t stage = 0; stage < mail::kStages; ++stage)
    if (const auto after = side.traced.after_ms.at(stage))
      own.push_back({.at_ms = static_cast<std::int64_t>(side.traced.begun_ms) - ahead_ms + *after,
                     .waited_ms = 0,
                     .hub = &side.hub,
                     .wording = &wordings.at(stage)});
  std::stable_sort(own.begin(), own.end(), [](const Event& a, const Event& b) { return a.at_ms < b.at_ms; });
  for (std::size_t i = 1; i < own.size(); ++i)
    own[i].waited_ms = own[i].at_ms - own[i - 1].at_ms;
  return own;
}

std::string line_of(std::string_view time, std::size_t width, const Event& event, std::string_view text) {
  return fmt::format("  {:<24}  {:<{}}  {}", time, *event.hub, width, text);
}

// What a side of a mail under way waits for, and since when.
std::string waiting_text(const std::vector<Event>& side, std::size_t width, std::int64_t now_ms) {
  if (side.empty() || *side.back().wording->awaits == '\0') return {};
  return line_of("now", width, side.back(), "waits for ") + side.back().wording->awaits +
         fmt::format(", since {} ms\n", std::max<std::int64_t>(now_ms - side.back().at_ms, 0));
}

std::string time_of(std::int64_t at_ms) {
  return rfc3339_milliseconds(base::WallTime(std::chrono::milliseconds(at_ms)));
}

std::string state_text(const MailTrace& trace) {
  const mail::Traced& here = trace.here.traced;
  if (here.state == mail::Traced::State::kUnderWay) return "under way";
  return base::escaped(here.reply);
}

std::string envelope_text(const MailTrace& trace) {
  std::string out = fmt::format("  from <{}>, {} bytes\n", base::escaped(trace.sender), trace.size_bytes);
  for (const std::string& recipient : trace.recipients)
    out += fmt::format("  to {}\n", base::escaped(recipient));
  return out;
}

std::string clocks_text(const MailTrace& trace, std::optional<std::int64_t> ahead_ms) {
  constexpr std::int64_t kWorthTellingMs = 1000;
  if (!ahead_ms || std::abs(*ahead_ms) < kWorthTellingMs) return {};
  return fmt::format("  the clock of {} is {:.1f} s {} this hub's; its times are shown by this hub's clock\n",
                     trace.there.hub, static_cast<double>(std::abs(*ahead_ms)) / 1000,
                     *ahead_ms > 0 ? "ahead of" : "behind");
}

std::string trouble_text(const TracedSide& there) {
  if (!there.trouble.empty())
    return fmt::format("  {} could not be asked: {}\n", there.hub, base::escaped(there.trouble));
  if (there.traced.state == mail::Traced::State::kUnknown)
    return fmt::format("  {} remembers nothing of it: it never had it, or has forgotten it since\n",
                       there.hub);
  return {};
}

}  // namespace

std::string trace_text(const MailTrace& trace, base::WallTime now) {
  const bool is_out = trace.direction == mail::Direction::kOut;
  const auto ahead = clock_ahead_ms(trace);
  const std::vector<Event> here = events_of(trace.here, is_out ? kNear : kFar, 0);
  const std::vector<Event> there = events_of(trace.there, is_out ? kFar : kNear, ahead.value_or(0));
  std::vector<Event> events(here.size() + there.size());
  std::merge(here.begin(), here.end(), there.begin(), there.end(), events.begin(),
             [](const Event& a, const Event& b) { return a.at_ms < b.at_ms; });

  std::string out = fmt::format("{} {} {}: {}\n", trace.transaction, is_out ? "out to" : "in from",
                                base::escaped(trace.site), state_text(trace)) +
                    envelope_text(trace);
  const std::size_t width = std::max(trace.here.hub.size(), trace.there.hub.size());
  for (const Event& event : events) {
    out += line_of(time_of(event.at_ms), width, event, event.wording->happened);
    if (event.waited_ms > 0 && *event.wording->waited_for != '\0')
      out += fmt::format(" ({} ms for {})", event.waited_ms, event.wording->waited_for);
    out += '\n';
  }
  if (trace.here.traced.state == mail::Traced::State::kUnderWay) {
    const std::int64_t now_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    out += waiting_text(here, width, now_ms);
    if (trace.there.traced.state == mail::Traced::State::kUnderWay) out += waiting_text(there, width, now_ms);
  }
  out += trouble_text(trace.there);
  return out + clocks_text(trace, ahead);
}

}  // namespace tsmtp::control
