// relayctl top: what goes over a site just now, on a terminal and elsewhere.
#include <filesystem>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Top : public TwoHubs {};

TEST_F(Top, ElsewhereRoundsArePrinted) {
  const Finished said = tokyo.relayctl({"top", "--interval", "0.1", "--rounds", "2"});
  EXPECT_EQ(said.status, 0);
  EXPECT_THAT(said.output, HasSubstr("hub tokyo: 1 of 1 links up"));
  EXPECT_THAT(said.output, HasSubstr("\nbirl             up"));
  tokyo.kill();
  EXPECT_EQ(tokyo.relayctl({"top", "--interval", "0.1", "--rounds", "1"}).status, 69);
}

TEST_F(Top, TerminalIsAsItWasAfterwards) {
  const std::string relayctl = std::filesystem::path(TSMTP_RELAYD).replace_filename("relayctl");
  const Finished said =
      run({"/usr/bin/script", "-qec",
           relayctl + " --config " + tokyo.config() + " top --interval 0.1 --rounds 1", "/dev/null"});
  EXPECT_THAT(said.output, StartsWith("\x1b[?1049h\x1b[?25l"));
  EXPECT_THAT(said.output, HasSubstr("1 of 1 links up"));
  EXPECT_THAT(said.output, EndsWith("\x1b[?25h\x1b[?1049l"));
}

}  // namespace
}  // namespace tsmtp::support
