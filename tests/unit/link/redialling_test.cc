// One address dialled again and again, in virtual time.
#include "relayd/link/redialling.h"

#include <gtest/gtest.h>

namespace tsmtp::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Step = Redialling::Step;

class Again : public testing::Test {
 protected:
  [[nodiscard]] base::Duration wait() const { return *redialling.deadline() - now; }
  Step at_deadline() {
    now = *redialling.deadline();
    return redialling.tick(now);
  }

  Redialling redialling{milliseconds(20), 1};
  base::TimePoint now{};
};

TEST_F(Again, ShortTriesUntilOneStands) {
  EXPECT_EQ(redialling.start(now), Step::kConnect);
  EXPECT_EQ(redialling.start(now), Step::kNone) << "under way";
  for (int tries = 0; tries < 20; ++tries) {
    EXPECT_GE(wait(), Redialling::kShortestTry);
    EXPECT_LE(wait(), Redialling::kShortestTry * 3 / 2);
    redialling.failed(now);  // refused: the next one not before its time
    EXPECT_EQ(redialling.tick(now), Step::kNone);
    EXPECT_EQ(at_deadline(), Step::kConnect);
  }
  redialling.connected();
  EXPECT_FALSE(redialling.deadline()) << "a connection that stands is waited for";
  EXPECT_TRUE(redialling.dialled());
  EXPECT_FALSE(redialling.dialled());
}

TEST_F(Again, TriesAreAsLongAsThePathNeeds) {
  redialling = Redialling(milliseconds(600), 1);
  (void)redialling.start(now);
  EXPECT_GE(wait(), milliseconds(1200));
  redialling = Redialling(seconds(60), 1);
  (void)redialling.start(now);
  EXPECT_LE(wait(), Redialling::kLongestTry * 3 / 2);
}

TEST_F(Again, SomebodyWhoDoesNotTakeUsIsAskedLessAndLess) {
  (void)redialling.start(now);
  base::Duration longest{};
  for (int handshakes = 0; handshakes < 10; ++handshakes) {
    redialling.connected();
    redialling.failed(now);
    EXPECT_GE(wait(), milliseconds(500));
    longest = std::max(longest, wait());
    EXPECT_EQ(at_deadline(), Step::kConnect);
  }
  EXPECT_GE(longest, seconds(15));
  EXPECT_LE(longest, seconds(30));
}

TEST_F(Again, AfterAConnectionThatCameToNothing) {
  (void)redialling.start(now);
  redialling.connected();
  EXPECT_TRUE(redialling.dialled());
  redialling.came_to_nothing(now);
  EXPECT_GE(wait(), milliseconds(500));
  EXPECT_EQ(redialling.start(now), Step::kNone);
  EXPECT_EQ(at_deadline(), Step::kConnect);
}

TEST_F(Again, MayBeginLaterAndIsSilentOnceItIsStopped) {
  redialling.start_later(now);
  EXPECT_EQ(redialling.tick(now), Step::kNone);
  EXPECT_EQ(redialling.stop(), Step::kNone);
  EXPECT_FALSE(redialling.deadline());
  (void)redialling.start(now);
  EXPECT_EQ(redialling.stop(), Step::kGiveUp);
  redialling.connected();
  EXPECT_FALSE(redialling.dialled());
}

}  // namespace
}  // namespace tsmtp::link
