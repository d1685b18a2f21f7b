#include "relayd/keys/revoking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/keys/toy_crypto.h"

namespace tsmtp::keys {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<SiteKeys> kSites{{.name = "birl", .pins = {toy_pin("a")}},
                                   {.name = "bonn", .pins = {toy_pin("b"), toy_pin("n")}},
                                   {.name = "kyoto", .pins = {toy_pin("k")}}};

TEST(Revoking, SaysWhoLosesTheLastKeyAndWhoIsLeft) {
  Book book;
  ASSERT_TRUE(book.learn({.from = toy_pin("a"), .to = toy_pin("b")}));
  const Revoking plan = plan_revoking({toy_pin("a")}, kSites, {toy_pin("own")}, book);
  EXPECT_THAT(plan.pins, ElementsAre(toy_pin("a"), toy_pin("b")));
  EXPECT_THAT(plan.sites, ElementsAre("birl"));
  EXPECT_THAT(plan.left, ElementsAre("bonn", "kyoto"));
  EXPECT_FALSE(plan.is_done);
  EXPECT_FALSE(plan.is_ours);
}

TEST(Revoking, LastSiteIsSeen) {
  Book book;
  book.revoke({toy_pin("a"), toy_pin("b"), toy_pin("n")}, "", 1);
  const Revoking plan = plan_revoking({toy_pin("k")}, kSites, {}, book);
  EXPECT_THAT(plan.sites, ElementsAre("kyoto"));
  EXPECT_THAT(plan.left, IsEmpty());
  EXPECT_TRUE(plan_revoking({toy_pin("a")}, kSites, {}, book).is_done);
}

TEST(Revoking, OwnKeyIsSeen) {
  EXPECT_TRUE(plan_revoking({toy_pin("a")}, kSites, {toy_pin("x"), toy_pin("a")}, {}).is_ours);
}

}  // namespace
}  // namespace tsmtp::keys
