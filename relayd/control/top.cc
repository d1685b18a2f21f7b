#include "relayd/control/top.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "relayd/base/bytes.h"
#include "relayd/control/field.h"

namespace tsmtp::control {
namespace {

constexpr std::array kParts{"near MTA", "ledger", "link", "far MTA"};
constexpr std::array kPartKeys{"near_mta", "ledger", "link", "far_mta"};

const Json& at(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

std::uint64_t number(const Json& value) {
  return value.is_number_integer() && (value.is_number_unsigned() || value.get<std::int64_t>() >= 0)
             ? value.get<std::uint64_t>()
             : 0;
}

std::string text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

TopSite::OneWay way_of(const Json& traffic) {
  TopSite::OneWay out{.ok = number(at(traffic, "ok")),
                      .failed = number(at(traffic, "refused")) + number(at(traffic, "deferred")),
                      .bytes = number(at(traffic, "bytes")),
                      .total_ms = number(at(at(traffic, "milliseconds"), "total"))};
  for (std::size_t i = 0; i < kPartKeys.size(); ++i)
    out.parts_ms.at(i) = number(at(at(traffic, "milliseconds"), kPartKeys.at(i)));
  return out;
}

TopSite site_of(const Json& site) {
  return {.name = text(at(site, "name")),
          .state = text(at(site, "state")),
          .cause = text(at(site, "cause")),
          .out = way_of(at(site, "out")),
          .in = way_of(at(site, "in")),
          .under_way = number(at(site, "open_transactions")),
          .in_doubt = number(at(site, "in_doubt"))};
}

/// What went over a site between two samples.
struct Row {
  const TopSite* site = nullptr;
  double out = 0;  // mails a second
  double in = 0;
  double failed = 0;
  double bytes = 0;
  double delay_ms = 0;  // of a mail, on the average; 0: there was none
  std::size_t slowest = 0;
  double slowest_ms = 0;
};

// A site that was renamed or made anew counts from nothing again.
std::uint64_t more(std::uint64_t now, std::uint64_t before) {
  return now >= before ? now - before : now;
}

void add_delay(Row& row, const TopSite& now, const TopSite& before) {
  const auto count = [](const TopSite::OneWay& a, const TopSite::OneWay& b) {
    return more(a.ok, b.ok) + more(a.failed, b.failed);
  };
  const auto mails = static_cast<double>(count(now.out, before.out) + count(now.in, before.in));
  if (mails == 0) return;
  row.delay_ms = static_cast<double>(more(now.out.total_ms, before.out.total_ms) +
                                     more(now.in.total_ms, before.in.total_ms)) /
                 mails;
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    const double part = static_cast<double>(more(now.out.parts_ms.at(i), before.out.parts_ms.at(i)) +
                                            more(now.in.parts_ms.at(i), before.in.parts_ms.at(i))) /
                        mails;
    if (part <= row.slowest_ms) continue;
    row.slowest = i;
    row.slowest_ms = part;
  }
}

Row row_of(const TopSite& now, const TopSite* before, double seconds) {
  Row row{.site = &now};
  if (before == nullptr || seconds <= 0) return row;
  const auto rate = [&](std::uint64_t later, std::uint64_t earlier) {
    return static_cast<double>(more(later, earlier)) / seconds;
  };
  row.out = rate(now.out.ok, before->out.ok);
  row.in = rate(now.in.ok, before->in.ok);
  row.failed = rate(now.out.failed + now.in.failed, before->out.failed + before->in.failed);
  row.bytes = rate(now.out.bytes + now.in.bytes, before->out.bytes + before->in.bytes);
  add_delay(row, now, *before);
  return row;
}

std::vector<Row> rows_of(const std::optional<TopSample>& before, const TopSample& now) {
  const bool is_comparable = before && before->process == now.process;
  const double seconds = is_comparable ? std::chrono::duration<double>(now.at - before->at).count() : 0;
  std::vector<Row> rows;
  for (const TopSite& site : now.sites) {
    const TopSite* earlier = nullptr;
    if (is_comparable) {
      const auto found = std::find_if(before->sites.begin(), before->sites.end(),
                                      [&](const TopSite& one) { return one.name == site.name; });
      if (found != before->sites.end()) earlier = &*found;
    }
    rows.push_back(row_of(site, earlier, seconds));
  }
  return rows;
}

// What needs a look comes first in every order: a link that is down, then the most.
void sort(std::vector<Row>& rows, TopOrder order) {
  const auto key = [order](const Row& row) {
    switch (order) {
      case TopOrder::kMails:
        return row.out + row.in + row.failed;
      case TopOrder::kBytes:
        return row.bytes;
      case TopOrder::kDelay:
        return row.delay_ms;
      case TopOrder::kName:
        break;
    }
    return 0.0;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    const bool a_is_down = a.site->state != "up", b_is_down = b.site->state != "up";
    if (order != TopOrder::kName && a_is_down != b_is_down) return a_is_down;
    return key(a) != key(b) ? key(a) > key(b) : a.site->name < b.site->name;
  });
}

std::string bytes_text(double bytes) {
  constexpr std::array kUnits{"", "k", "M", "G"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < kUnits.size(); ++unit)
    bytes /= 1000;
  return unit == 0 ? fmt::format("{:.0f}", bytes) : fmt::format("{:.1f}{}", bytes, kUnits.at(unit));
}

std::string delay_text(double milliseconds) {
  if (milliseconds <= 0) return "-";
  return milliseconds < 10'000 ? fmt::format("{:.0f} ms", milliseconds)
                               : fmt::format("{:.1f} s", milliseconds / 1000);
}

std::string line_of(const Row& row) {
  const TopSite& site = *row.site;
  std::string note;
  if (site.state != "up")
    note = base::escaped(site.cause, 80);
  else if (row.slowest_ms > 0)
    note = fmt::format("{} {}", kParts.at(row.slowest), delay_text(row.slowest_ms));
  return fmt::format("{:<16.16} {:<11.11} {:>7.1f} {:>7.1f} {:>7.1f} {:>8} {:>6} {:>6} {:>8}  {}",
                     base::escaped(site.name), base::escaped(site.state), row.out, row.in, row.failed,
                     bytes_text(row.bytes), site.under_way, site.in_doubt, delay_text(row.delay_ms), note);
}

std::vector<std::string> heading_of(const TopSample& now, const std::vector<Row>& rows) {
  double out = 0, in = 0, failed = 0, bytes = 0;
  std::uint64_t under_way = 0, in_doubt = 0;
  std::size_t up = 0;
  for (const Row& row : rows) {
    out += row.out;
    in += row.in;
    failed += row.failed;
    bytes += row.bytes;
    under_way += row.site->under_way;
    in_doubt += row.site->in_doubt;
    up += row.site->state == "up" ? 1U : 0U;
  }
  return {fmt::format("hub {}: {} of {} links up, {} mails under way, {} in doubt", base::escaped(now.hub),
                      up, rows.size(), under_way, in_doubt),
          fmt::format("mails a second: {:.1f} out, {:.1f} in, {:.1f} refused or put off; {} bytes a second",
                      out, in, failed, bytes_text(bytes)),
          "",
          fmt::format("{:<16} {:<11} {:>7} {:>7} {:>7} {:>8} {:>6} {:>6} {:>8}  {}", "site", "link", "out/s",
                      "in/s", "fail/s", "bytes/s", "open", "doubt", "a mail", "slowest")};
}

}  // namespace

base::Result<TopSample> read_sample(std::string_view status_json, base::TimePoint at_time) {
  const Json status = Json::parse(status_json, nullptr, false);
  const Json& sites = at(status, "sites");
  if (!sites.is_array()) return base::Error{"relayd's answer cannot be read"};
  TopSample sample{.at = at_time, .hub = text(at(status, "name")), .process = number(at(status, "pid"))};
  for (const Json& site : sites)
    sample.sites.push_back(site_of(site));
  return sample;
}

std::string top_text(const std::optional<TopSample>& before, const TopSample& now, TopOrder order,
                     std::size_t width, std::size_t height) {
  std::vector<Row> rows = rows_of(before, now);
  sort(rows, order);
  std::vector<std::string> lines = heading_of(now, rows);
  for (const Row& row : rows)
    lines.push_back(line_of(row));
  if (lines.size() > height) {
    const std::size_t left_out = lines.size() - height + 1;
    lines.resize(height - 1);
    lines.push_back(fmt::format("{} sites more", left_out));
  }
  std::string out;
  for (const std::string& line : lines) {
    std::string_view shown = std::string_view(line).substr(0, width);
    shown.remove_suffix(shown.size() - (shown.find_last_not_of(' ') + 1));
    out.append(shown) += '\n';
  }
  return out;
}

}  // namespace tsmtp::control
