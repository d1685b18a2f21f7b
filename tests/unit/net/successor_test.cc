#include "relayd/net/succession/successor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "relayd/net/succession/channel.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/wait_until.h"

namespace tsmtp::net {
namespace {

/// How many processes have that in their command line.
int running(const std::string& argument) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc"))
    if (std::atoi(entry.path().filename().c_str()) > 0 &&
        support::read_file(entry.path() / "cmdline").find(argument) != std::string::npos)
      ++count;
  return count;
}

TEST(Successor, AnotherFileUnderTheProgramsNameReplacesIt) {
  namespace fs = std::filesystem;
  const support::TemporaryDirectory directory;
  const std::string program = directory.file("relayd");
  fs::create_symlink(fs::read_symlink("/proc/self/exe"), program);
  EXPECT_FALSE(is_replaced(program));
  fs::remove(program);
  EXPECT_FALSE(is_replaced(program)) << "it is just being installed";
  fs::copy("/bin/true", program);
  EXPECT_TRUE(is_replaced(program));
}

// One that cannot be ended would serve beside the one that runs.
TEST(Successor, IsNotLeftAliveWhereDescriptorsAreLacking) {
  const support::TemporaryDirectory directory;
  const std::string program = directory.file("relayd");
  support::write_file(program, "#!/bin/sh\nexec sleep 1000\n");
  chmod(program.c_str(), 0755);
  const int next = dup(STDIN_FILENO);
  close(next);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  bool is_started = false;
  for (int more = 0; !is_started; ++more) {
    ASSERT_LT(more, 20);
    const rlimit few{.rlim_cur = static_cast<rlim_t>(next + more), .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    const auto started = start_successor(program, {"--config", directory.file("x")}, {});
    setrlimit(RLIMIT_NOFILE, &before);
    is_started = started.has_value();
    if (is_started) {
      EXPECT_TRUE(started->process.is_open()) << more;
      kill_successor(started->process);
    }
    EXPECT_TRUE(support::wait_until([&] { return running(directory.file("x")) == 0; })) << more;
  }
}

// A relayd with a thousand addresses lends them to one that is still reading its configuration, and serves
// meanwhile.
TEST(SuccessionChannel, ThatIsFullIsNotWaitedFor) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  boost::asio::io_context context;
  SuccessionChannel ours(context.get_executor(), base::Descriptor(ends[0]));
  SuccessionChannel theirs(context.get_executor(), base::Descriptor(ends[1]));
  constexpr int kWords = 3'000;
  for (int i = 0; i < kWords; ++i)
    ASSERT_TRUE(ours.say(std::to_string(i), i % 2 == 0 ? STDIN_FILENO : -1));
  EXPECT_FALSE(ours.is_flushed());
  int heard = 0;
  theirs.listen([&](const std::string& word, const base::Descriptor& descriptor) {
    EXPECT_EQ(word, std::to_string(heard));
    EXPECT_EQ(descriptor.is_open(), heard % 2 == 0);
    if (++heard == kWords) context.stop();
  });
  context.run();
  EXPECT_EQ(heard, kWords);
  EXPECT_TRUE(ours.is_flushed());
}

TEST(SuccessionChannel, LastWordsAreHeardFromOneThatHasNotListened) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  boost::asio::io_context context;
  SuccessionChannel ours(context.get_executor(), base::Descriptor(ends[0]));
  std::vector<std::string> heard;
  ours.listen([&](const std::string& word, const base::Descriptor&) { heard.push_back(word); });
  {
    SuccessionChannel theirs(context.get_executor(), base::Descriptor(ends[1]));
    EXPECT_TRUE(ours.say("lent"));
    EXPECT_TRUE(theirs.say("failed because"));
  }
  context.run();
  EXPECT_THAT(heard, testing::ElementsAre("failed because", ""));
}

}  // namespace
}  // namespace tsmtp::net
