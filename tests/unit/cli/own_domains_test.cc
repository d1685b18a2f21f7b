#include "relayd/cli/own_domains.h"

#include <gtest/gtest.h>

namespace tsmtp::cli {
namespace {

TEST(OwnDomains, MailnameComesFirstUnlessItIsTheHostsOwnName) {
  EXPECT_EQ(own_domain("tokyo.example\n", "hub.east.example"), "tokyo.example");
  EXPECT_EQ(own_domain("Hub.Tokyo.example", "hub.tokyo.example"), "tokyo.example");
  EXPECT_EQ(own_domain("hub", "hub.tokyo.example"), "tokyo.example");
  EXPECT_EQ(own_domain("a..b", "hub.tokyo.example"), "tokyo.example");
}

TEST(OwnDomains, HostNameTellsItOrNobodyDoes) {
  EXPECT_EQ(own_domain("", "mail.hub.tokyo.example"), "hub.tokyo.example");
  EXPECT_EQ(own_domain("", "tokyo.example"), "tokyo.example");  // and not "example"
  EXPECT_EQ(own_domain("", "tokyo"), "");
  EXPECT_EQ(own_domain("", ""), "");
}

TEST(OwnDomains, NamesBelowAreOursToo) {
  EXPECT_EQ(with_names_below({"a.example", ".a.example", ".b.example"}),
            (std::vector<std::string>{"a.example", ".a.example", ".b.example"}));
}

}  // namespace
}  // namespace tsmtp::cli
