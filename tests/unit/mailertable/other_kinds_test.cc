// A file that is no mailertable at all is told so once, and a mailertable with mistakes is not taken for one.
#include "mailertable/checks/other_kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mailertable/findings.h"

namespace tsmtp::mailertable {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(OtherKinds, AreNamedOnce) {
  EXPECT_THAT(
      findings("Connect:127.0.5.2\tSKIP\nConnect:127\tRELAY\nspam.example\tREJECT\nFrom:x@y.example OK\n"),
      ElementsAre(AllOf(HasSubstr("error: this looks like an access map (4 of 4 lines)"),
                        HasSubstr("name the right file"))));
  EXPECT_THAT(findings("# users\ninfo@birl.example\tanna\n@old.example\t%1@new.example\nsales@birl.example "
                       "error:nouser no\n"),
              ElementsAre(HasSubstr("this looks like a virtusertable or genericstable")));
  EXPECT_THAT(findings("postmaster: root\nroot: anna, joe\nlist: :include:/etc/mail/list\n"),
              ElementsAre(HasSubstr("this looks like an aliases file")));
  EXPECT_THAT(findings("divert(0)dnl\nFEATURE(`mailertable')dnl\nMAILER(`smtp')dnl\n"),
              ElementsAre(HasSubstr("this looks like a configuration of sendmail")));
  std::string table(512, '\0');
  table[12] = 0x61, table[13] = 0x15, table[14] = 0x06;
  EXPECT_THAT(findings(table), ElementsAre(HasSubstr("this is a built table (.db)")));
}

TEST(OtherKinds, AMistakeIsStillAMistake) {
  EXPECT_FALSE(
      looks_like_another_kind("joe@birl.example\ttsmtp:[127.0.5.2]\nbirl.example\ttsmtp:[127.0.5.2]\n"));
  EXPECT_FALSE(
      looks_like_another_kind("birl.example:\ttsmtp:[127.0.5.2]\ngmd.example:\ttsmtp:[127.0.5.2]\n"));
  EXPECT_FALSE(
      looks_like_another_kind("birl.example\tRELAY\ngmd.example\tesmtp:[192.0.2.1]\nlab.example\tlocal:\n"));
  EXPECT_FALSE(looks_like_another_kind("birl.example\n"));
  EXPECT_FALSE(looks_like_another_kind(""));
}

}  // namespace
}  // namespace tsmtp::mailertable
