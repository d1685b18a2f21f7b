#include "relayd/control/predecessor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const base::WallTime kNow{seconds(1'772'366'584)};

PredecessorStatus sample() {
  return {
      .pid = 811,
      .since = kNow - seconds(200),
      .sessions = 1,
      .mails = 1,
      .connections = 4,
      .ends = kNow + seconds(3'400),
      .held = {{.what = "birl: forward to imap, connection 1 of user alice", .since = kNow - seconds(4'000)},
               {.what = "birl: forward to ssh, connection 2", .since = kNow - seconds(300)},
               {.what = "birl: mail from <a@tokyo.example>", .since = kNow - seconds(9)},
               {.what = "birl: forward to pop3, connection 3", .since = kNow - seconds(1)}}};
}

TEST(Predecessor, IsShownWithAllThatIsKnownOfIt) {
  const std::string text = predecessor_text(sample(), kNow);
  EXPECT_THAT(text, HasSubstr("old process    811, upgraded "));
  EXPECT_THAT(text, HasSubstr("has 1 session, 1 mail under way, 4 connections; ends with them, at "));
  EXPECT_THAT(text, HasSubstr("\n               birl: forward to imap, connection 1 of user alice, since " +
                              local_time(kNow - seconds(4'000), kNow) + " (1 h 6 min)"));
  EXPECT_THAT(text, HasSubstr("\n               birl: forward to pop3, connection 3, since "));
}

TEST(Predecessor, AnObjectionNamesWhatIsInTheWay) {
  const std::string text = predecessor_objection(sample(), kNow);
  EXPECT_THAT(text, HasSubstr("process 811 of before the last upgrade still has 1 session, 1 mail under way, "
                              "4 connections (birl: forward to imap, connection 1 of user alice, since "));
  EXPECT_THAT(text, HasSubstr("; birl: mail from <a@tokyo.example>, since "));
  EXPECT_THAT(text, HasSubstr("; and 2 more), and ends with them, at " +
                              local_time(kNow + seconds(3'400), kNow) + " at the latest"));
  EXPECT_THAT(text, Not(HasSubstr("pop3")));
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST(Predecessor, OfWhichLittleIsKnownIsNamedWithItsEnd) {
  PredecessorStatus before = sample();
  before.held.clear();
  EXPECT_THAT(predecessor_objection(before, kNow), HasSubstr("4 connections, and ends with them, at "));
  before = sample();
  before.mails = 0;
  before.connections = 1;
  before.held.resize(1);
  EXPECT_THAT(predecessor_objection(before, kNow), HasSubstr("(1 h 6 min)), and ends"));
}

}  // namespace
}  // namespace tsmtp::control
