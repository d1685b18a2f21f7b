#include "relayd/keys/rotating.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/keys/toy_crypto.h"

namespace tsmtp::keys {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Chain long_chain(std::size_t steps) {
  std::vector<std::string> keys{"k0"};
  for (std::size_t i = 1; i <= steps; ++i)
    keys.push_back("k" + std::to_string(i));
  return toy_chain(keys);
}

TEST(Rotating, SitesThatFollowAreNoMatter) {
  const std::vector<Following> sites{{.site = "birl", .has_pin = toy_pin("k0"), .can_follow = true},
                                     {.site = "osaka", .has_pin = {}, .can_follow = {}}};
  const Rotating plan = plan_rotation(sites, long_chain(kMaxSteps - 1), ToyCrypto());
  EXPECT_THAT(plan.left_behind, IsEmpty());
  EXPECT_THAT(plan.cut_off, IsEmpty());
  EXPECT_TRUE(plan.somebody_follows);
}

TEST(Rotating, HubWithoutSitesLeavesNobodyBehind) {
  EXPECT_TRUE(plan_rotation({}, Chain{.first = "k0", .steps = {}}, ToyCrypto()).somebody_follows);
}

TEST(Rotating, OlderRelaydIsLeftBehind) {
  const Following old{.site = "old", .has_pin = {}, .can_follow = false};
  const Following fresh{.site = "birl", .has_pin = {}, .can_follow = true};
  const Chain none{.first = "k0", .steps = {}};
  const Rotating one = plan_rotation({old, fresh}, none, ToyCrypto());
  EXPECT_THAT(one.left_behind, ElementsAre("old"));
  EXPECT_TRUE(one.somebody_follows);
  EXPECT_FALSE(plan_rotation({old}, none, ToyCrypto()).somebody_follows);
}

// The next chain begins with k1.
TEST(Rotating, FullChainCutsOffWhoStandsAtItsBeginning) {
  const std::vector<Following> sites{
      {.site = "first", .has_pin = toy_pin("k0"), .can_follow = true},
      {.site = "second", .has_pin = toy_pin("k1"), .can_follow = {}},
      {.site = "never", .has_pin = {}, .can_follow = {}},
      {.site = "last", .has_pin = toy_pin("k" + std::to_string(kMaxSteps)), .can_follow = true}};
  const Rotating plan = plan_rotation(sites, long_chain(kMaxSteps), ToyCrypto());
  EXPECT_THAT(plan.cut_off, ElementsAre("first", "never"));
  EXPECT_TRUE(plan.somebody_follows);
}

}  // namespace
}  // namespace tsmtp::keys
