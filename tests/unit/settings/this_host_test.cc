#include "relayd/settings/this_host.h"

#include <gtest/gtest.h>

#include "relayd/settings/reader.h"

namespace tsmtp::settings {
namespace {

TEST(ThisHost, ItsNameIsTheFirstLabelOfTheHostName) {
  EXPECT_EQ(name_from_host("tokyo.example"), "tokyo");
  EXPECT_EQ(name_from_host("Mail-1"), "Mail-1");
  EXPECT_EQ(name_from_host("a b\"c\n.example"), "abc");
  EXPECT_EQ(name_from_host(std::string(200, 'x')), std::string(63, 'x'));
  EXPECT_EQ(name_from_host(""), "hub");
  EXPECT_EQ(name_from_host(".example"), "hub");
}

TEST(ThisHost, NamesAHubWhoseFileDoesNot) {
  base::Diagnostics findings;
  const auto config = read_text("[hub]\n", "t.toml", {}, findings);
  ASSERT_TRUE(config) << findings.all().front().message;
  EXPECT_EQ(config->hub.name, name_of_this_host());
}

TEST(ThisHost, DoesNotNameOneWhoseNameIsWrong) {
  base::Diagnostics findings;
  EXPECT_FALSE(read_text("[hub]\nname = \"a b\"\n", "t.toml", {}, findings));
}

}  // namespace
}  // namespace tsmtp::settings
