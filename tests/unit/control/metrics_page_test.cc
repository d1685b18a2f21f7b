#include "relayd/control/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gunzipped.h"

namespace tsmtp::control {
namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = WantedPage::Kind;

std::optional<PageRequest> asked(const std::string& request) {
  const auto got = page_request(request);
  if (!got || !std::holds_alternative<PageRequest>(*got)) return std::nullopt;
  return std::get<PageRequest>(*got);
}

std::string refused(const std::string& request) {
  const auto got = page_request(request);
  return got && std::holds_alternative<std::string>(*got) ? std::get<std::string>(*got) : "";
}

std::string get(const std::string& path, const std::string& header = "Host: 127.0.0.1:9163\r\n") {
  return "GET " + path + " HTTP/1.1\r\n" + header + "\r\n";
}

PageAnswer whole(WantedPage page, const std::string& text) {
  PageAnswer answer(page, [&text, is_second = false](std::string& out) mutable {
    const std::size_t half = text.size() / 2;
    out += is_second ? text.substr(half) : text.substr(0, half);
    return !std::exchange(is_second, true);
  });
  while (answer.add_piece()) {
  }
  return answer;
}

TEST(MetricsPage, WaitsForTheWholeHeader) {
  EXPECT_FALSE(page_request(""));
  EXPECT_FALSE(page_request("GET /metrics HTTP/1.1\r\nHost: tokyo\r\n"));
}

TEST(MetricsPage, ReadsWhatIsWanted) {
  const auto plain = asked(get("/metrics", "Host: tokyo.example\r\n"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->page, (WantedPage{.kind = Kind::kMetricsText, .as_gzip = false}));
  EXPECT_FALSE(plain->is_head);
  const auto open =
      asked(get("/metrics", "aCCept:  application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n"));
  ASSERT_TRUE(open);
  EXPECT_EQ(open->page.kind, Kind::kOpenMetrics);
  EXPECT_EQ(asked(get("/metrics", "X-Accept: application/openmetrics-text\r\n"))->page.kind,
            Kind::kMetricsText);
  EXPECT_TRUE(asked("HEAD /metrics HTTP/1.1\r\n\r\n")->is_head);
  EXPECT_TRUE(asked("HEAD / HTTP/1.1\r\n\r\n")->is_head);
}

TEST(MetricsPage, IsCompressedForWhoTakesThat) {
  for (const char* header : {"Accept-Encoding: gzip\r\n", "accept-encoding:gzip;q=0.5, deflate\r\n",
                             "Accept-Encoding: deflate\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n"}) {
    EXPECT_TRUE(asked(get("/metrics", header))->page.as_gzip) << header;
    EXPECT_TRUE(asked(get("/", header))->page.as_gzip) << header;
  }
  for (const char* header :
       {"", "Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: identity\r\n", "X-Accept-Encoding: gzip\r\n",
        "Accept: gzip\r\n", "Accept-Encoding: gzip\r\nAccept-Encoding: gzip;q=0\r\n"})
    EXPECT_FALSE(asked(get("/metrics", header))->page.as_gzip) << header;
}

TEST(MetricsPage, AnAnswerHasItsLength) {
  const PageAnswer plain = whole({}, "tsmtp_up 1\n");
  EXPECT_EQ(plain.body(), "tsmtp_up 1\n");
  EXPECT_TRUE(plain.header().starts_with(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(plain.header(), HasSubstr("\r\nVary: Accept, Accept-Encoding\r\n"));
  EXPECT_THAT(plain.header(), Not(HasSubstr("Content-Encoding")));
  EXPECT_TRUE(plain.header().ends_with("\r\nContent-Length: 11\r\n\r\n"));

  const PageAnswer open = whole({.kind = Kind::kOpenMetrics}, "# EOF\n");
  EXPECT_THAT(open.header(),
              HasSubstr("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
}

TEST(MetricsPage, AnAnswerOfManyPiecesIsOneMember) {
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += "tsmtp_link_up{site=\"" + std::to_string(i) + "\"} 1\n";
  for (const Kind kind : {Kind::kMetricsText, Kind::kOpenMetrics, Kind::kStatus}) {
    const PageAnswer small = whole({.kind = kind, .as_gzip = true}, text);
    EXPECT_EQ(support::gunzipped(small.body()), text);
    EXPECT_LT(small.body().size(), text.size() / 5);
    EXPECT_THAT(small.header(), HasSubstr("\r\nContent-Encoding: gzip\r\nVary: Accept"));
    EXPECT_TRUE(
        small.header().ends_with("\r\nContent-Length: " + std::to_string(small.body().size()) + "\r\n\r\n"));
    EXPECT_EQ(whole({.kind = kind}, text).body(), text);
  }
  EXPECT_EQ(support::gunzipped(whole({.as_gzip = true}, "").body()), "");
}

TEST(MetricsPage, ShowsTheStatusToPeople) {
  for (const char* host : {"Host: 127.0.0.1:9163\r\n", "Host: [::1]:9163\r\n", "Host: localhost\r\n", ""}) {
    const auto request = asked(get("/", host));
    ASSERT_TRUE(request) << host;
    EXPECT_EQ(request->page.kind, Kind::kStatus);
  }
  const PageAnswer answer = whole({.kind = Kind::kStatus}, "<!DOCTYPE html>");
  EXPECT_TRUE(answer.header().starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(answer.header(), HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  EXPECT_THAT(answer.header(), HasSubstr("\r\nContent-Security-Policy: default-src 'none';"));
  EXPECT_EQ(answer.body(), "<!DOCTYPE html>");
}

// A name of somebody else's that is made to lead to loopback (DNS rebinding) is his script's way to the page.
TEST(MetricsPage, ShowsItToNobodyWhoAsksByAName) {
  for (const char* host :
       {"evil.example", "evil.example:9163", "127.0.0.1.evil.example", "localhost.evil.example"})
    EXPECT_TRUE(refused(get("/", "Host: " + std::string(host) + "\r\n")).starts_with("HTTP/1.1 421 "))
        << host;
  EXPECT_TRUE(refused(get("/", "Host: 127.0.0.1\r\nHost: evil.example\r\n")).starts_with("HTTP/1.1 421 "));
}

TEST(MetricsPage, AnythingElseIsNotFound) {
  for (const char* request : {"GET /metricsx HTTP/1.1\r\n\r\n", "POST /metrics HTTP/1.1\r\n\r\n", "\r\n\r\n",
                              "GET\r\n\r\n", "HEAD\r\n\r\n", "HEADER / HTTP/1.1\r\n\r\n"})
    EXPECT_TRUE(refused(request).starts_with("HTTP/1.1 404 Not Found\r\n")) << request;
  EXPECT_TRUE(refused(get("/x")).ends_with("Content-Length: 22\r\n\r\nlook at / or /metrics\n"));
  EXPECT_TRUE(refused("HEAD /x HTTP/1.1\r\n\r\n").ends_with("Content-Length: 22\r\n\r\n"));
}

}  // namespace
}  // namespace tsmtp::control
