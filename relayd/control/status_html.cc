#include "relayd/control/status_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/control/day_picture.h"
#include "relayd/control/phrases.h"
#include "relayd/control/status_fields.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

constexpr std::size_t kPointsOfAnHour = std::chrono::hours(1) / LastDay::kStep;

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ink:#1d2329;--paper:#fff;--line:#d5dbe1;--soft:#5c6670;--good:#2e8540;--bad:#c2362b;--out:#2266bb;--in:#a06000}
@media(prefers-color-scheme:dark){:root{--ink:#e3e7ea;--paper:#15191d;--line:#39414a;--soft:#9aa4ae;--good:#5cb870;--bad:#f0766a;--out:#6fa8f5;--in:#e0a84a}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:75em;margin:1.5em auto;padding:0 1em}
h1{font-size:1.4em;margin:0 0 .3em}p{margin:.3em 0}.soft,small{color:var(--soft)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,monospace;margin:.5em 0}
table{border-collapse:collapse;width:100%;margin-top:1em}td,th{border-top:1px solid var(--line);padding:.4em .6em;text-align:left;vertical-align:top}
th{font-weight:600;color:var(--soft)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
td.day{width:300px}svg{display:block;width:100%;height:46px}path.out,rect.out{fill:var(--out)}path.in{fill:var(--in)}
.up{fill:var(--good);color:var(--good)}.down{fill:var(--bad);color:var(--bad)}.o{color:var(--out)}.i{color:var(--in)}
summary{cursor:pointer}
)";

// Mails alone: of a thousand links one is always down.
LastDay::Points sum_of(const std::vector<LastDay::Points>& all) {
  LastDay::Points out(LastDay::kPoints);
  for (const LastDay::Points& points : all) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i].out += points[i].out;
      out[i].in += points[i].in;
    }
  }
  return out;
}

struct Mails {
  std::uint64_t out = 0;
  std::uint64_t in = 0;
};

Mails mails_of(const LastDay::Points& points, std::size_t latest) {
  return std::accumulate(points.end() - static_cast<std::ptrdiff_t>(latest), points.end(), Mails(),
                         [](Mails sum, const DayPoint& point) {
                           return Mails{.out = sum.out + point.out, .in = sum.in + point.in};
                         });
}

std::string both(const Mails& mails) {
  return fmt::format("<span class=\"o\">{}</span> / <span class=\"i\">{}</span>", mails.out, mails.in);
}

std::string day_of(const LastDay::Points& points, const std::string& name) {
  const Mails day = mails_of(points, points.size());
  return day_picture(points, fmt::format("{}: {} out and {} in within a day", name, day.out, day.in));
}

/// All lines but those that name people.
std::string details(const SiteStatus& site, base::WallTime now) {
  std::string out;
  for (const auto& [line, text] : to_lines(site, site_fields(), now))
    if (static_cast<SiteLine>(line) != SiteLine::kRefusedMails)
      out += text + (text.ends_with('\n') ? "" : "\n");
  return html_escaped(out);
}

std::string row(const SiteStatus& site, const LastDay::Points& points, base::WallTime now) {
  const std::string name = html_escaped(base::escaped(site.name));
  const std::string why = site.cause.empty() ? std::string() : ": " + html_escaped(base::escaped(site.cause));
  const std::string doubts = site.oldest_doubt ? fmt::format("{} <small>oldest {}</small>", site.in_doubt,
                                                             span_since(*site.oldest_doubt, now))
                                               : std::to_string(site.in_doubt);
  return fmt::format(
      "<tr><td><details><summary>{}</summary><pre>{}</pre></details></td>"
      "<td><span class=\"{}\">&#9679;</span> {} <small>{}</small>{}</td>"
      "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"day\">{}</td></tr>\n",
      name, details(site, now), site.state == LinkState::kUp ? "up" : "down", to_string(site.state),
      html_escaped(since(site.since, now)), why, both(mails_of(points, kPointsOfAnHour)),
      both(mails_of(points, points.size())), doubts, day_of(points, name));
}

std::string hub_text(const HubStatus& hub) {
  std::string out;
  for (const auto& [line, text] : to_lines(hub, hub_fields(), hub.now))
    out += text + (text.ends_with('\n') ? "" : "\n");
  return html_escaped(out);
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

StatusHtml::StatusHtml(HubStatus status, const LastDay& day, base::TimePoint now)
    : status_(std::move(status)) {
  days_.reserve(status_.sites.size());
  for (const SiteStatus& site : status_.sites)
    days_.push_back(day.of(site.name, now));
}

bool StatusHtml::add_piece(std::string& out) {
  if (!std::exchange(has_begun_, true)) {
    add_head(out);
    return true;
  }
  const std::size_t end = std::min(site_ + kSitesOfPiece, status_.sites.size());
  for (; site_ < end; ++site_)
    out += row(status_.sites[site_], days_[site_], status_.now);
  if (site_ < status_.sites.size()) return true;
  out += fmt::format(
      "</table>\n<p class=\"soft\">relayd {} at {}. Numbers for programs: "
      "<a href=\"/metrics\">/metrics</a></p>\n</body>\n</html>\n",
      html_escaped(base::escaped(status_.version)), rfc3339(status_.now));
  return false;
}

void StatusHtml::add_head(std::string& out) const {
  const std::string hub = html_escaped(base::escaped(status_.name));
  const auto up = std::count_if(status_.sites.begin(), status_.sites.end(),
                                [](const SiteStatus& site) { return site.state == LinkState::kUp; });
  out += fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta http-equiv=\"refresh\" content=\"60\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{} - tsmtp</title>\n"
      "<style>{}</style>\n</head>\n<body>\n<h1>{}</h1>\n",
      kPagePolicy, hub, kStyle, hub);
  const LastDay::Points whole = sum_of(days_);
  out += fmt::format(
      "<p>{} of {} links up. Mails <span class=\"o\">out</span> / <span class=\"i\">in</span>: {} in the "
      "last "
      "hour, {} in the last day.</p>\n{}\n<pre>{}</pre>\n",
      up, status_.sites.size(), both(mails_of(whole, kPointsOfAnHour)), both(mails_of(whole, whole.size())),
      day_of(whole, hub), hub_text(status_));
  out +=
      "<table>\n<tr><th>site</th><th>link</th><th class=\"n\">mails in an hour</th><th class=\"n\">in a "
      "day</th>"
      "<th class=\"n\">in doubt</th><th>the last day</th></tr>\n";
}

std::string status_html(HubStatus status, const LastDay& day, base::TimePoint now) {
  StatusHtml html(std::move(status), day, now);
  std::string out;
  while (html.add_piece(out)) {
  }
  return out;
}

}  // namespace tsmtp::control
