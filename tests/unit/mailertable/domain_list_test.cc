#include "mailertable/checks/domain_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::mailertable {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(DomainListText, HoldsDomainsAndLiterals) {
  base::Diagnostics findings;
  const DomainList list = read_domain_list(
      "# made from relayd.toml\nbirl.example\n  Paris.Example "
      "\n\n[192.0.2.77]\nbirl.example\n[IPv6:2001:db8:0:0:0:0:0:20]",
      "list", findings);
  EXPECT_EQ(findings.to_string(), "");
  EXPECT_THAT(list.domains, ElementsAre("birl.example", "paris.example"));
  EXPECT_THAT(list.literals, ElementsAre("[192.0.2.77]", "[ipv6:2001:db8:0:0:0:0:0:20]"));
}

std::string said_of(std::string_view line) {
  base::Diagnostics findings;
  const std::string text = "good.example\n" + std::string(line) + "\n";
  EXPECT_THAT(read_domain_list(text, "list", findings).domains, ElementsAre("good.example"));
  return findings.to_string();
}

TEST(DomainListText, SaysWhatIsWrongWithALineAndWhere) {
  EXPECT_THAT(said_of(".birl.example"),
              AllOf(StartsWith("list:2: error: .birl.example: "), HasSubstr("leading dot")));
  EXPECT_THAT(said_of("birl.example."), HasSubstr("trailing dot"));
  EXPECT_THAT(said_of("birl.example:"), HasSubstr("no colon"));
  EXPECT_THAT(said_of("anna@birl.example"), HasSubstr("without @"));
  EXPECT_THAT(said_of("*.birl.example"), HasSubstr("without *."));
  EXPECT_THAT(said_of("\"birl.example\""), HasSubstr("without quotes"));
  EXPECT_THAT(said_of("[birl.example]"), HasSubstr("brackets are for addresses"));
  EXPECT_THAT(said_of("[192.0.2.020]"), HasSubstr("brackets are for addresses"));
  EXPECT_THAT(said_of("[IPv6:2001:db8::20]"), HasSubstr("in full"));
  EXPECT_THAT(said_of("192.0.2.20"), HasSubstr("in brackets"));
  EXPECT_THAT(said_of("a.example b.example"), HasSubstr("one domain a line"));
  EXPECT_THAT(said_of("a.example,b.example"), HasSubstr("without commas"));
  EXPECT_THAT(said_of("\xEF\xBB\xBF"
                      "birl.example"),
              HasSubstr("byte order mark"));
  EXPECT_THAT(said_of("b\xC3\xBCrl.example"), HasSubstr("xn--"));
  EXPECT_THAT(said_of("birl.example\r"), HasSubstr("carriage return"));
  EXPECT_THAT(said_of("  # birl.example"), HasSubstr("first column"));
  EXPECT_THAT(said_of(std::string_view("birl\0.example", 13)), HasSubstr("NUL"));
  EXPECT_THAT(said_of(std::string(1001, 'x')), HasSubstr("too long"));
  EXPECT_THAT(said_of("x+y.example"), HasSubstr("error"));
}

TEST(DomainListText, AnEmptyListIsAnError) {
  base::Diagnostics findings;
  EXPECT_THAT(read_domain_list("# birl.example\n\n", "list", findings).domains, IsEmpty());
  EXPECT_THAT(findings.to_string(), HasSubstr("all mail could leave in clear"));
}

}  // namespace
}  // namespace tsmtp::mailertable
