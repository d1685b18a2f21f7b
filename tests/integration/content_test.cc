// Content arrives as it was sent, byte for byte.
#include <random>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::StartsWith;

std::string stuffed(const std::string& content) {
  std::string out;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '.' && (i == 0 || content[i - 1] == '\n')) out += '.';
    out += content[i];
  }
  return out;
}

std::string random_lines(std::size_t bytes) {
  std::minstd_rand random(7);
  std::string out;
  while (out.size() < bytes) {
    for (std::size_t length = random() % 200; length > 0; --length) {
      const char c = static_cast<char>(random());
      out += c == '\r' || c == '\n' ? '.' : c;
    }
    out += "\r\n";
  }
  return out;
}

class ContentTest : public TwoHubs {
 protected:
  void expect_unchanged(const std::string& content) {
    Connection client = session();
    begin_mail(client, stuffed(content));
    EXPECT_THAT(client.command("."), StartsWith("250 "));
    ASSERT_EQ(birl_mta.count(), 1U);
    EXPECT_TRUE(birl_mta.delivered()[0].content == content);  // not EXPECT_EQ: it would print megabytes
  }
};

TEST_F(ContentTest, EmptyMail) {
  expect_unchanged("");
}

TEST_F(ContentTest, DotsAtTheStartOfLines) {
  expect_unchanged(".\r\n..\r\n.x\r\n\r\n.\r\n");
}

TEST_F(ContentTest, LinesOfAnyLength) {
  expect_unchanged(std::string(998, 'a') + "\r\n" + std::string(5000, 'b') + "\r\n");
}

TEST_F(ContentTest, EveryByteButBareLineEnds) {
  expect_unchanged(random_lines(100'000));
}

TEST_F(ContentTest, ThirtyMegabytes) {
  expect_unchanged(random_lines(30'000'000));
}

TEST_F(ContentTest, OverMaxMessageIsRefusedBeforeAndBehindTheContent) {
  configure("max_message = \"1MiB\"");
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example> SIZE=2000000"), StartsWith("552 5.3.4 "));
  begin_mail(client, stuffed(random_lines(2'000'000)));
  EXPECT_THAT(client.command("."), StartsWith("552 5.3.4 "));
  EXPECT_EQ(birl_mta.count(), 0U);
}

TEST_F(ContentTest, P6_FarMtaThatStopsReadingHoldsBackTheSenderAndNobodyElse) {
  birl_mta.stalled = true;
  const std::string content = stuffed(random_lines(std::size_t{40'000} * TSMTP_VOLUME));
  std::vector<std::thread> senders;
  for (int i = 0; i < 4; ++i)
    senders.emplace_back([&] {
      Connection client = session();
      begin_mail(client, content);
      EXPECT_THAT(client.command("."), StartsWith("250 "));
    });
  EXPECT_TRUE(wait_until([&] { return birl.site_status("tokyo")["open_transactions"] == 4; }));
  // The other direction goes on meanwhile.
  const std::string endpoint = birl.site_status("tokyo")["endpoints"][0];
  Connection other(endpoint.substr(0, endpoint.find(':')), endpoint_port);
  EXPECT_THAT(other.reply(), StartsWith("220 "));
  EXPECT_THAT(other.command("EHLO mx.birl.example"), StartsWith("250"));
  EXPECT_THAT(send_mail(other, "Subject: x\r\n\r\n", "b@birl.example", "a@tokyo.example"),
              StartsWith("250 "));
  constexpr std::size_t kBoundKib =
      TSMTP_VOLUME < 500 ? 400'000 : 60'000;  // a sanitizer's shadow is not ours
  EXPECT_LT(tokyo.process().resident_kib(), kBoundKib);
  EXPECT_LT(birl.process().resident_kib(), kBoundKib);
  birl_mta.stalled = false;
  for (std::thread& sender : senders)
    sender.join();
  EXPECT_EQ(birl_mta.count(), 4U);
}

}  // namespace
}  // namespace tsmtp::support
