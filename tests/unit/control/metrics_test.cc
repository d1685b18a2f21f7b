#include "relayd/control/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "tests/unit/control/sample.h"

namespace tsmtp::control {
namespace {

using testing::HasSubstr;

TEST(Metrics, Samples) {
  const std::string text = metrics(sample_hub());
  for (const char* line :
       {"tsmtp_info{hub=\"tokyo\",version=\"0.1.0\"} 1\n",
        "tsmtp_link_up{site=\"birlinghoven\"} 1\n",
        "tsmtp_link_up{site=\"osaka\"} 0\n",
        "tsmtp_keys_refused_total 3\n",
        "tsmtp_shortages_total 0\n",
        "tsmtp_strangers 2\n",
        "tsmtp_connections_refused_total 0\n",
        "tsmtp_audit_records_total 123\n",
        "tsmtp_audit_records_lost_total 2\n",
        "tsmtp_ledger_writable 1\n",
        "tsmtp_ledger_failures_total 17\n",
        "tsmtp_witness 1\n",
        "tsmtp_doubts_shared 1\n",
        "tsmtp_in_doubt{site=\"osaka\"} 2\n",
        "tsmtp_round_trip_seconds{site=\"birlinghoven\"} 0.048210\n",
        "tsmtp_mails_total{site=\"birlinghoven\",direction=\"out\",result=\"refused\"} 2\n",
        "tsmtp_content_bytes_total{site=\"birlinghoven\",direction=\"in\"} 512\n",
        "tsmtp_content_link_bytes_total{site=\"birlinghoven\",direction=\"out\"} 400000\n",
        "tsmtp_mta_connections{site=\"birlinghoven\",state=\"in_use\"} 20\n",
        "tsmtp_mta_connections_waiting{site=\"birlinghoven\"} 5\n",
        "tsmtp_mta_connections_limit{site=\"birlinghoven\"} 20\n",
        "tsmtp_link_since_seconds{site=\"osaka\"} 1772366572.000000\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

// Exposition format 0.0.4: HELP and TYPE before a metric's samples, which stand together.
TEST(Metrics, EveryLineHasTheFormat) {
  HubStatus hub = sample_hub();
  hub.name = "a\"b\\c\nd\xff";
  std::istringstream lines(metrics(hub));
  const std::regex sample(
      R"(^(tsmtp_[a-z_]+)(\{([a-z]+="([^"\\]|\\\\|\\"|\\n)*",?)+\})? [0-9]+(\.[0-9]+)?$)");
  std::set<std::string> seen;
  std::string current;
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.rfind("# HELP ", 0) == 0) {
      current = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(seen.insert(current).second) << current;
      ASSERT_TRUE(std::getline(lines, line));
      EXPECT_EQ(line.rfind("# TYPE " + current + " ", 0), 0U) << line;
    } else {
      ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
      EXPECT_EQ(match[1], current);
    }
  }
  EXPECT_GT(seen.size(), 10U);
}

}  // namespace
}  // namespace tsmtp::control
