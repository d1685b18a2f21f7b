#include "relayd/control/metrics_page.h"

#include <gtest/gtest.h>

namespace tsmtp::control {
namespace {

std::string some_metrics() {
  return "tsmtp_up 1\n";
}

TEST(MetricsPage, WaitsForTheWholeHeader) {
  EXPECT_FALSE(metrics_page("", some_metrics));
  EXPECT_FALSE(metrics_page("GET /metrics HTTP/1.1\r\nHost: tokyo\r\n", some_metrics));
}

TEST(MetricsPage, GivesTheMetricsAndTheirLength) {
  for (const char* path : {"/metrics", "/"}) {
    const auto page =
        metrics_page("GET " + std::string(path) + " HTTP/1.1\r\nHost: tokyo\r\n\r\n", some_metrics);
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(page->ends_with("Content-Length: 11\r\n\r\ntsmtp_up 1\n"));
  }
}

TEST(MetricsPage, AnythingElseIsNotFoundAndCostsNoMetrics) {
  for (const char* request :
       {"GET /metricsx HTTP/1.1\r\n\r\n", "POST /metrics HTTP/1.1\r\n\r\n", "\r\n\r\n"}) {
    const auto page = metrics_page(request, []() -> std::string {
      ADD_FAILURE() << "asked for";
      return {};
    });
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->starts_with("HTTP/1.1 404 Not Found\r\n"));
  }
}

}  // namespace
}  // namespace tsmtp::control
