#include "relayd/base/domain.h"

#include <gtest/gtest.h>

namespace tsmtp::base {
namespace {

TEST(Domain, AcceptsHostAndDomainNames) {
  for (const std::string_view name :
       {"birl.example", "a", "xn--bcher-kva.example", "_dmarc.example", "1.2.3.a", "A-b.C"})
    EXPECT_TRUE(check_domain(name)) << name;
  EXPECT_TRUE(check_domain(std::string(63, 'a') + ".example"));
}

TEST(Domain, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "empty name"},
      {"a..b", "empty label"},
      {"a.", "empty label"},
      {".a", "empty label"},
      {"-a.example", "begins or ends with '-'"},
      {"a-.example", "begins or ends with '-'"},
      {"b\xc3\xbc"
       "cher.example",
       "punycode"},
      {"a b", "is in no host name"},
      {"a/b", "is in no host name"},
      {"192.0.2.1", "is an address"},
      {"[192.0.2.1]", "is an address"},
      {"a@b.example", "is a mail address"},
      {std::string(64, 'a'), "longer than 63"},
      {std::string(254, 'a'), "longer than 253"},
  };
  for (const auto& [name, expected] : cases) {
    const auto checked = check_domain(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_NE(checked.error().message.find(expected), std::string::npos) << checked.error().message;
  }
}

TEST(DomainSet, MatchesAsSendmailsTablesDo) {
  DomainSet set;
  ASSERT_TRUE(set.add("Birl.example"));
  ASSERT_TRUE(set.add(".below.example"));
  for (const std::string_view in :
       {"birl.example", "BIRL.EXAMPLE", "birl.example.", "a.below.example", "a.b.below.example"})
    EXPECT_TRUE(set.contains(in)) << in;
  for (const std::string_view out : {"a.birl.example", "xbirl.example", "below.example", ".below.example",
                                     "example", "xbelow.example", "", ".", "birl.example.."})
    EXPECT_FALSE(set.contains(out)) << out;
}

TEST(DomainSet, DotIsAnyName) {
  DomainSet set;
  ASSERT_TRUE(set.add("."));
  EXPECT_TRUE(set.contains("anything.example"));
  EXPECT_FALSE(set.contains(""));
}

TEST(DomainSet, RefusesWhatIsNoPattern) {
  DomainSet set;
  for (const std::string_view pattern : {"", "..", "..a", "birl.example.", "*.example", "192.0.2.1"})
    EXPECT_FALSE(set.add(pattern)) << pattern;
  EXPECT_TRUE(set.empty());
}

}  // namespace
}  // namespace tsmtp::base
