// The key of a hub is replaced by itself when it is old enough, and nobody is left behind unasked.
#include "relayd/daemon/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relayd/net/io/clocks.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::seconds kHalfAYear = 180 * kDay;

struct Lines : base::Logger {
  void log(base::LogLevel, std::string_view line) override { text.append(line) += '\n'; }
  std::string text;
};

class RotationByItself : public testing::Test {
 protected:
  void SetUp() override {
    hub_.name = "tokyo";
    hub_.identity = directory_.file("identity.pem");
    hub_.state_dir = directory_.file("");
    ASSERT_TRUE(net::create_identity(hub_.identity, "tokyo"));
    ASSERT_TRUE(known_.open(hub_.state_dir));
    ASSERT_TRUE(rotation_.load(hub_, {}));
  }
  /// Looked after every few minutes.
  void pass(std::chrono::hours time) {
    constexpr std::chrono::minutes kLook{4};
    for (auto passed = std::chrono::minutes(0); passed < time; passed += kLook) {
      wall_ += kLook;
      now_ += kLook;
      rotation_.tend(kHalfAYear, wall_, now_);
    }
  }
  void jump(std::chrono::hours by) {
    wall_ += by;
    rotation_.tend(kHalfAYear, wall_, now_);
  }
  [[nodiscard]] std::uint64_t rotations() const { return rotation_.status().rotations; }

  support::TemporaryDirectory directory_;
  settings::Hub hub_;
  Lines log_;
  HubKeys known_{log_};
  std::vector<keys::Following> sites_;
  int changes_ = 0;
  bool may_change_ = true;
  Rotation rotation_{known_,
                     log_,
                     {.sites = [this] { return sites_; },
                      .changed = [this] { ++changes_; },
                      .may_change = [this] { return may_change_; }}};
  base::WallTime wall_ = net::wall_now();
  base::TimePoint now_ = net::now();
};

TEST_F(RotationByItself, OnceEachTimeTheKeyIsOldEnough) {
  const std::string first = rotation_.own().pin();
  pass(179 * kDay);
  EXPECT_EQ(rotations(), 0U);
  pass(2 * kDay);
  EXPECT_EQ(rotations(), 1U);
  EXPECT_NE(rotation_.own().pin(), first);
  EXPECT_EQ(rotation_.own().pins().front(), first);
  pass(170 * kDay);
  EXPECT_EQ(rotations(), 1U);
  pass(20 * kDay);
  EXPECT_EQ(rotations(), 2U);
}

TEST_F(RotationByItself, NoJumpOfTheClockMakesAStorm) {
  pass(kDay);
  for (int i = 0; i < 20; ++i) {
    jump(400 * kDay);
    pass(std::chrono::hours(1));
    jump(-400 * kDay);
    pass(std::chrono::hours(1));
  }
  EXPECT_EQ(rotations(), 0U);
  jump(400 * kDay);  // for good
  pass(10 * kDay);
  EXPECT_EQ(rotations(), 1U);
}

TEST_F(RotationByItself, NotWhereTheOnlySiteWouldBeLeftBehindAndThatIsSaid) {
  sites_ = {{.site = "old", .has_pin = {}, .can_follow = false}};
  pass(182 * kDay);
  EXPECT_EQ(rotations(), 0U);
  EXPECT_THAT(rotation_.status().trouble, HasSubstr("knows nothing of rotation"));
  EXPECT_THAT(log_.text, HasSubstr("hub.rotate_every: our key is not rotated: "));
  sites_.front().can_follow = true;
  pass(2 * kDay);
  EXPECT_EQ(rotations(), 1U);
  EXPECT_EQ(rotation_.status().trouble, "");
  EXPECT_THAT(rotation_.status().awaited, ElementsAre("old"));
}

TEST_F(RotationByItself, EarlierKeyIsRetiredWhenAllHaveConfirmedOrItsTimeIsOver) {
  sites_ = {{.site = "birl", .has_pin = {}, .can_follow = true}};
  EXPECT_THAT(rotation_.rotate("now"), StartsWith("ok"));
  EXPECT_NE(rotation_.own().keys().earlier, nullptr);
  rotation_.confirmed("birl", std::string(32, 'x'));  // none of ours
  rotation_.confirmed("birl", rotation_.own().pins().front());
  EXPECT_NE(rotation_.own().keys().earlier, nullptr);
  rotation_.confirmed("birl", rotation_.own().pin());
  EXPECT_EQ(rotation_.own().keys().earlier, nullptr);
  rotation_.confirmed("birl", rotation_.own().pins().front());
  EXPECT_TRUE(rotation_.has_confirmed("birl")) << "never back";
  EXPECT_THAT(rotation_.rotate("now grace=3600"), StartsWith("ok"));
  pass(std::chrono::hours(2));
  EXPECT_EQ(rotation_.own().keys().earlier, nullptr);
  EXPECT_EQ(changes_, 4);
}

// The relayd that has taken over may have rotated since.
TEST_F(RotationByItself, ProcessThatIsBeingReplacedWritesNoKey) {
  sites_ = {{.site = "birl", .has_pin = {}, .can_follow = true}};
  EXPECT_THAT(rotation_.rotate("now"), StartsWith("ok"));
  may_change_ = false;
  rotation_.confirmed("birl", rotation_.own().pin());
  EXPECT_TRUE(rotation_.has_confirmed("birl"));
  EXPECT_NE(rotation_.own().keys().earlier, nullptr);
  may_change_ = true;
  pass(std::chrono::hours(1));
  EXPECT_EQ(rotation_.own().keys().earlier, nullptr);
}

TEST_F(RotationByItself, WhatIsNotAskedRightIsRefused) {
  for (const char* asked :
       {"soon", "now grace=", "now grace=-1", "now grace=31622401", "compromised grace=5 yes"})
    EXPECT_THAT(rotation_.rotate(asked), StartsWith("error 64\n")) << asked;
  EXPECT_THAT(rotation_.rotate("now compromised"), StartsWith("error 64\nnot replaced: "));
  EXPECT_EQ(changes_, 0);
}

}  // namespace
}  // namespace tsmtp::daemon
