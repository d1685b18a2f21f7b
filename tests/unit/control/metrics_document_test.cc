// The table of metrics in docs/metrics.md has a row for each metric of the fields, with the labels that its
// samples have and the alerts that look at it. TSMTP_UPDATE_MANUAL=1 makes it anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "relayd/control/metrics.h"
#include "tests/unit/control/sample.h"

namespace tsmtp::control {
namespace {

constexpr std::string_view kTableHead = "| metric | | labels | alert |\n|---|---|---|---|\n";

/// The values that each label has, in the order in which they come. Of a site, hub or service they are
/// anything.
using Labels = std::vector<std::pair<std::string, std::vector<std::string>>>;

void add_label(Labels& labels, const std::string& name, const std::string& value) {
  auto label = std::find_if(labels.begin(), labels.end(), [&](const auto& l) { return l.first == name; });
  if (label == labels.end()) label = labels.insert(label, {name, {}});
  if (name == "site" || name == "hub" || name == "version" || name == "service" || name == "le") return;
  auto& values = label->second;
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

std::string labels_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, values] : labels) {
    out += (out.empty() ? "" : ", ") + name;
    for (std::size_t i = 0; i < values.size(); ++i)
      out += (i == 0 ? " (`" : "`, `") + values[i] + (i + 1 == values.size() ? "`)" : "");
  }
  return out;
}

struct MetricRow {
  std::string name;
  std::string help;
  Labels labels{};
};

std::vector<MetricRow> metric_rows() {
  std::vector<MetricRow> out;
  std::istringstream page(metrics(sample_hub()));
  const std::regex label("([a-z]+)=\"([^\"]*)\"");
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("# HELP ")) {
      const std::size_t end = line.find(' ', 7);
      out.push_back({line.substr(7, end - 7), line.substr(end + 1)});
    } else if (!line.starts_with("# ")) {
      for (std::sregex_iterator found(line.begin(), line.end(), label), none; found != none; ++found)
        add_label(out.back().labels, (*found)[1], (*found)[2]);
    }
  }
  return out;
}

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The alerts whose expression has that metric, as links to what is to be done.
std::string alerts_of(const std::string& metric) {
  static const std::string rules = text_of(TSMTP_RULES);
  const std::regex whole("\\b" + metric + "(_bucket|_sum|_count)?\\b");
  constexpr std::string_view kBegin = "- alert: ";
  std::string out;
  for (std::size_t at = rules.find(kBegin); at != rules.npos; at = rules.find(kBegin, at + 1)) {
    const std::size_t begin = at + kBegin.size();
    const std::string name = rules.substr(begin, rules.find('\n', begin) - begin);
    const std::string expression = rules.substr(begin, rules.find("labels:", begin) - begin);
    if (!std::regex_search(expression, whole)) continue;
    std::string anchor = name;
    std::transform(anchor.begin(), anchor.end(), anchor.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    out += (out.empty() ? "[" : ", [") + name + "](alerts.md#" + anchor + ')';
  }
  return out;
}

TEST(MetricsDocument, TheTableOfMetricsIsThatOfTheFields) {
  std::string document = text_of(TSMTP_METRICS);
  const std::size_t begin = document.find(kTableHead);
  ASSERT_NE(begin, document.npos);
  const std::size_t first = begin + kTableHead.size();
  const std::size_t end = document.find("\n\n", first) + 1;
  const std::string found = document.substr(first, end - first);
  std::string wanted;
  for (const MetricRow& row : metric_rows()) {
    const std::string labels = labels_text(row.labels);
    const std::string when = alerts_of(row.name);
    wanted += "| `" + row.name + "` | " + row.help + (labels.empty() ? " |" : " | " + labels) +
              (when.empty() ? " | |\n" : " | " + when + " |\n");
  }
  if (std::getenv("TSMTP_UPDATE_MANUAL") != nullptr)
    std::ofstream(TSMTP_METRICS) << document.replace(first, end - first, wanted);
  else
    EXPECT_EQ(found, wanted) << "TSMTP_UPDATE_MANUAL=1 mends the table";
}

}  // namespace
}  // namespace tsmtp::control
