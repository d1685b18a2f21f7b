// What relayctl top makes of two answers of relayd.
#include "relayd/control/top.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::control {
namespace {

using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;

constexpr base::TimePoint kThen{seconds(100)};

std::string site(const std::string& name, const std::string& state, int ok, int deferred, int bytes,
                 int total_ms, int far_mta_ms) {
  const auto text = [](int number) { return std::to_string(number); };
  return R"({"name":")" + name + R"(","state":")" + state + R"(","cause":)" +
         (state == "up" ? "null" : "\"connection timed out\"") + R"(,"out":{"ok":)" + text(ok) +
         R"(,"refused":0,"deferred":)" + text(deferred) + R"(,"bytes":)" + text(bytes) +
         R"(,"milliseconds":{"total":)" + text(total_ms) + R"(,"near_mta":1,"ledger":0,"link":0,"far_mta":)" +
         text(far_mta_ms) + R"(}},"in":{"ok":0},"open_transactions":3,"in_doubt":1})";
}

TopSample sample(const std::vector<std::string>& sites, base::TimePoint at, int pid = 7) {
  std::string text = R"({"name":"tokyo","pid":)" + std::to_string(pid) + R"(,"sites":[)";
  for (const std::string& one : sites)
    text += (text.ends_with('[') ? "" : ",") + one;
  const auto read = read_sample(text + "]}", at);
  EXPECT_TRUE(read);
  return *read;
}

TopSample before() {
  return sample({site("birl", "up", 100, 0, 1000, 5000, 4000), site("delft", "down", 7, 2, 0, 0, 0),
                 site("paris", "up", 0, 0, 0, 0, 0)},
                kThen);
}
TopSample now() {
  return sample({site("birl", "up", 120, 4, 3'001'000, 29'000, 20'000), site("delft", "down", 7, 6, 0, 0, 0),
                 site("paris", "up", 60, 0, 100, 60, 0)},
                kThen + seconds(2));
}

TEST(Top, SitesByTheirMails) {
  EXPECT_EQ(top_text(before(), now(), TopOrder::kMails, 132, 50),
            "hub tokyo: 2 of 3 links up, 9 mails under way, 3 in doubt\n"
            "mails a second: 40.0 out, 0.0 in, 4.0 refused or put off; 1.5M bytes a second\n"
            "\n"
            "site             link          out/s    in/s  fail/s  bytes/s   open  doubt   a mail  slowest\n"
            "delft            down            0.0     0.0     2.0        0      3      1        -  "
            "connection timed out\n"
            "paris            up             30.0     0.0     0.0       50      3      1     1 ms\n"
            "birl             up             10.0     0.0     2.0     1.5M      3      1  1000 ms  far MTA "
            "667 ms\n");
}

TEST(Top, OtherOrders) {
  const auto first_up = [](TopOrder order) {
    const std::string text = top_text(before(), now(), order, 132, 50);
    return text.find("\nbirl") < text.find("\nparis") ? "birl" : "paris";
  };
  EXPECT_STREQ(first_up(TopOrder::kMails), "paris");
  EXPECT_STREQ(first_up(TopOrder::kBytes), "birl");
  EXPECT_STREQ(first_up(TopOrder::kDelay), "birl");
  EXPECT_STREQ(first_up(TopOrder::kName), "birl");
}

TEST(Top, AnotherProcessCountsFromNothing) {
  for (const auto& earlier :
       {std::optional<TopSample>(), std::optional(sample({site("birl", "up", 1, 1, 1, 1, 1)}, kThen, 6))})
    EXPECT_THAT(top_text(earlier, now(), TopOrder::kMails, 132, 50),
                HasSubstr("mails a second: 0.0 out, 0.0 in"));
}

TEST(Top, IsCutToTheTerminal) {
  const std::string text = top_text(before(), now(), TopOrder::kMails, 20, 6);
  EXPECT_THAT(text, EndsWith("delft            dow\n2 sites more\n"));
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1)
    EXPECT_LE(text.find('\n', begin) - begin, 20U);
}

TEST(Top, AnswersThatAreNoneAreSurvived) {
  for (const char* text : {"", "{}", "[]", R"({"sites":7})"})
    EXPECT_FALSE(read_sample(text, kThen)) << text;
  const auto odd =
      read_sample(R"({"sites":[7,{"name":7,"out":{"ok":-1,"milliseconds":[]}},{"name":"a\u001bb"}]})", kThen);
  ASSERT_TRUE(odd);
  const std::string text = top_text(std::nullopt, *odd, TopOrder::kMails, 132, 50);
  for (const char c : text)
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
}

}  // namespace
}  // namespace tsmtp::control
