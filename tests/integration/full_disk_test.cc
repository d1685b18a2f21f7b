// state_dir that is full or read-only, of the near hub and of the far one, while mails pass: each is put off
// with a reason, none is lost or comes twice, and all of it heals by itself. In a mount namespace of its own,
// so only for root.
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/two_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::seconds kHealed{30};

/// Whether any process has a file below `directory` open, removed or not.
bool is_open_somewhere(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code gone;  // as processes and their descriptors are at any moment
  for (fs::directory_iterator process("/proc", gone), none; process != none; process.increment(gone))
    for (fs::directory_iterator fd(process->path() / "fd", gone); fd != none; fd.increment(gone))
      if (fs::read_symlink(fd->path(), gone).string().starts_with(directory + '/')) return true;
  return false;
}

class P4_FullDisk : public TwoHubs {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      GTEST_SKIP() << "needs to mount a tmpfs";
    for (const Hub* hub : {&tokyo, &birl}) {
      std::filesystem::create_directory(hub->file("state"));
      ASSERT_EQ(mount("tmpfs", hub->file("state").c_str(), "tmpfs", 0, "size=24m,mode=0700"), 0);
    }
    is_mounted_ = true;
    start();
  }
  void TearDown() override {
    if (!is_mounted_) return;
    TwoHubs::TearDown();
    for (const Hub* hub : {&tokyo, &birl})
      umount2(hub->file("state").c_str(), MNT_DETACH);
  }

  static void fill(const Hub& hub) {
    std::ofstream out(hub.file("state/filler"), std::ios::binary | std::ios::app);
    for (std::size_t bytes = 64 * 1024; bytes >= 1024; bytes /= 2) {
      const std::string block(bytes, 'x');
      out.clear();
      while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      }
    }
  }
  static void make_room(const Hub& hub) { std::filesystem::remove(hub.file("state/filler")); }

  [[nodiscard]] static bool is_in_trouble(const Hub& hub) {
    return !hub.status().at("ledger").at("trouble").is_null();
  }

  /// Mails, one after the other, each tried until it is taken, as an MTA does.
  void keep_sending() {
    sender_ = std::thread([this] {
      for (int mail = 0; !ending_; ++mail) {
        const std::string content = "Subject: " + std::to_string(mail) + "\r\n\r\ntext\r\n";
        for (;;) {
          const std::string reply = try_once(content);
          const std::lock_guard lock(mutex_);
          if (reply.starts_with("250")) break;
          replies_.insert(reply);
          if (ending_ && reply.empty()) return;
        }
        sent_ = mail + 1;
      }
    });
  }
  std::string try_once(const std::string& content) {
    try {
      Connection client(endpoint_address(), endpoint_port);
      if (const std::string greeting = client.reply(); !greeting.starts_with("220")) return greeting;
      (void)client.command("EHLO mx.tokyo.example");
      const std::string reply = send_mail(client, content);
      (void)client.command("QUIT");
      return reply;
    } catch (const std::exception&) {
      return "";
    }
  }
  [[nodiscard]] bool goes_on() {
    const int before = sent_;
    return wait_until([&] { return sent_ > before + 5; }, kHealed);
  }
  void forget_replies() {
    const std::lock_guard lock(mutex_);
    replies_.clear();
  }
  /// A mail is put off with such a reply.
  [[nodiscard]] bool is_told(const ::testing::Matcher<std::string>& reply) {
    return wait_until([&] {
      const std::lock_guard lock(mutex_);
      return std::any_of(replies_.begin(), replies_.end(),
                         [&](const std::string& told) { return reply.Matches(told); });
    });
  }
  void expect_each_once() {
    ending_ = true;
    sender_.join();
    std::map<std::string, int> counts;
    for (const Delivered& mail : birl_mta.delivered())
      ++counts[mail.content];
    EXPECT_EQ(counts.size(), static_cast<std::size_t>(sent_));
    for (const auto& [content, count] : counts)
      EXPECT_EQ(count, 1) << content;
  }

  std::atomic<int> sent_{0};
  std::atomic<bool> ending_{false};
  std::thread sender_;
  std::mutex mutex_;
  std::set<std::string> replies_;
  bool is_mounted_ = false;
};

TEST_F(P4_FullDisk, MailsWaitAndHealWhicheverHubItIs) {
  keep_sending();
  ASSERT_TRUE(goes_on());
  for (Hub* hub : {&tokyo, &birl, &tokyo, &birl}) {
    const std::string name = hub == &tokyo ? "tokyo" : "birl";
    forget_replies();
    fill(*hub);
    ASSERT_TRUE(wait_until([&] { return is_in_trouble(*hub); })) << name;
    EXPECT_THAT(hub->status().at("ledger").at("trouble").get<std::string>(),
                HasSubstr("no space left on device"));
    EXPECT_TRUE(
        is_told(AllOf(StartsWith("452 4.3.1 hub " + name + ": "), HasSubstr("no space left on device"))))
        << name;
    make_room(*hub);
    EXPECT_TRUE(goes_on()) << name;
    EXPECT_TRUE(wait_until([&] { return !is_in_trouble(*hub); })) << name;
    EXPECT_TRUE(hub->logs("ledger: is written again after "));
  }
  expect_each_once();
}

// Both at once, and each killed and started in the middle of it.
TEST_F(P4_FullDisk, KillsWhileItIsFullLoseNothing) {
  keep_sending();
  ASSERT_TRUE(goes_on());
  for (Hub* hub : {&tokyo, &birl})
    fill(*hub);
  ASSERT_TRUE(wait_until([&] { return is_in_trouble(tokyo); }));
  for (Hub* hub : {&birl, &tokyo}) {
    hub->kill();
    hub->start();
  }
  for (Hub* hub : {&tokyo, &birl})
    make_room(*hub);
  EXPECT_TRUE(goes_on());
  expect_each_once();
}

// Started on a full disk there is no book for the witness. When there is room it is made.
TEST_F(P4_FullDisk, TheWitnessComesWhenThereIsRoom) {
  birl.kill();
  // Its witness ends too, and gives the room of its book back when it is gone, which is after the book's
  // name.
  ASSERT_TRUE(wait_until([&] { return !is_open_somewhere(birl.file("state")); }));
  fill(birl);
  birl.start();
  EXPECT_THAT(birl.status().at("ledger").at("no_witness").get<std::string>(),
              HasSubstr("No space left on device"));
  EXPECT_TRUE(birl.logs("no witness ("));
  EXPECT_TRUE(birl.logs("it is tried again"));
  make_room(birl);
  ASSERT_TRUE(wait_until([&] { return birl.status().at("ledger").at("no_witness").is_null(); }, kHealed));
  EXPECT_TRUE(birl.logs("the witness has its book now"));
  ASSERT_TRUE(link_is_up());

  std::atomic<bool> asked{false}, released{false};
  birl_mta.set_script([&](const std::string& command) -> std::string {
    if (command != "." || asked.exchange(true)) return "";
    (void)wait_until([&] { return released.load(); });
    return "250 2.0.0 first try\r\n";
  });
  const std::string content = "Subject: x\r\n\r\ntext\r\n";
  Connection client = session();
  begin_mail(client, content);
  client.send(".\r\n");
  ASSERT_TRUE(wait_until([&] { return asked.load(); }));
  birl.kill();
  released = true;
  birl.start();
  ASSERT_TRUE(link_is_up());
  std::string reply;
  EXPECT_TRUE(wait_until([&] {
    reply = try_once(content);
    return reply.starts_with("250");
  }));
  EXPECT_EQ(reply, "250 2.0.0 first try\r\n") << "the witness has heard it";
  EXPECT_EQ(birl_mta.count(), 1U);
}

// A state_dir that cannot be written is said at the start, with what to do.
TEST_F(P4_FullDisk, ReadOnlyAtTheStart) {
  birl.process().signal(SIGTERM);
  birl.process().signal(SIGTERM);
  (void)birl.process().wait();
  ASSERT_TRUE(wait_until([&] {  // its witness has its book open until it has ended too
    return mount("tmpfs", birl.file("state").c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "") == 0;
  }));
  birl.launch();
  EXPECT_NE(birl.process().wait(), 0);
  EXPECT_THAT(birl.log(), AllOf(HasSubstr("hub.state_dir"), HasSubstr("Read-only file system"),
                                HasSubstr("let relayd write there, and keep the ledger")));
  ASSERT_EQ(mount("tmpfs", birl.file("state").c_str(), "tmpfs", MS_REMOUNT, "size=24m"), 0);
  birl.start();
  EXPECT_TRUE(link_is_up());
}

// While it runs: a read-only file system takes the place of the ledger's directory.
TEST_F(P4_FullDisk, ReadOnlyWhileItRuns) {
  keep_sending();
  ASSERT_TRUE(goes_on());
  const std::string ledger = birl.file("state/ledger");
  ASSERT_EQ(mount("tmpfs", ledger.c_str(), "tmpfs", MS_RDONLY, ""), 0);
  ASSERT_TRUE(wait_until([&] { return is_in_trouble(birl); }));
  EXPECT_TRUE(is_told(AllOf(StartsWith("451 4.3.0 hub birl: its ledger: "),
                            HasSubstr("Read-only file system"), HasSubstr("let relayd write there"))));
  ASSERT_EQ(umount2(ledger.c_str(), MNT_DETACH), 0);
  EXPECT_TRUE(goes_on());
  EXPECT_TRUE(wait_until([&] { return !is_in_trouble(birl); }));
  expect_each_once();
}

// The key is on the disk before anybody is told of it, and so is what a site confirms.
TEST_F(P4_FullDisk, KeyIsNotRotatedWithoutRoomNorConfirmed) {
  const std::string before = tokyo.status()["fingerprint"];
  fill(tokyo);
  const Finished refused = tokyo.relayctl({"rotate"});
  EXPECT_EQ(refused.status, 73);
  EXPECT_THAT(refused.output, HasSubstr("not rotated, the key is the one of before: "));
  EXPECT_EQ(tokyo.status()["fingerprint"], before);
  std::filesystem::remove(tokyo.file("state/filler"));
  fill(birl);
  ASSERT_EQ(tokyo.relayctl({"rotate"}).status, 0);
  EXPECT_TRUE(birl.logs("the book of keys is not written: "));
  EXPECT_EQ(tokyo.site_status("birl")["own_key"], "awaited");
  std::filesystem::remove(birl.file("state/filler"));
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["own_key"] == "confirmed"; }));
  birl.kill();
  birl.start();
  EXPECT_TRUE(wait_until([&] { return birl.site_status("tokyo")["state"] == "up"; }));
  EXPECT_EQ(birl.site_status("tokyo")["key"], tokyo.status()["fingerprint"]);
}

}  // namespace
}  // namespace tsmtp::support
