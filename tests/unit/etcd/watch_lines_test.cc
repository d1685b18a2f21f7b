#include "relayd/etcd/watch_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// As etcd 3.4.23 and 3.5.16 have sent it.
std::string line(const std::string& rest, const std::string& revision = "3",
                 const std::string& cluster = "3249") {
  return R"({"result":{"header":{"cluster_id":")" + cluster + R"(","member_id":"3319","revision":")" +
         revision + R"(","raft_term":"2"},)" + rest + "}}\n";
}
const std::string kCreated5 = R"("watch_id":"5","created":true)";
const std::string kCreated6 = R"("watch_id":"6","created":true)";
const std::string kTwoPuts =
    R"("watch_id":"5","events":[{"kv":{"key":"L3QvYQ==","create_revision":"2","mod_revision":"4","version":"1","value":"djE="}},{"kv":{"key":"L3QvYw==","create_revision":"5","mod_revision":"5","version":"1"}}])";
const std::string kDeleted =
    R"("watch_id":"5","events":[{"type":"DELETE","kv":{"key":"L3QvYw==","mod_revision":"6"}}])";

class WatchLinesTest : public ::testing::Test {
 protected:
  WatchLinesTest() {
    lines.add(5, all_below("/t/"));
    (void)lines.begin();
  }
  /// "5 anew", "5 /t/a=v1@4", "5 /t/c gone@6"
  std::vector<std::string> told() {
    std::vector<std::string> out;
    while (const auto event = lines.next()) {
      if (const auto* anew = std::get_if<WatchLines::BeginAnew>(&*event)) {
        out.push_back(std::to_string(anew->watch) + " anew");
        continue;
      }
      const auto& changed = std::get<WatchLines::Changed>(*event);
      for (const Change& change : changed.changes)
        out.push_back(std::to_string(changed.watch) + ' ' + change.key +
                      (change.value ? '=' + *change.value : " gone") + '@' + std::to_string(change.revision));
    }
    return out;
  }

  WatchLines lines;
};

TEST_F(WatchLinesTest, FirstAnewThenChanges) {
  EXPECT_FALSE(lines.is_established());
  ASSERT_TRUE(lines.receive(line(kCreated5)));
  EXPECT_TRUE(lines.is_established());
  ASSERT_TRUE(lines.receive(line(kTwoPuts, "5") + line(kDeleted, "6")));
  EXPECT_THAT(told(), ElementsAre("5 anew", "5 /t/a=v1@4", "5 /t/c=@5", "5 /t/c gone@6"));
}

TEST_F(WatchLinesTest, CutAnywhere) {
  const std::string all = line(kCreated5) + line(kTwoPuts, "5") + line(kDeleted, "6");
  for (const char c : all)
    ASSERT_TRUE(lines.receive(std::string(1, c)));
  EXPECT_THAT(told(), ElementsAre("5 anew", "5 /t/a=v1@4", "5 /t/c=@5", "5 /t/c gone@6"));
}

TEST_F(WatchLinesTest, ANewConnectionGoesOnWhereTheOldOneEnded) {
  ASSERT_TRUE(lines.receive(line(kCreated5) + line(kTwoPuts, "5") + line(kDeleted, "6").substr(0, 60)));
  EXPECT_THAT(lines.begin().body, HasSubstr(R"("start_revision":"6")"));
  ASSERT_TRUE(lines.receive(line(kCreated5, "9") + line(kTwoPuts, "5") + line(kDeleted, "6")));
  EXPECT_THAT(told(), ElementsAre("5 anew", "5 /t/a=v1@4", "5 /t/c=@5", "5 /t/c gone@6"))
      << "and nothing twice";
}

TEST_F(WatchLinesTest, NothingHappenedSinceItWasEstablished) {
  ASSERT_TRUE(lines.receive(line(kCreated5, "8")));
  EXPECT_THAT(lines.begin().body, HasSubstr(R"("start_revision":"9")"));
}

TEST_F(WatchLinesTest, AfterCompactionAnew) {
  ASSERT_TRUE(lines.receive(line(kCreated5)));
  (void)lines.begin();
  const auto ended = lines.receive(
      line(kCreated5) +
      R"({"result":{"header":{"cluster_id":"3249","member_id":"3319","raft_term":"2"},"watch_id":"5","canceled":true,"compact_revision":"7"}})"
      "\n");
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("forgotten"));
  EXPECT_THAT(lines.begin().body, ::testing::Not(HasSubstr("start_revision")));
  ASSERT_TRUE(lines.receive(line(kCreated5, "9")));
  EXPECT_THAT(told(), ElementsAre("5 anew", "5 anew"));
}

TEST_F(WatchLinesTest, AnotherClusterMeansAnew) {
  ASSERT_TRUE(lines.receive(line(kCreated5)));
  (void)lines.begin();
  EXPECT_FALSE(lines.receive(line(kCreated5, "3", "4711")));
  (void)lines.begin();
  ASSERT_TRUE(lines.receive(line(kCreated5, "3", "4711")));
  EXPECT_THAT(told(), ElementsAre("5 anew", "5 anew"));
}

TEST_F(WatchLinesTest, SeveralWatchesComeAndGo) {
  lines.add(6, {.key = "/u"});
  EXPECT_THAT(lines.begin().body, HasSubstr(R"("watch_id":"6")"));
  ASSERT_TRUE(lines.receive(line(kCreated5)));
  EXPECT_FALSE(lines.is_established());
  ASSERT_TRUE(lines.receive(line(kCreated6)));
  EXPECT_TRUE(lines.is_established());
  ASSERT_TRUE(lines.receive(line(kTwoPuts, "5")));
  lines.remove(5);
  ASSERT_TRUE(lines.receive(line(kDeleted, "6")));
  EXPECT_THAT(told(), ElementsAre("6 anew"));
  lines.remove(6);
  EXPECT_FALSE(lines.has_watches());
}

TEST_F(WatchLinesTest, WrongLinesEndTheConnection) {
  const std::string anew = line(kCreated5);
  for (const std::string& wrong :
       {std::string("x\n"), std::string("[]\n"), std::string("{}\n"), std::string(R"({"result":7})") + "\n",
        std::string(R"({"result":{"watch_id":"5"}})") + "\n",
        std::string(R"({"error":{"grpc_code":14,"message":"etcdserver: no leader"}})") + "\n",
        line(R"("watch_id":"5","events":7)"), line(R"("watch_id":"5","events":[7])"),
        line(R"("watch_id":"5","events":[{"kv":{"key":"L3QvYw=="}}])"),
        line(R"("watch_id":"5","events":[{"type":"MOVE","kv":{"key":"L3QvYw==","mod_revision":"6"}}])"),
        line(R"("watch_id":"5","events":[{"kv":{"key":"Lw==","mod_revision":"6"}}])"),
        line(R"("watch_id":"x")"),
        line(R"("watch_id":"5","canceled":true,"cancel_reason":"etcdserver: permission denied")"),
        line(R"("watch_id":"-1","created":true,"canceled":true,"cancel_reason":"permission denied")")}) {
    SCOPED_TRACE(wrong);
    (void)lines.begin();
    EXPECT_TRUE(lines.receive(anew));
    EXPECT_FALSE(lines.receive(wrong));
  }
  (void)lines.begin();
  EXPECT_FALSE(lines.receive(line(kTwoPuts))) << "before the watch stands";
  (void)lines.begin();
  EXPECT_FALSE(lines.receive(std::string(WatchLines::kMaxLineBytes + 1, 'x')));
}

}  // namespace
}  // namespace tsmtp::etcd
