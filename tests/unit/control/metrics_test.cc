#include "relayd/control/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "relayd/control/metrics_page.h"
#include "tests/unit/control/sample.h"

namespace tsmtp::control {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, Samples) {
  const std::string text = metrics(sample_hub());
  for (const char* line :
       {"tsmtp_info{hub=\"tokyo\",version=\"0.1.0\"} 1\n",
        "tsmtp_link_up{site=\"birlinghoven\"} 1\n",
        "tsmtp_link_up{site=\"osaka\"} 0\n",
        "tsmtp_keys_refused_total 3\n",
        "tsmtp_shortages_total 0\n",
        "tsmtp_log_lines_lost_total 0\n",
        "tsmtp_strangers 2\n",
        "tsmtp_connections_refused_total 0\n",
        "tsmtp_audit_records_total 123\n",
        "tsmtp_audit_records_lost_total 2\n",
        "tsmtp_ledger_writable 1\n",
        "tsmtp_ledger_failures_total 17\n",
        "tsmtp_witness 1\n",
        "tsmtp_doubts_shared 1\n",
        "tsmtp_in_doubt{site=\"osaka\"} 2\n",
        "tsmtp_round_trip_seconds{site=\"birlinghoven\"} 0.04821\n",
        "tsmtp_mails_total{site=\"birlinghoven\",direction=\"out\",result=\"refused\"} 2\n",
        "tsmtp_content_bytes_total{site=\"birlinghoven\",direction=\"in\"} 512\n",
        "tsmtp_content_link_bytes_total{site=\"birlinghoven\",direction=\"out\"} 400000\n",
        "tsmtp_mta_connections{site=\"birlinghoven\",state=\"in_use\"} 20\n",
        "tsmtp_mta_connections_waiting{site=\"birlinghoven\"} 5\n",
        "tsmtp_mta_connections_limit{site=\"birlinghoven\"} 20\n",
        "tsmtp_link_since_seconds{site=\"osaka\"} 1772366572\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

/// Counts samples while it looks at each line of a page.
class Reader {
 public:
  explicit Reader(MetricsFormat format) : is_open_metrics_(format == MetricsFormat::kOpenMetrics) {}

  void read(const std::string& page) {
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
      ASSERT_FALSE(is_ended_) << line;
      if (line == "# EOF" && is_open_metrics_)
        is_ended_ = true;
      else if (line.starts_with("# "))
        read_header(line);
      else
        read_sample(line);
      ASSERT_FALSE(testing::Test::HasFailure());
    }
    EXPECT_EQ(is_ended_, is_open_metrics_);
    EXPECT_TRUE(page.ends_with('\n'));
  }

  std::map<std::string, std::size_t> samples_of_site;
  std::size_t samples = 0;
  std::set<std::string> families;

 private:
  // HELP, TYPE and UNIT of a family, in that order, before its samples, which stand together.
  void read_header(const std::string& line) {
    std::istringstream words(line);
    std::string hash, word, name, rest;
    words >> hash >> word >> name >> rest;
    if (word == "HELP") {
      EXPECT_TRUE(families.insert(name).second) << name;
      family_ = name;
    } else if (word == "TYPE") {
      EXPECT_EQ(name, family_);
      type_ = rest;
      EXPECT_TRUE(type_ == "gauge" || type_ == "counter" || type_ == "histogram") << line;
      EXPECT_EQ(family_.ends_with("_total"), type_ == "counter" && !is_open_metrics_) << line;
    } else {
      EXPECT_EQ(word, "UNIT") << line;
      EXPECT_TRUE(is_open_metrics_);
      EXPECT_TRUE(name == family_ && family_.ends_with('_' + rest)) << line;
    }
  }

  void read_sample(const std::string& line) {
    static const std::regex form(
        R"(^([a-z_]+)(\{([a-z]+="([^"\\]|\\\\|\\"|\\n)*",?)+\})? ([0-9]+(\.[0-9]+)?(e[-+][0-9]+)?)$)");
    std::smatch match;
    ASSERT_TRUE(std::regex_match(line, match, form)) << line;
    std::string name = match[1];
    EXPECT_TRUE(seen_.insert(name + match[2].str()).second) << line;
    if (type_ == "histogram") {
      const std::string suffix = name.substr(std::min(family_.size(), name.size()));
      EXPECT_TRUE(suffix == "_bucket" || suffix == "_sum" || suffix == "_count") << line;
      EXPECT_EQ(suffix == "_bucket", line.find("le=\"") != line.npos) << line;
      name = family_;
    }
    EXPECT_EQ(name, type_ == "counter" && is_open_metrics_ ? family_ + "_total" : family_) << line;
    ++samples;
    static const std::regex site("[{]site=\"([^\"]*)\"");
    const std::string labels = match[2];
    if (std::regex_search(labels, match, site)) ++samples_of_site[match[1]];
  }

  bool is_open_metrics_;
  bool is_ended_ = false;
  std::string family_;
  std::string type_;
  std::set<std::string> seen_;
};

TEST(Metrics, EveryLineHasTheFormat) {
  for (const MetricsFormat format : {MetricsFormat::kText, MetricsFormat::kOpenMetrics}) {
    HubStatus hub = sample_hub();
    hub.name = "a\"b\\c\nd\xff";
    hub.delays.out.total.add(std::chrono::seconds(3));
    Reader reader(format);
    reader.read(metrics(hub, format));
    EXPECT_GT(reader.families.size(), 60U);
  }
}

TEST(Metrics, OpenMetricsIsForWhoNamesIt) {
  EXPECT_EQ(metrics_format(""), MetricsFormat::kText);
  EXPECT_EQ(metrics_format("text/plain;version=0.0.4;q=0.5,*/*;q=0.1"), MetricsFormat::kText);
  EXPECT_EQ(metrics_format("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"),
            MetricsFormat::kOpenMetrics);
  EXPECT_EQ(content_type(MetricsFormat::kText), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(MetricsFormat::kOpenMetrics),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST(Metrics, DelaysAreHistogramsByPart) {
  HubStatus hub = sample_hub();
  for (const int milliseconds : {3, 30, 700'000}) {
    mail::Summary mail;
    mail.took = {.total = std::chrono::milliseconds(milliseconds), .ledger = std::chrono::milliseconds(2)};
    hub.delays.add(mail);
  }
  const std::string text = metrics(hub, MetricsFormat::kOpenMetrics);
  for (const char* line :
       {"# TYPE tsmtp_mail_delay_seconds histogram\n# UNIT tsmtp_mail_delay_seconds seconds\n",
        "tsmtp_mail_delay_seconds_bucket{direction=\"out\",part=\"total\",le=\"0.005\"} 1\n",
        "tsmtp_mail_delay_seconds_bucket{direction=\"out\",part=\"total\",le=\"2.0\"} 2\n",
        "tsmtp_mail_delay_seconds_bucket{direction=\"out\",part=\"total\",le=\"+Inf\"} 3\n",
        "tsmtp_mail_delay_seconds_count{direction=\"out\",part=\"total\"} 3\n",
        "tsmtp_mail_delay_seconds_sum{direction=\"out\",part=\"ledger\"} 0.006\n",
        "tsmtp_mail_delay_seconds_count{direction=\"in\",part=\"far_mta\"} 0\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("direction=\"in\",part=\"near_mta\""))) << "our MTA has no part in it";
}

/// All that there can be to tell of a site with two hubs and no services.
SiteStatus busy_site(int number, base::WallTime now) {
  SiteStatus site = sample_hub().sites.front();
  site.name = "site-" + std::to_string(number) + ".example";
  site.forwards.clear();
  site.services.clear();
  site.stands_still_since = now;
  site.oldest_doubt = now;
  site.out.last_ok = now;
  site.in.last_ok = now;
  site.hubs.resize(2);
  site.hubs[0].name = "mail1";
  site.hubs[1].name = "mail2";
  return site;
}

// A site's forwards and services are told beside that, eight series each.
TEST(Metrics, ASiteHasFortySeriesAtMost) {
  constexpr int kSites = 1000;
  constexpr std::size_t kMostOfSite = 40;
  constexpr std::size_t kMostOfHub = 160;
  HubStatus hub = sample_hub();
  hub.sites.clear();
  for (int i = 0; i < kSites; ++i)
    hub.sites.push_back(busy_site(i, hub.now));
  const auto begun = std::chrono::steady_clock::now();
  const std::string page = metrics(hub, MetricsFormat::kOpenMetrics);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  RecordProperty("bytes", static_cast<int>(page.size()));
  RecordProperty("milliseconds", static_cast<int>(1000 * took.count()));
  EXPECT_LT(took.count(), 4.0);
  MetricsText text(hub, MetricsFormat::kOpenMetrics);
  PageAnswer answer({.kind = WantedPage::Kind::kOpenMetrics, .as_gzip = true},
                    [&](std::string& out) { return text.add_piece(out); });
  std::chrono::duration<double> longest{};
  for (bool has_more = true; has_more;) {
    const auto piece_begun = std::chrono::steady_clock::now();
    has_more = answer.add_piece();
    longest =
        std::max<std::chrono::duration<double>>(longest, std::chrono::steady_clock::now() - piece_begun);
  }
  RecordProperty("gzip_bytes", static_cast<int>(answer.body().size()));
  RecordProperty("longest_piece_microseconds", static_cast<int>(1e6 * longest.count()));
  EXPECT_LT(8 * answer.body().size(), page.size());
  const auto newlines = static_cast<std::size_t>(std::count(page.begin(), page.end(), '\n'));
  EXPECT_LE(newlines, kSites * kMostOfSite + 2 * kMostOfHub);
  EXPECT_LE(page.size(), newlines * 90) << "a line is short";

  hub.sites.resize(2);
  Reader reader(MetricsFormat::kOpenMetrics);
  reader.read(metrics(hub, MetricsFormat::kOpenMetrics));
  ASSERT_EQ(reader.samples_of_site.size(), 2U);
  for (const auto& [site, series] : reader.samples_of_site)
    EXPECT_EQ(series, kMostOfSite) << site;
  EXPECT_LE(reader.samples, 2 * kMostOfSite + kMostOfHub);
}

}  // namespace
}  // namespace tsmtp::control
