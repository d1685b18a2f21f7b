#include "relayd/base/idna.h"

#include <gtest/gtest.h>

#include "relayd/base/domain.h"

namespace tsmtp::base {
namespace {

TEST(AsciiDomain, MakesPunycodeOfUnicodeLabels) {
  EXPECT_EQ(*ascii_domain("b\xc3\xbc"
                          "cher.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(*ascii_domain("\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"),
            "xn--r8jz45g.xn--zckzah");
}

TEST(AsciiDomain, LeavesAsciiAlone) {
  EXPECT_EQ(*ascii_domain("Birl.Example"), "Birl.Example");
  EXPECT_EQ(*ascii_domain("a_b"), "a_b");
  EXPECT_EQ(*ascii_domain(""), "");
}

TEST(AsciiDomain, SaysWhyNot) {
  const auto bad = ascii_domain("b\xc3(\xbc");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("is not a domain name"), std::string::npos);
  EXPECT_FALSE(ascii_domain("a\xe2\xbf\xb0.example")) << "U+2FF0 is in no name";
}

TEST(DomainSet, KnowsADomainInEitherForm) {
  DomainSet set;
  ASSERT_TRUE(set.add(".xn--bcher-kva.example"));
  EXPECT_TRUE(
      set.contains("mail.b\xc3\xbc"
                   "cher.example"));
  EXPECT_TRUE(
      set.contains("mail.B\xc3\x9c"
                   "CHER.example"));
  EXPECT_FALSE(set.contains("mail.bucher.example"));
  EXPECT_FALSE(set.contains("mail.b\xc3.example"));
}

}  // namespace
}  // namespace tsmtp::base
