#include "relayd/control/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::control {
namespace {

using testing::HasSubstr;

Pages some_pages() {
  return {.metrics =
              [](MetricsFormat format) {
                return std::string(format == MetricsFormat::kOpenMetrics ? "# EOF\n" : "tsmtp_up 1\n");
              },
          .status = [] { return std::string("<!DOCTYPE html>"); }};
}

Pages no_pages() {
  return {.metrics = [](MetricsFormat) -> std::string {
            ADD_FAILURE() << "asked for";
            return {};
          },
          .status = []() -> std::string {
            ADD_FAILURE() << "asked for";
            return {};
          }};
}

std::string page(const std::string& path, const std::string& header = "Host: 127.0.0.1:9163\r\n") {
  return metrics_page("GET " + path + " HTTP/1.1\r\n" + header + "\r\n", some_pages()).value_or("");
}

TEST(MetricsPage, WaitsForTheWholeHeader) {
  EXPECT_FALSE(metrics_page("", no_pages()));
  EXPECT_FALSE(metrics_page("GET /metrics HTTP/1.1\r\nHost: tokyo\r\n", no_pages()));
}

TEST(MetricsPage, GivesTheMetricsAndTheirLength) {
  const std::string got = page("/metrics", "Host: tokyo.example\r\n");
  EXPECT_TRUE(
      got.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_TRUE(got.ends_with("Content-Length: 11\r\n\r\ntsmtp_up 1\n"));
}

TEST(MetricsPage, GivesOpenMetricsToWhoNamesIt) {
  const std::string got =
      page("/metrics", "aCCept:  application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n");
  EXPECT_THAT(got, HasSubstr("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
  EXPECT_TRUE(got.ends_with("\r\n\r\n# EOF\n"));
  EXPECT_TRUE(page("/metrics", "X-Accept: application/openmetrics-text\r\n").ends_with("tsmtp_up 1\n"));
}

TEST(MetricsPage, ShowsTheStatusToPeople) {
  for (const char* host : {"Host: 127.0.0.1:9163\r\n", "Host: [::1]:9163\r\n", "Host: localhost\r\n", ""}) {
    const std::string got = page("/", host);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n")) << host;
    EXPECT_THAT(got, HasSubstr("\r\nContent-Security-Policy: default-src 'none';"));
    EXPECT_TRUE(got.ends_with("<!DOCTYPE html>"));
  }
}

// A name of somebody else's that is made to lead to loopback (DNS rebinding) is his script's way to the page.
TEST(MetricsPage, ShowsItToNobodyWhoAsksByAName) {
  for (const char* host :
       {"evil.example", "evil.example:9163", "127.0.0.1.evil.example", "localhost.evil.example"})
    EXPECT_TRUE(metrics_page("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n", no_pages())
                    ->starts_with("HTTP/1.1 421 "))
        << host;
}

TEST(MetricsPage, AnythingElseIsNotFoundAndCostsNothing) {
  for (const char* request :
       {"GET /metricsx HTTP/1.1\r\n\r\n", "POST /metrics HTTP/1.1\r\n\r\n", "\r\n\r\n"}) {
    const auto got = metrics_page(request, no_pages());
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->starts_with("HTTP/1.1 404 Not Found\r\n"));
  }
}

}  // namespace
}  // namespace tsmtp::control
