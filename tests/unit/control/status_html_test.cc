// The page for people: nothing that it is told becomes a part of it, and it needs nothing from elsewhere.
#include "relayd/control/status_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/unit/control/sample.h"

namespace tsmtp::control {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const base::TimePoint kNow = base::TimePoint(100h);

TEST(StatusHtml, EscapesAllThatItIsTold) {
  const std::string evil = "<script>alert('x')</script>\"&\x1b";
  HubStatus hub = sample_hub();
  hub.name = evil;
  hub.version = evil;
  hub.config_file = evil;
  hub.last_reload_error = evil;
  hub.ledger.trouble = evil;
  hub.shortage = {.times = 1, .last = hub.now, .text = evil};
  hub.refused_keys = {{.pin = evil, .address = evil, .last = hub.now, .times = 1}};
  for (SiteStatus& site : hub.sites) {
    site.name = evil;
    site.cause = evil;
    site.peer_name = evil;
    site.peer_address = evil;
    site.far_mta = evil;
    site.mta.trouble = evil;
    site.tls = evil;
    site.endpoints = {evil};
    for (SiteHubStatus& one : site.hubs)
      one.name = one.cause = one.refusal = evil;
    for (ServiceStatus& service : site.services)
      service.service = service.cause = evil;
    site.dial_failures = {{evil, hub.now, evil}, {evil, hub.now, evil}};
  }
  const std::string page = status_html(hub, {}, kNow);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;\\x1b"));
  // What is left of tags and entities is our own.
  const std::regex tag(
      "</?(!DOCTYPE|html|head|meta|title|style|body|h1|p|span|svg|path|rect|pre|table|tr|th|td|details|"
      "summary|small|a)[ >/]");
  const std::string body = page.substr(page.find("</style>"));
  for (std::size_t at = body.find('<'); at != body.npos; at = body.find('<', at + 1))
    EXPECT_TRUE(std::regex_search(body.begin() + static_cast<std::ptrdiff_t>(at), body.end(), tag,
                                  std::regex_constants::match_continuous))
        << body.substr(at, 60);
}

TEST(StatusHtml, NeedsNothingFromElsewhere) {
  const std::string page = status_html(sample_hub(), {}, kNow);
  EXPECT_THAT(page, HasSubstr("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"));
  for (const char* way : {"<script", "src=", "url(", "@import", "://", "<link", "<iframe", "<img", "onload"})
    EXPECT_THAT(page, Not(HasSubstr(way)));
  EXPECT_EQ(page.find("href="), page.find("href=\"/metrics\""));
  EXPECT_EQ(page.find("href="), page.rfind("href="));
}

// Who may read the numbers may read the page: envelopes are for those who may read the log.
TEST(StatusHtml, NamesNobodyWhoWrites) {
  HubStatus hub = sample_hub();
  hub.sites[0].out.last_refused = {.when = hub.now,
                                   .sender = "anna@tokyo.example",
                                   .recipient = "bob@birl.example",
                                   .reply = "550 no bob",
                                   .advice = ""};
  const std::string page = status_html(hub, {}, kNow);
  EXPECT_THAT(page, Not(HasSubstr("anna")));
  EXPECT_THAT(page, Not(HasSubstr("bob")));
}

TEST(StatusHtml, ShowsTheRates) {
  LastDay day;
  day.note("birlinghoven", {.out = 0, .in = 0, .is_up = true}, kNow - 2h);
  day.note("birlinghoven", {.out = 30, .in = 5, .is_up = true}, kNow - 90min);
  day.note("birlinghoven", {.out = 37, .in = 7, .is_up = true}, kNow);
  const std::string page = status_html(sample_hub(), day, kNow);
  EXPECT_THAT(page, HasSubstr("<span class=\"o\">7</span> / <span class=\"i\">2</span> in the last hour"));
  EXPECT_THAT(page, HasSubstr("<span class=\"o\">37</span> / <span class=\"i\">7</span> in the last day"));
  EXPECT_THAT(page, HasSubstr("<title>birlinghoven: 37 out and 7 in within a day</title>"));
}

// A thousand sites are a page that a browser still likes.
TEST(StatusHtml, IsMadeInPiecesOfFewSites) {
  HubStatus hub = sample_hub();
  hub.sites.resize(2 * StatusHtml::kSitesOfPiece, hub.sites.front());
  StatusHtml html(hub, {}, kNow);
  std::string page;
  std::vector<std::size_t> sizes;
  for (bool is_more = true; is_more;) {
    const std::size_t before = page.size();
    is_more = html.add_piece(page);
    sizes.push_back(page.size() - before);
  }
  EXPECT_THAT(sizes, testing::SizeIs(3)) << "what stands above the table, and twice its rows";
  EXPECT_EQ(page, status_html(hub, {}, kNow));
}

TEST(StatusHtml, IsSmall) {
  HubStatus hub = sample_hub();
  hub.sites.resize(1);
  const std::size_t one = status_html(hub, {}, kNow).size();
  hub.sites.push_back(hub.sites.front());
  EXPECT_LT(status_html(hub, {}, kNow).size() - one, 3000U);
}

}  // namespace
}  // namespace tsmtp::control
