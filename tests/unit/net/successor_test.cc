#include "relayd/net/succession/successor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "relayd/net/succession/channel.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

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
