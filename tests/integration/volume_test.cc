// Many mails of mixed sizes, both ways at once: all there, none changed.
#include <map>
#include <random>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::StartsWith;

constexpr int kSessions = 10;  // in each direction, TSMTP_VOLUME mails each

std::string content_of(int session, int mail) {
  std::minstd_rand random(static_cast<unsigned>(session * 100'003 + mail));
  std::string out = "X-Id: " + std::to_string(session) + '-' + std::to_string(mail) + "\r\n\r\n";
  const std::size_t bytes = random() % 20 == 0 ? random() % 200'000 : random() % 8'000;
  while (out.size() < bytes)
    out += std::string(random() % 100, static_cast<char>('a' + random() % 26)) + "\r\n";
  return out;
}

class Volume : public TwoHubs {
 protected:
  static void send_all(const std::string& endpoint, int number, const std::string& from,
                       const std::string& to) {
    Connection client(endpoint.substr(0, endpoint.find(':')),
                      static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.find(':') + 1))));
    ASSERT_THAT(client.reply(), StartsWith("220 "));
    ASSERT_THAT(client.command("EHLO mx.example"), StartsWith("250"));
    for (int mail = 0; mail < TSMTP_VOLUME; ++mail)
      ASSERT_THAT(send_mail(client, content_of(number, mail), from, to), StartsWith("250 "));
  }

  static void expect_all(const FakeMta& mta) {
    std::map<std::string, std::string> expected;
    for (int number = 0; number < kSessions; ++number)
      for (int mail = 0; mail < TSMTP_VOLUME; ++mail) {
        const std::string content = content_of(number, mail);
        expected[content.substr(0, content.find('\r'))] = content;
      }
    const auto delivered = mta.delivered();
    EXPECT_EQ(delivered.size(), expected.size());
    for (const Delivered& mail : delivered)
      EXPECT_TRUE(expected[mail.content.substr(0, mail.content.find('\r'))] == mail.content);
  }
};

TEST_F(Volume, BothWaysAtOnceAllThereNoneChanged) {
  const std::string there = tokyo.site_status("birl")["endpoints"][0];
  const std::string back = birl.site_status("tokyo")["endpoints"][0];
  std::vector<std::thread> senders;
  for (int number = 0; number < kSessions; ++number) {
    senders.emplace_back([=] { send_all(there, number, "a@tokyo.example", "b@birl.example"); });
    senders.emplace_back([=] { send_all(back, number, "b@birl.example", "a@tokyo.example"); });
  }
  for (std::thread& sender : senders)
    sender.join();
  expect_all(birl_mta);
  expect_all(tokyo_mta);
}

}  // namespace
}  // namespace tsmtp::support
