// What outlives relayd: opened in the state directory, with a warning of what was lost meanwhile.
#include "relayd/daemon/lasting_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "relayd/base/bytes.h"
#include "tests/support/fake_etcd.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class LinesOfLog : public base::Logger {
 public:
  void log(base::LogLevel level, std::string_view line) override {
    lines.emplace_back(line);
    if (level != base::LogLevel::kInfo) warnings.emplace_back(line);
  }

  std::vector<std::string> lines, warnings;
};

class LastingStates : public testing::Test {
 protected:
  [[nodiscard]] settings::Hub hub() const {
    settings::Hub hub;
    hub.name = "tokyo";
    hub.state_dir = directory.path();
    return hub;
  }
  static settings::Site site(const std::string& name, char pin) {
    settings::Site site;
    site.name = name;
    site.hubs = {{.name = name, .pins = {std::string(32, pin)}, .dial = {}}};
    return site;
  }
  /// A mail to birl whose outcome nobody knows, as an earlier relayd left it.
  void leave_a_doubt() {
    net::EventLoop loop;
    LastingState state(log);
    ASSERT_TRUE(state.open(loop, hub()));
    state.set_sites({site("birl", 'b')}, {});
    state.ledger().record_doubt("birl", std::string(16, 't'),
                                {{.index = 0, .mail = std::string(32, 'm'), .address = std::string(32, 'a')}},
                                [&](const base::Result<void>& recorded) {
                                  EXPECT_TRUE(recorded);
                                  loop.stop();
                                });
    loop.run();
  }

  support::TemporaryDirectory directory;
  LinesOfLog log;
};

TEST_F(LastingStates, IsThereAgainAfterARestart) {
  leave_a_doubt();
  net::EventLoop loop;
  LastingState state(log);
  ASSERT_TRUE(state.open(loop, hub()));
  EXPECT_EQ(state.ledger().counters().doubts, 1U);
  state.set_sites({site("birl", 'b')}, {});
  EXPECT_THAT(log.warnings, IsEmpty());
}

TEST_F(LastingStates, DoubtsOfASiteThatIsGoneAreWarnedOf) {
  leave_a_doubt();
  net::EventLoop loop;
  LastingState state(log);
  ASSERT_TRUE(state.open(loop, hub()));
  state.set_sites({site("osaka", 'o')}, {});
  EXPECT_THAT(log.warnings,
              ElementsAre(StartsWith("recipients in doubt at sites that are no longer configured: 1;")));
}

TEST_F(LastingStates, DoubtsOfASiteThatIsRenamedGoWithItsKey) {
  leave_a_doubt();
  net::EventLoop loop;
  LastingState state(log);
  ASSERT_TRUE(state.open(loop, hub()));
  state.set_sites({site("birlinghoven", 'b')}, {});
  EXPECT_THAT(log.warnings, IsEmpty());
}

TEST_F(LastingStates, AKeyOfDigestsThatWasReplacedIsWarnedOf) {
  leave_a_doubt();
  std::filesystem::remove(directory.file("digest.key"));
  net::EventLoop loop;
  LastingState state(log);
  ASSERT_TRUE(state.open(loop, hub()));
  EXPECT_THAT(log.warnings,
              ElementsAre(HasSubstr("/digest.key was lost or replaced: the mails in doubt (1 recipients)")));
}

TEST_F(LastingStates, AStateDirectoryThatIsNoneIsAnErrorThatNamesItsKey) {
  settings::Hub wrong = hub();
  wrong.state_dir = directory.file("nowhere");
  net::EventLoop loop;
  LastingState state(log);
  const auto opened = state.open(loop, wrong);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, StartsWith("hub.state_dir: "));
}

TEST_F(LastingStates, AWitnessWithoutItsBookIsToldOfAndMendedLater) {
  settings::Hub later = hub();
  later.state_dir = directory.file("later");
  LastingState state(log);
  state.start_witness(later);
  ASSERT_NE(state.witness(), nullptr);
  EXPECT_NE(state.no_witness(), "");
  EXPECT_THAT(log.warnings,
              ElementsAre(testing::AllOf(StartsWith("no witness ("), HasSubstr("it is tried again"))));
  std::filesystem::create_directory(later.state_dir);
  state.try_witness_again();
  EXPECT_EQ(state.no_witness(), "");
  EXPECT_EQ(log.lines.back(), "the witness has its book now, and watches what is being delivered");
  const std::size_t lines = log.lines.size();
  state.try_witness_again();
  EXPECT_EQ(log.lines.size(), lines);
}

// The mails that were in doubt when the key was replaced are not lost to a restart.
TEST_F(LastingStates, TheSitesKeyOfDigestsIsKeptBesideTheOneOfBefore) {
  leave_a_doubt();
  support::FakeEtcd etcd;
  etcd.data().put("/tsmtp/digest-key", "1 " + base::hex(std::string(32, 's')));
  for (const bool is_in_doubt : {true, false}) {
    net::EventLoop loop;
    LastingState state(log);
    ASSERT_TRUE(state.open(loop, hub()));
    EXPECT_EQ(state.shared_doubts(), nullptr);
    state.share_doubts(etcd, "tokyo", {});
    state.shared_doubts()->tick({});
    etcd.answer_all();
    EXPECT_EQ(state.digests().earlier() != nullptr, is_in_doubt);
    EXPECT_EQ(support::read_file(directory.file("digest.key")), std::string(32, 's'));
    state.ledger().settle_doubt(std::string(16, 't'));
    etcd.answer_all();
  }
  EXPECT_THAT(log.warnings, Each(HasSubstr("digest-key-name")));
}

}  // namespace
}  // namespace tsmtp::daemon
