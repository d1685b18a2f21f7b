// Pairing and revocation on disks that are full, of either hub and at each step: both have the site or
// neither, a retry completes it, and a revocation holds or says that it does not. In a mount namespace of its
// own, so only for root.
#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/integration/pairing_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kCannotMake = 73, kUnreachable = 69;
constexpr std::chrono::seconds kHealed{60};

class PairingFullDisk : public PairingHubs {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      GTEST_SKIP() << "needs to mount a tmpfs";
    for (Hub* hub : {&tokyo, &birl}) {
      hub->kill();
      for (const char* folder : {"state", "sites.d"}) {
        std::filesystem::create_directory(hub->file(folder));
        ASSERT_EQ(mount("tmpfs", hub->file(folder).c_str(), "tmpfs", 0, "size=24m,mode=0700"), 0);
      }
      hub->start();
    }
  }
  void TearDown() override {
    for (Hub* hub : {&tokyo, &birl}) {
      hub->kill();
      for (const char* folder : {"state", "sites.d"})
        umount2(hub->file(folder).c_str(), MNT_DETACH);
    }
  }

  static void fill(const Hub& hub, const std::string& folder) {
    std::ofstream out(hub.file(folder + "/filler"), std::ios::binary | std::ios::app);
    for (std::size_t bytes = 64 * 1024; bytes >= 1024; bytes /= 2) {
      const std::string block(bytes, 'x');
      out.clear();
      while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      }
    }
  }
  static void make_room(const Hub& hub, const std::string& folder) {
    std::filesystem::remove(hub.file(folder + "/filler"));
  }
  /// No file that was begun, of ours or aside.
  static void expect_nothing_half_written(const Hub& hub) {
    for (const auto& entry : std::filesystem::directory_iterator(hub.file("sites.d")))
      EXPECT_EQ(entry.path().filename(), "filler");
    EXPECT_FALSE(std::filesystem::exists(hub.file("state/.invitations.new")));
  }
};

TEST_F(PairingFullDisk, InviteSaysSoAndGivesOutNoLine) {
  fill(tokyo, "state");
  const Finished full = tokyo.relayctl({"invite", "birl", "birl.example"});
  EXPECT_EQ(full.status, kCannotMake);
  EXPECT_THAT(full.output, AllOf(HasSubstr("invitations: cannot be written: No space left on device"),
                                 Not(HasSubstr("tsmtp1:"))));
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("no invitation is out"));
  make_room(tokyo, "state");
  EXPECT_EQ(join(birl, invite()).status, 0);
  EXPECT_TRUE(both_up());
}

TEST_F(PairingFullDisk, WhatCannotBeNotedIsNotPromised) {
  const std::string token = invite();
  fill(tokyo, "state");
  const Finished full = join(birl, token);
  EXPECT_EQ(full.status, kUnreachable) << full.output;
  EXPECT_THAT(full.output, HasSubstr("the other hub has trouble of its own"));
  EXPECT_TRUE(tokyo.logs("No space left on device"));
  for (const Hub* hub : {&tokyo, &birl})
    expect_nothing_half_written(*hub);
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("birl: open"));
  make_room(tokyo, "state");
  EXPECT_EQ(join(birl, token).status, 0);
  EXPECT_TRUE(both_up());
}

TEST_F(PairingFullDisk, JoinerThatCannotWriteItsSiteHasNone) {
  const std::string token = invite();
  fill(birl, "sites.d");
  const Finished full = join(birl, token);
  EXPECT_EQ(full.status, kCannotMake) << full.output;
  EXPECT_THAT(full.output, HasSubstr("tokyo.toml: cannot be written: No space left on device"));
  for (const Hub* hub : {&tokyo, &birl})
    expect_nothing_half_written(*hub);
  make_room(birl, "sites.d");
  EXPECT_EQ(join(birl, token).status, 0);
  EXPECT_TRUE(both_up());
}

// The joiner has its site: the inviter's comes as soon as there is room, without a hand.
TEST_F(PairingFullDisk, InviterThatCannotWriteItsSiteMakesItLater) {
  const std::string token = invite();
  fill(tokyo, "sites.d");
  std::thread joining([&] { EXPECT_THAT(join(birl, token).output, HasSubstr("site tokyo is made")); });
  EXPECT_TRUE(tokyo.logs("birl.toml: cannot be written: No space left on device"));
  expect_nothing_half_written(tokyo);
  make_room(tokyo, "sites.d");
  joining.join();
  EXPECT_TRUE(wait_until([&] { return has_file(tokyo, "birl"); }, kHealed));
  EXPECT_TRUE(both_up());
}

// It is full only when the promise is kept: the site is there, and the book hears of it later.
TEST_F(PairingFullDisk, PromiseThatWasKeptIsOverAlsoOnTheDisk) {
  const std::string token = invite();
  path.whole_first = 2;
  path.break_after = 1;
  std::thread joining([&] { (void)join(birl, token); });
  EXPECT_TRUE(wait_until([&] { return has_file(birl, "tokyo"); }));
  fill(tokyo, "state");
  path.break_after = 0;
  joining.join();
  ASSERT_TRUE(both_up());
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("birl: used by hub birl"));
  EXPECT_THAT(read_file(tokyo.file("state/invitations")), HasSubstr(" accepted "));
  make_room(tokyo, "state");
  EXPECT_TRUE(wait_until(
      [&] { return read_file(tokyo.file("state/invitations")).find(" used ") != std::string::npos; },
      kHealed));
}

TEST_F(PairingFullDisk, RevocationHoldsAtOnceAndForGoodWhenThereIsRoom) {
  ASSERT_EQ(join(birl, invite()).status, 0);
  ASSERT_TRUE(both_up());
  fill(tokyo, "state");
  const Finished revoked = tokyo.relayctl({"revoke", "--yes", "birl"});
  EXPECT_EQ(revoked.status, kCannotMake);
  EXPECT_THAT(revoked.output, AllOf(HasSubstr("birl: revoked"), HasSubstr("BUT only until relayd ends"),
                                    HasSubstr("No space left on device")));
  EXPECT_TRUE(birl.wait_for_link_down("tokyo"));
  EXPECT_TRUE(tokyo.site_status("birl")["revoked"].is_string());
  make_room(tokyo, "state");
  EXPECT_TRUE(tokyo.logs("the book of keys is written now"));
  tokyo.kill();
  tokyo.start();
  EXPECT_TRUE(tokyo.site_status("birl")["revoked"].is_string());
}

}  // namespace
}  // namespace tsmtp::support
