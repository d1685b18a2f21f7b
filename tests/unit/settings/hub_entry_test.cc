#include "relayd/settings/hub_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const SiteHub kMail2{.name = "mail2",
                     .pins = {std::string(32, '\1')},
                     .dial = {{.host = "mail2.birl.example", .port = 5443, .unix_path = {}}}};

Site read_site(const std::string& text) {
  const auto [config, findings] = read_it(kHub + text);
  EXPECT_TRUE(config) << findings << text;
  return config ? config->sites[0] : Site();
}

TEST(HubEntry, TheShortFormBecomesOneOfTwo) {
  const std::string text = "# Written by hand.\n" + site("birl", kPinA,
                                                         "dial = [\n  \"a.birl.example:5443\",  # first\n"
                                                         "  \"b.birl.example:5443\"\n]\n" +
                                                             with_address("127.0.5.2"));
  const Site before = read_site(text);
  const auto written = with_hub(text, before, kMail2);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(*written, StartsWith("# Written by hand.\n[[site]]\nname = \"birl\"\ndomains = "));
  Site wanted = before;
  wanted.hubs.push_back(kMail2);
  EXPECT_EQ(read_site(*written), wanted);
}

TEST(HubEntry, AThirdStandsBehindTheOthers) {
  const std::string text = site("birl", kPinA, with_address("127.0.5.2"));
  const auto two = with_hub(text, read_site(text), kMail2);
  ASSERT_TRUE(two);
  const SiteHub third{.name = "mail3", .pins = {std::string(32, '\2')}, .dial = {}};
  const auto three = with_hub(*two, read_site(*two), third);
  ASSERT_TRUE(three);
  EXPECT_THAT(*three, StartsWith(*two));
  EXPECT_EQ(read_site(*three).hubs.back(), third);
  EXPECT_EQ(read_site(*three).hubs.size(), 3U);
}

TEST(HubEntry, AFileOfMoreThanThatSiteIsLeftAlone) {
  const std::string birl = site("birl", kPinA, with_address("127.0.5.2"));
  const std::string bonn = "[[site]]\nname = \"bonn\"\npin = [\"" + kPinB + "\"]\n";
  const Site known = read_site(birl);
  for (const std::string& text : {kHub + birl, birl + bonn, birl + "[[forward]]\nservice = \"x\"\n", kHub,
                                  std::string(), std::string("site = 3\n"), std::string("[[site"), bonn})
    EXPECT_FALSE(with_hub(text, known, kMail2)) << text;
}

TEST(HubEntry, NothingElseIsTouched) {
  const std::string text = site("birl", kPinA, "# pin = of old\n" + with_address("127.0.5.2") + "  # ours\n");
  const auto written = with_hub(text, read_site(text), kMail2);
  ASSERT_TRUE(written);
  EXPECT_THAT(*written, HasSubstr("# pin = of old\naddress = \"127.0.5.2\"  # ours\n"));
  EXPECT_THAT(*written, Not(HasSubstr("\npin = ")));
}

}  // namespace
}  // namespace tsmtp::settings
