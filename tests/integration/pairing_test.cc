// Two hubs that do not know each other pair by one line: with a line that breaks at every place, relayds that
// are killed, wrong, old and stolen invitations, and somebody in between.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/integration/pairing_hubs.h"
#include "tests/support/time_of_day.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Pairing : public PairingHubs {};

TEST_F(Pairing, OneLineMakesTheLinkAndBothSayTheSameWords) {
  const std::string token = invite();
  const Finished joined = join(birl, token);
  EXPECT_EQ(joined.status, 0) << joined.output << birl.log();
  EXPECT_THAT(joined.output,
              AllOf(HasSubstr("hub tokyo at 127.0.0.1:"), HasSubstr("tokyo.example, .tokyo.example"),
                    HasSubstr("the link to tokyo is up")));
  ASSERT_TRUE(both_up()) << tokyo.log();
  EXPECT_EQ(words_of(tokyo.relayctl({"invitations"}).output), words_of(joined.output));
  EXPECT_THAT(read_file(tokyo.file("sites.d/birl.toml")),
              AllOf(StartsWith("# Written by relayd after `relayctl invite` at 2"),
                    HasSubstr("domains = [\"birl.example\", \".birl.example\"]"), Not(HasSubstr("local"))));
  EXPECT_THAT(read_file(birl.file("sites.d/tokyo.toml")), StartsWith("# Written by `relayctl join` at 2"));
  EXPECT_NE(tokyo.site_status("birl")["endpoints"], birl.site_status("tokyo")["endpoints"]);
  // Both survive a restart without the invitation.
  for (Hub* hub : {&tokyo, &birl}) {
    hub->kill();
    hub->start();
  }
  EXPECT_TRUE(both_up());
}

// The line names the key of before, from which a step leads to the one that answers.
TEST_F(Pairing, InviterMayRotateItsKeyWhileTheInvitationIsOut) {
  const std::string token = invite();
  ASSERT_EQ(tokyo.relayctl({"rotate"}).status, 0);
  const Finished joined = join(birl, token);
  EXPECT_EQ(joined.status, 0) << joined.output << birl.log();
  ASSERT_TRUE(both_up()) << tokyo.log();
  EXPECT_EQ(words_of(tokyo.relayctl({"invitations"}).output), words_of(joined.output));
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["own_key"] == "confirmed"; }));
  ASSERT_EQ(birl.relayctl({"rotate"}).status, 0);
  EXPECT_TRUE(wait_until([&] { return birl.site_status("tokyo")["own_key"] == "confirmed"; }));
}

// An invitation holds by the inviter's clock alone.
TEST_F(Pairing, ClocksThatDifferByDaysAreNoneOfItsBusiness) {
  for (const int days : {2, -2, 400}) {
    birl.kill();
    {
      const TimeOfDay time(std::chrono::hours(24 * days));
      birl.start();
    }
    const Finished joined = join(birl, invite());
    EXPECT_EQ(joined.status, 0) << days << ": " << joined.output << birl.log();
    EXPECT_TRUE(both_up()) << days;
    part();
  }
}

// Both ends of a pairing may know the other's site by another hub: its file gets a hub more, and its link
// stays.
TEST_F(Pairing, AHubMoreOfAKnownSite) {
  ASSERT_EQ(join(birl, invite()).status, 0);
  ASSERT_TRUE(both_up());
  osaka.configure({}, "domains = [\"birl.example\", \".birl.example\"]\n");
  osaka.start();
  const Finished invited = tokyo.relayctl(
      {"invite", "--hub-of", "birl", "second", "--at", "127.0.0.1:" + std::to_string(proxy_port)});
  ASSERT_EQ(invited.status, 0) << invited.output;
  const std::size_t token = invited.output.find("tsmtp1:");
  const Finished joined = join(osaka, invited.output.substr(token, invited.output.find('\n', token) - token));
  EXPECT_EQ(joined.status, 0) << joined.output << tokyo.log();
  EXPECT_TRUE(is_up(osaka, "tokyo"));
  EXPECT_TRUE(wait_until([&] {
    const auto hubs = tokyo.site_status("birl")["hubs"];
    return hubs.size() == 2 && hubs[0]["name"] == "birl" && hubs[0]["state"] == "up" &&
           hubs[1]["name"] == "second" && hubs[1]["state"] == "up";
  })) << tokyo.site_status("birl");
  EXPECT_THAT(tokyo.log(), Not(HasSubstr("birl/birl: link up"))) << "the link was there";
  EXPECT_THAT(read_file(tokyo.file("sites.d/birl.toml")),
              AllOf(StartsWith("# Written by relayd"), HasSubstr("\n[[site.hub]]\nname = \"second\"\n")));

  Hub kyoto{"kyoto", free_port()};
  kyoto.configure({}, "domains = [\"tokyo.example\", \".tokyo.example\"]\n");
  kyoto.start();
  const Finished line = kyoto.relayctl({"invite", "birl", "birl.example"});
  ASSERT_EQ(line.status, 0) << line.output;
  const std::size_t begin = line.output.find("tsmtp1:");
  const std::string other = line.output.substr(begin, line.output.find('\n', begin) - begin);
  EXPECT_NE(birl.relayctl({"join", "--yes", other}).status, 0) << "its domains are those of site tokyo";
  EXPECT_NE(birl.relayctl({"join", "--hub-of", "nobody", "--yes", other}).status, 0);
  const Finished more = birl.relayctl({"join", "--hub-of", "tokyo", "--yes", other});
  EXPECT_EQ(more.status, 0) << more.output;
  EXPECT_TRUE(wait_until([&] {
    const auto hubs = birl.site_status("tokyo")["hubs"];
    return hubs.size() == 2 && hubs[1]["name"] == "kyoto" && hubs[1]["state"] == "up";
  })) << birl.site_status("tokyo");
  EXPECT_TRUE(is_up(kyoto, "birl"));
  kyoto.kill();
}

TEST_F(Pairing, AHubMoreNeedsAFileThatHoldsItsSiteAlone) {
  EXPECT_THAT(tokyo.relayctl({"invite", "--hub-of", "birl", "second"}).output,
              HasSubstr("there is no site \"birl\""));
  ASSERT_EQ(join(birl, invite()).status, 0);
  EXPECT_THAT(tokyo.relayctl({"invite", "--hub-of", "birl", "birl"}).output,
              HasSubstr("has a hub birl already"));
  EXPECT_THAT(tokyo.relayctl({"invite", "--hub-of", "birl", "second", "other.example"}).output,
              HasSubstr("are those of the site; name none"));
  const std::string its_file = tokyo.file("sites.d/birl.toml");
  write_file(its_file, read_file(its_file) + "[[site]]\nname = \"bonn\"\npin = [\"" + nobodys_pin() +
                           "\"]\naddress = \"127.0.5.99\"\ndomains = [\"bonn.example\"]\n");
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_THAT(tokyo.relayctl({"invite", "--hub-of", "birl", "second"}).output,
              HasSubstr("more than that site stands there; add a [[site.hub]] by hand"));
}

TEST_F(Pairing, TheSameLineAgainChangesNothing) {
  const std::string token = invite();
  ASSERT_EQ(join(birl, token).status, 0);
  const std::string before = read_file(birl.file("sites.d/tokyo.toml"));
  const Finished again = join(birl, token);
  EXPECT_EQ(again.status, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("known here already, as site tokyo: nothing is changed"));
  EXPECT_EQ(read_file(birl.file("sites.d/tokyo.toml")), before);
}

TEST_F(Pairing, NothingHappensWithoutAYes) {
  const std::string token = invite();
  const Finished asked =
      run({"/bin/sh", "-c", "echo n | " + relayctl_path() + " --config " + birl.config() + " join " + token});
  EXPECT_EQ(asked.status, 77) << asked.output;
  EXPECT_THAT(asked.output, AllOf(HasSubstr("hub tokyo at"), HasSubstr("Exchange mail with it? [y/N]")));
  EXPECT_FALSE(has_file(birl, "tokyo"));
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("birl: open, expires in 23 h 59 min"));
  EXPECT_EQ(join(birl, token).status, 0);
}

// Each connection of the dialogue breaks once at some byte: the command heals it by itself.
TEST_F(Pairing, LineThatBreaksOnceAtAnyPlaceIsHealed) {
  for (const int whole : {0, 1})
    for (const int bytes : {1, 400, 1200, 1700, 2000, 2300}) {
      const std::string token = invite();
      path.whole_first = whole;
      path.break_after = bytes;
      std::thread mend([&] {
        (void)wait_until([&] { return path.whole_first < 0; });
        path.break_after = 0;
      });
      const Finished joined = join(birl, token);
      path.break_after = 0;
      path.whole_first = -1;
      mend.join();
      EXPECT_EQ(joined.status, 0) << whole << ' ' << bytes << ' ' << joined.output << birl.log()
                                  << tokyo.log();
      ASSERT_TRUE(both_up());
      part();
    }
}

// It breaks at the same byte again and again: nobody has a site, and the same line does it later.
TEST_F(Pairing, LineThatStaysBrokenLeavesNeitherWithASite) {
  for (const int whole : {0, 1})
    for (const int bytes : {1, 1200, 1700, 2000, 2300}) {
      const std::string token = invite();
      path.whole_first = whole;
      path.break_after = bytes;
      const Finished broken = join(birl, token);
      path.break_after = 0;
      const bool here = has_file(birl, "tokyo");
      if (here) {
        EXPECT_TRUE(both_up()) << bytes;  // the answer got through: the link completes it
      } else {
        EXPECT_EQ(broken.status, 69) << broken.output;
        EXPECT_THAT(broken.output, HasSubstr("nothing is changed here. The same line can be used again"));
        EXPECT_FALSE(has_file(tokyo, "birl")) << bytes;
        const Finished joined = join(birl, token);
        EXPECT_EQ(joined.status, 0) << whole << ' ' << bytes << ' ' << joined.output;
      }
      ASSERT_TRUE(both_up()) << birl.site_status("tokyo") << tokyo.site_status("birl") << birl.log()
                             << tokyo.log();
      part();
    }
}

// The joiner has its site, and both are killed before the inviter has: what it has promised is on its disk.
TEST_F(Pairing, PromiseIsKeptAcrossAKill) {
  const std::string token = invite();
  path.whole_first = 2;
  path.break_after = 1;
  std::thread joining([&] { (void)join(birl, token); });
  EXPECT_TRUE(wait_until([&] { return has_file(birl, "tokyo"); }));
  EXPECT_FALSE(has_file(tokyo, "birl"));
  tokyo.kill();
  birl.kill();
  joining.join();
  path.break_after = 0;
  tokyo.start();
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("its link has not been up yet"));
  birl.start();
  EXPECT_TRUE(both_up());
  EXPECT_TRUE(has_file(tokyo, "birl"));
}

// As after a start without a battery, or with a network's time that is wrong.
TEST_F(Pairing, ClockThatIsWrongForAWhileForgetsNoPromise) {
  const std::string token = invite();
  path.whole_first = 2;
  path.break_after = 1;
  std::thread joining([&] { (void)join(birl, token); });
  EXPECT_TRUE(wait_until([&] { return has_file(birl, "tokyo"); }));
  birl.kill();
  joining.join();
  path.break_after = 0;
  for (const int days : {400, -400}) {
    tokyo.kill();
    const TimeOfDay time(std::chrono::hours(24 * days));
    tokyo.start();
    // This writes the book.
    ASSERT_EQ(tokyo
                  .relayctl({"invite", "osaka" + std::to_string(days + 400),
                             std::to_string(days + 400) + ".example"})
                  .status,
              0);
  }
  tokyo.kill();
  tokyo.start();
  birl.start();
  EXPECT_TRUE(both_up());
  EXPECT_TRUE(has_file(tokyo, "birl"));
}

TEST_F(Pairing, InvitationOutlivesAKillAndASecretIsNotOnTheDisk) {
  const std::string token = invite();
  tokyo.kill();
  tokyo.start();
  EXPECT_EQ(std::filesystem::status(tokyo.file("state/invitations")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(join(birl, token).status, 0);
  EXPECT_TRUE(both_up());
}

TEST_F(Pairing, WhoHasSeenTheLineComesTooLate) {
  osaka.configure({}, "domains = [\"birl.example\"]");
  osaka.start();
  const std::string token = invite();
  ASSERT_EQ(join(birl, token).status, 0);
  const Finished late = join(osaka, token);
  EXPECT_EQ(late.status, 77);
  EXPECT_THAT(late.output, HasSubstr("the invitation was used already, by another key than this hub's"));
  EXPECT_FALSE(has_file(osaka, "tokyo"));
  EXPECT_TRUE(both_up());
}

TEST_F(Pairing, OfTwoJoinsAtOnceOneWins) {
  osaka.configure({}, "domains = [\"birl.example\"]");
  osaka.start();
  const std::string token = invite();
  Finished one{};
  std::thread first([&] { one = join(birl, token); });
  const Finished other = join(osaka, token);
  first.join();
  EXPECT_EQ((one.status == 0) + (other.status == 0), 1) << one.output << other.output;
  EXPECT_EQ(has_file(birl, "tokyo") + has_file(osaka, "tokyo"), 1);
}

TEST_F(Pairing, SomebodyInBetweenIsFoundBeforeAByteIsSaid) {
  const std::uint16_t port = free_port();
  Hub mallory("mallory", port);
  mallory.configure({}, "domains = [\"tokyo.example\"]");
  mallory.start();
  ASSERT_EQ(mallory.relayctl({"invite", "birl", "birl.example"}).status, 0);  // so that it pairs
  const Finished invited =
      tokyo.relayctl({"invite", "birl", "birl.example", "--at", "127.0.0.1:" + std::to_string(port)});
  const std::string token = invited.output.substr(invited.output.find("tsmtp1:"));
  const Finished joined = join(birl, token.substr(0, token.find('\n')));
  EXPECT_EQ(joined.status, 69);
  EXPECT_THAT(joined.output, HasSubstr("another key than the invitation names answers there"));
  EXPECT_FALSE(has_file(birl, "tokyo"));
}

TEST_F(Pairing, EndsAtItsTimeAndWhenItIsWithdrawn) {
  std::string token = invite({"--expires", "1s"});
  EXPECT_TRUE(wait_until(
      [&] { return tokyo.relayctl({"invitations"}).output.find("birl: expired") != std::string::npos; }));
  EXPECT_THAT(join(birl, token).output,
              HasSubstr("the invitation has expired, by the clock of the other hub"));
  token = invite();
  EXPECT_EQ(tokyo.relayctl({"uninvite", "birl"}).status, 0);
  EXPECT_THAT(join(birl, token).output, HasSubstr("the invitation was withdrawn"));
  EXPECT_EQ(tokyo.relayctl({"uninvite", "birl"}).status, 65);
}

TEST_F(Pairing, WhatIsNotInvitedIsRefused) {
  const std::string token = invite();
  introduce(birl);
  const Finished foreign = birl.relayctl({"join", token, "--yes", "--own", "evil.example"});
  EXPECT_EQ(foreign.status, 77);
  EXPECT_THAT(foreign.output, HasSubstr("the invitation is not for \"evil.example\""));
  EXPECT_THAT(join(tokyo, token).output, HasSubstr("this invitation is this hub's own"));
  std::string wrong = token;
  wrong[20] = wrong[20] == 'A' ? 'B' : 'A';
  EXPECT_THAT(join(birl, wrong).output, HasSubstr("cut off or mistyped: its checksum is wrong"));
  EXPECT_THAT(join(birl, token.substr(0, 50)).output, HasSubstr("cut off or mistyped"));
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("birl: open"));
}

TEST_F(Pairing, InviteSaysAtOnceWhatIsInItsWay) {
  const Finished deaf = birl.relayctl({"invite", "tokyo", "tokyo.example"});
  EXPECT_EQ(deaf.status, 78);
  EXPECT_THAT(deaf.output, AllOf(HasSubstr("this hub listens nowhere"), HasSubstr("go the other way")));
  EXPECT_THAT(tokyo.relayctl({"invite", "tokyo", "a.example"}).output, HasSubstr("already that of this hub"));
  EXPECT_THAT(tokyo.relayctl({"invite", "birl", "tokyo.example"}).output,
              HasSubstr("the domain \"tokyo.example\" is already that of this hub"));
  EXPECT_THAT(tokyo.relayctl({"invite", "birl", "a..b"}).output, HasSubstr("a..b"));
  (void)invite();
  EXPECT_THAT(tokyo.relayctl({"invite", "birl", "birl.example"}).output,
              HasSubstr("`relayctl uninvite birl`"));
  EXPECT_THAT(tokyo.relayctl({"invite", "x", "x.example", "--at", std::string(80, 'a') + ":1"}).output,
              HasSubstr("too long for an invitation"));
  tokyo.kill();
  const Finished dead = tokyo.relayctl({"invite", "x", "x.example"});
  EXPECT_EQ(dead.status, 69);
  EXPECT_THAT(dead.output, HasSubstr("is relayd running?"));
  birl.kill();
  EXPECT_THAT(join(birl, "tsmtp1:x").output, HasSubstr("is relayd running?"));
}

TEST_F(Pairing, HubWithoutInvitationsPairsWithNobody) {
  const std::string token = invite();
  tokyo.kill();
  std::filesystem::remove(tokyo.file("state/invitations"));
  tokyo.start();
  EXPECT_THAT(join(birl, token).output, HasSubstr("the hub there has no invitation out"));
}

TEST_F(Pairing, BookThatIsDamagedKeepsNobodyFromMail) {
  (void)invite();
  tokyo.kill();
  write_file(tokyo.file("state/invitations"), "rubbish\n");
  tokyo.start();
  EXPECT_TRUE(tokyo.logs("invitations.bad"));
  EXPECT_EQ(join(birl, invite()).status, 0);
}

TEST_F(Pairing, SiteThatCannotBeMadeIsNotHalfMade) {
  const std::string token = invite();
  introduce(birl, "metrics = \"127.0.0.1:" + std::to_string(free_port()) + '"');  // which a reload refuses
  const Finished failed = join(birl, token);
  EXPECT_THAT(failed.output, HasSubstr("hub.metrics has changed, which a reload cannot do"));
  EXPECT_NE(failed.status, 0);
  EXPECT_FALSE(has_file(birl, "tokyo"));
  introduce(birl);
  EXPECT_EQ(join(birl, token).status, 0);
}

}  // namespace
}  // namespace tsmtp::support
