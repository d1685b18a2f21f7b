// compress = true: fewer bytes on the link, the same mail at its end; and plain content to a hub that does
// not want it otherwise.
#include "tests/support/sample_text.h"
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kCompress[] = "compress = true";

class Compression : public TwoHubs {
 protected:
  void SetUp() override {}
  void start_with(const std::string& tokyo_keys, const std::string& birl_keys) {
    birl_site_keys = birl_keys;
    start(tokyo_keys);
  }
  // Bytes on the path between the hubs, for a mail that arrives as it was sent.
  std::uint64_t cost_of(const std::string& content) {
    const std::uint64_t before = path.bytes_to_target;
    const std::size_t count = birl_mta.count();
    Connection client = session();
    begin_mail(client, content);
    EXPECT_THAT(client.command("."), StartsWith("250 "));
    EXPECT_EQ(birl_mta.count(), count + 1);
    EXPECT_TRUE(birl_mta.delivered().back().content == content);  // not EXPECT_EQ: it would print it
    return path.bytes_to_target - before;
  }
  static std::uint64_t traffic(const Hub& hub, const std::string& site, const char* direction,
                               const char* key) {
    return hub.site_status(site)[direction][key];
  }
};

TEST_F(Compression, TextTakesLessThanHalfAndStatusTells) {
  start_with(kCompress, kCompress);
  const std::string text = sample_text(1'000'000);
  EXPECT_LT(cost_of(text), text.size() / 2);
  EXPECT_EQ(tokyo.site_status("birl")["compresses"], true);
  EXPECT_THAT(tokyo.log(), HasSubstr(", content is compressed"));
  EXPECT_EQ(traffic(tokyo, "birl", "out", "bytes"), text.size());
  EXPECT_LT(traffic(tokyo, "birl", "out", "link_bytes"), text.size() / 2);
  EXPECT_TRUE(wait_until([&] { return traffic(birl, "tokyo", "in", "bytes") == text.size(); }));
  EXPECT_EQ(traffic(birl, "tokyo", "in", "link_bytes"), traffic(tokyo, "birl", "out", "link_bytes"));
}

TEST_F(Compression, AMailGainsNothingFromAnother) {
  start_with(kCompress, kCompress);
  const std::string mail = sample_noise(2000, 5) + sample_text(20'000);
  const auto link_bytes = [&] {
    const std::uint64_t before = traffic(tokyo, "birl", "out", "link_bytes");
    cost_of(mail);
    return traffic(tokyo, "birl", "out", "link_bytes") - before;
  };
  const std::uint64_t first = link_bytes();
  EXPECT_LT(first, mail.size());
  EXPECT_EQ(link_bytes(), first);
  EXPECT_EQ(link_bytes(), first);
}

TEST_F(Compression, WhatIsCompressedAlreadyTakesNoMore) {
  start_with(kCompress, kCompress);
  const std::string noise = sample_noise(2'000'000);
  EXPECT_LT(cost_of(noise), noise.size() * 101 / 100);
  EXPECT_LT(traffic(tokyo, "birl", "out", "link_bytes"), noise.size() + 100);
}

TEST_F(Compression, IsNotForAPeerThatDoesNotWantIt) {
  start_with(kCompress, "");
  const std::string text = sample_text(300'000);
  EXPECT_GT(cost_of(text), text.size());
  EXPECT_EQ(tokyo.site_status("birl")["compresses"], false);
  EXPECT_THAT(tokyo.log(), HasSubstr(", content is not compressed: compress is not set there"));
}

TEST_F(Compression, IsNotDoneUnlessConfigured) {
  start_with("", kCompress);
  const std::string text = sample_text(300'000);
  EXPECT_GT(cost_of(text), text.size());
  EXPECT_EQ(birl.site_status("tokyo")["compresses"], false);
}

TEST_F(Compression, P4_ACutInTheMiddleOfAMailIsAPause) {
  start_with(kCompress, kCompress);
  const std::string text = sample_text(6'000'000);
  Connection client = session();
  begin_mail(client, text.substr(0, 3'000'000));
  EXPECT_TRUE(wait_until([&] { return path.bytes_to_target > 300'000U; }));
  path.cut();
  client.send(text.substr(3'000'000));
  EXPECT_THAT(client.command("."), StartsWith("250 "));
  ASSERT_EQ(birl_mta.count(), 1U);
  EXPECT_TRUE(birl_mta.delivered()[0].content == text);
  EXPECT_EQ(tokyo.site_status("birl")["resumptions"], 1);
}

// Two megabytes that are a few KiB on the link.
TEST_F(Compression, P6_MaxMessageIsOfContentNotOfWhatIsLeftOfIt) {
  start_with(std::string(kCompress) + "\nmax_message = \"64MiB\"",
             std::string(kCompress) + "\nmax_message = \"1MiB\"");
  Connection client = session();
  std::string content;
  for (int i = 0; i < 50'000; ++i)
    content += "the same line of forty bytes, again and\r\n";
  begin_mail(client, content);
  EXPECT_THAT(client.command("."), StartsWith("552 5.3.4 "));
  EXPECT_LT(path.bytes_to_target, 100'000U);
  EXPECT_EQ(birl_mta.count(), 0U);
}

}  // namespace
}  // namespace tsmtp::support
