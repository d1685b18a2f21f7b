// Pairing with hubs that mean ill, and with keys that are revoked: what they can say, and how often, and what
// comes of it. Written against docs/protocol.md, "Pairing".
#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/integration/pairing_hubs.h"
#include "tests/support/hostile_inviter.h"
#include "tests/support/pairing_words.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kRefused = 77, kCannotMake = 73, kUnreachable = 69, kAgain = 75;
const std::vector<std::string> kTokyosDomains{"tokyo.example", ".tokyo.example"};
const std::vector<std::string> kBirlsDomains{"birl.example", ".birl.example"};

class PairingAttack : public PairingHubs {
 protected:
  /// birl joins tokyo's key, which somebody else has.
  [[nodiscard]] Finished join_hostile(const HostileInviter::Answer& answer) {
    const HostileInviter inviter(tokyo.file("identity.pem"), hostile_port, answer);
    return join(birl, invite_at(hostile_port));
  }
  [[nodiscard]] std::string a_request() const { return pairing_request("??", std::string(32, 'p')); }

  std::uint16_t hostile_port = free_port();
};

// The yes is to what was shown.
TEST_F(PairingAttack, OfferThatChangesAfterTheYesIsNotTaken) {
  const Finished joined = join_hostile([](std::string_view, int number) {
    auto domains = kTokyosDomains;
    if (number > 0) domains.push_back("bank.example");
    return pairing_offer(number > 0, "tokyo", domains, kBirlsDomains);
  });
  EXPECT_EQ(joined.status, kAgain) << joined.output;
  EXPECT_THAT(joined.output, HasSubstr("has changed what it says of itself since you were asked"));
  EXPECT_FALSE(has_file(birl, "tokyo"));
}

// Recipients in these would be accepted from it.
TEST_F(PairingAttack, OurDomainsAreNotForTheOtherHubToSay) {
  const Finished joined = join_hostile([](std::string_view, int number) {
    return pairing_offer(number > 0, "tokyo", kTokyosDomains, {"birl.example", "bank.example"});
  });
  EXPECT_EQ(joined.status, kCannotMake) << joined.output;
  EXPECT_THAT(joined.output, HasSubstr("the other hub takes \"bank.example\" for a domain of this hub"));
  EXPECT_FALSE(has_file(birl, "tokyo"));
}

TEST_F(PairingAttack, OfferThatIsNotNotedMakesNoSite) {
  const Finished joined = join_hostile(
      [](std::string_view, int) { return pairing_offer(false, "tokyo", kTokyosDomains, kBirlsDomains); });
  EXPECT_EQ(joined.status, kUnreachable) << joined.output;
  EXPECT_THAT(joined.output, HasSubstr("did not note that this one has joined"));
  EXPECT_FALSE(has_file(birl, "tokyo"));
}

// Nothing of it reaches a terminal, a log or a file as it is.
TEST_F(PairingAttack, WhatAnInviterSaysIsShownEscaped) {
  for (const char* name : {"x\x1b[2J", "x\n[[site]]", "..", "-x",
                           "\xc2\x9b"
                           "2J"}) {
    const Finished joined = join_hostile([&](std::string_view, int number) {
      return pairing_offer(number > 0, name, kTokyosDomains, kBirlsDomains);
    });
    EXPECT_EQ(joined.status, kCannotMake) << joined.output;
    EXPECT_THAT(joined.output, AllOf(HasSubstr("which is no name for a site"), Not(HasSubstr("\x1b")),
                                     Not(HasSubstr("\xc2\x9b"))));
    EXPECT_EQ(tokyo.relayctl({"uninvite", "birl"}).status, 0);
  }
  for (const char* domain :
       {".", "", "a\x1b[2Jb", "127.0.0.1", "[::1]", "b\xc3\xbc.example", "tokyo.example."}) {
    const Finished joined = join_hostile([&](std::string_view, int number) {
      return pairing_offer(number > 0, "tokyo", {domain}, kBirlsDomains);
    });
    EXPECT_EQ(joined.status, kCannotMake) << domain << joined.output;
    EXPECT_THAT(joined.output,
                AllOf(HasSubstr("says that it has a domain that is none"), Not(HasSubstr("\x1b"))));
    EXPECT_EQ(tokyo.relayctl({"uninvite", "birl"}).status, 0);
  }
  EXPECT_FALSE(has_file(birl, "tokyo"));
  EXPECT_THAT(birl.log(), Not(HasSubstr("\x1b")));
}

TEST_F(PairingAttack, HalfPairingsKeepNobodyFromPairing) {
  const std::string token = invite();
  std::vector<std::unique_ptr<HostilePeer>> silent;
  for (int i = 0; i < 40; ++i)
    silent.push_back(
        std::make_unique<HostilePeer>(osaka.file("identity.pem"), link_port, "127.0.9.1", "tsmtp-pair/1"));
  for (const auto& peer : silent)
    (void)peer->send(a_request().substr(0, 5));  // and no more
  EXPECT_EQ(join(birl, token).status, 0);
  EXPECT_TRUE(both_up());
}

TEST_F(PairingAttack, HugeAndMalformedMessagesEndTheirConnectionOnly) {
  const std::string token = invite();
  const auto peer = [&] {
    return HostilePeer(osaka.file("identity.pem"), link_port, "127.0.0.1", "tsmtp-pair/1");
  };
  (void)peer().ask(kRequest + std::string("\xff\xff") + std::string(70'000, 'x'));
  for (const std::string& wrong :
       {pairing_message(9, "x"), pairing_message(kRequest, "x"), pairing_message(kOffer, ""),
        a_request() + "more", pairing_request("too long an id", "short proof")})
    EXPECT_EQ(peer().ask(wrong), pairing_message(kRefusal, pairing_field(PairingTag::kWhy, "\x0c") +
                                                               pairing_field(PairingTag::kDetail, "")));
  EXPECT_EQ(join(birl, token).status, 0);
}

// Nobody learns which ids there are, to use up their tries.
TEST_F(PairingAttack, WrongProofsAreAnsweredLikeInvitationsThatAreNone) {
  (void)invite();
  const std::string book = read_file(tokyo.file("state/invitations"));
  const std::string hex = book.substr(book.find('\n') + 1, 4);
  const std::string id{static_cast<char>(std::stoi(hex.substr(0, 2), nullptr, 16)),
                       static_cast<char>(std::stoi(hex.substr(2), nullptr, 16))};
  const std::string other{static_cast<char>(id[0] ^ 1), id[1]};
  const auto answer_to = [&](const std::string& asked) {
    HostilePeer peer(osaka.file("identity.pem"), link_port, "127.0.0.1", "tsmtp-pair/1");
    return peer.ask(pairing_request(asked, std::string(32, 'p')));
  };
  const std::string unknown = answer_to(other);
  EXPECT_THAT(unknown, HasSubstr(pairing_field(PairingTag::kWhy, "\x01")));
  for (int i = 0; i < 12; ++i)
    EXPECT_EQ(answer_to(id), unknown);
  EXPECT_TRUE(
      tokyo.logs("the invitation of birl has ended: 10 wrong secrets, the last of them from 127.0.0.1:"));
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("birl: ended: tried with ten wrong secrets"));
  // It is on the disk some seconds later.
  EXPECT_TRUE(wait_until(
      [&] { return read_file(tokyo.file("state/invitations")).find(" tried ") != std::string::npos; }));
}

TEST_F(PairingAttack, RevokedKeyIsToldThatItCannotJoin) {
  const std::string token = invite();
  ASSERT_EQ(tokyo.relayctl({"revoke", birl.pin()}).status, 0);
  const Finished joined = join(birl, token);
  EXPECT_EQ(joined.status, kRefused) << joined.output;
  EXPECT_THAT(joined.output, HasSubstr("the key of this hub is revoked at the other hub, for good"));
  EXPECT_FALSE(has_file(birl, "tokyo"));
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("birl: open"));
  // With a new key the same line is good.
  birl.kill();
  std::filesystem::remove(birl.file("identity.pem"));
  ASSERT_EQ(birl.relayctl({"init"}).status, 0);
  birl.start();
  EXPECT_EQ(join(birl, token).status, 0);
  EXPECT_TRUE(both_up());
}

TEST_F(PairingAttack, KeyThatComesFromARevokedOneCannotJoin) {
  const std::string token = invite();
  ASSERT_EQ(birl.relayctl({"rotate"}).status, 0);
  ASSERT_EQ(tokyo.relayctl({"revoke", birl.pin()}).status, 0);  // the key of before
  const Finished joined = join(birl, token);
  EXPECT_EQ(joined.status, kRefused) << joined.output;
  EXPECT_THAT(joined.output, HasSubstr("the key of this hub is revoked at the other hub, for good"));
  EXPECT_FALSE(has_file(birl, "tokyo"));
}

TEST_F(PairingAttack, PromiseFollowsTheRotationOfTheHubThatHasJoined) {
  const std::string token = invite();
  path.whole_first = 2;
  path.break_after = 1;
  std::thread joining([&] { (void)join(birl, token); });
  EXPECT_TRUE(wait_until([&] { return has_file(birl, "tokyo"); }));
  EXPECT_EQ(birl.relayctl({"rotate"}).status, 0);
  path.break_after = 0;
  EXPECT_TRUE(both_up());
  joining.join();
}

TEST_F(PairingAttack, HubWhoseKeyIsRevokedHereIsNotJoined) {
  ASSERT_EQ(birl.relayctl({"revoke", tokyo.pin()}).status, 0);
  const Finished joined = join(birl, invite());
  EXPECT_EQ(joined.status, kRefused) << joined.output;
  EXPECT_THAT(joined.output, AllOf(HasSubstr("the key of the hub that invites, " + tokyo.pin()),
                                   HasSubstr("is revoked here, for good. It needs a new key")));
  EXPECT_FALSE(has_file(birl, "tokyo"));
}

TEST_F(PairingAttack, RevokedSiteIsInvitedAndJoinedOnlyWhenItIsGone) {
  const std::string token = invite();
  ASSERT_EQ(join(birl, token).status, 0);
  ASSERT_TRUE(both_up());
  ASSERT_EQ(tokyo.relayctl({"revoke", "--yes", "birl"}).status, 0);
  EXPECT_THAT(tokyo.relayctl({"invite", "birl", "birl.example"}).output,
              HasSubstr("site birl is here, and its key is revoked, for good: remove its entry and reload"));
  ASSERT_EQ(birl.relayctl({"revoke", "--yes", "tokyo"}).status, 0);
  const Finished again = join(birl, token);
  EXPECT_EQ(again.status, kRefused);
  EXPECT_THAT(again.output, HasSubstr("is site tokyo here, and its key is revoked, for good"));
}

// What was promised was kept, and only the book did not hear of it: as after a full disk, or a kill in
// between.
TEST_F(PairingAttack, SiteThatWasRemovedDoesNotComeBackByItsPromise) {
  ASSERT_EQ(join(birl, invite()).status, 0);
  ASSERT_TRUE(both_up());
  tokyo.kill();
  std::string book = read_file(tokyo.file("state/invitations"));
  const std::size_t used = book.find(" used ");
  ASSERT_NE(used, book.npos);
  write_file(tokyo.file("state/invitations"), book.replace(used, 6, " accepted "));
  tokyo.start();
  ASSERT_TRUE(both_up());
  std::filesystem::remove(tokyo.file("sites.d/birl.toml"));
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_TRUE(wait_until([&] { return tokyo.status()["keys_refused"] >= 2; })) << tokyo.log();
  EXPECT_FALSE(has_file(tokyo, "birl"));
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("birl: used by hub birl"));
}

TEST_F(PairingAttack, ConfigurationThatIsWrongIsFoundBeforeAnythingIsPromised) {
  const std::string token = invite();
  introduce(tokyo, "nonsense = 1");
  const Finished failed = join(birl, token);
  EXPECT_EQ(failed.status, kUnreachable) << failed.output;
  EXPECT_THAT(failed.output, HasSubstr("the other hub has trouble of its own"));
  EXPECT_TRUE(tokyo.logs("the configuration has errors, so that no site can be taken into use"));
  EXPECT_FALSE(has_file(birl, "tokyo"));
  EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("birl: open"));
  introduce(tokyo);
  introduce(birl, "nonsense = 1");
  EXPECT_NE(join(birl, token).status, 0);
  introduce(birl);
  EXPECT_EQ(join(birl, token).status, 0);
  EXPECT_TRUE(both_up());
}

TEST_F(PairingAttack, FolderThatCannotBeWrittenIsFoundBeforeAnythingIsPromised) {
  const std::string token = invite();
  for (const Hub* hub : {&tokyo, &birl}) {
    std::filesystem::remove_all(hub->file("sites.d"));
    write_file(hub->file("sites.d"), "a file\n");
    EXPECT_NE(join(birl, token).status, 0);
    EXPECT_THAT(tokyo.relayctl({"invitations"}).output, HasSubstr("birl: open"));
    std::filesystem::remove(hub->file("sites.d"));
  }
  EXPECT_EQ(join(birl, token).status, 0);
  EXPECT_TRUE(both_up());
}

TEST_F(PairingAttack, WhatNobodyCouldReadIsNotInvited) {
  std::vector<std::string> many{"invite", "many"};
  for (int i = 0; i < 65; ++i)
    many.push_back("d" + std::to_string(i) + ".example");
  EXPECT_THAT(tokyo.relayctl(many).output, HasSubstr("are more than the 64 that an invitation can name"));
  std::vector<std::string> long_ones{"invite", "many"};
  for (int i = 0; i < 40; ++i)
    long_ones.push_back(std::string(60, 'x') + "." + std::string(60, 'x') + "." + std::string(60, 'x') + "." +
                        std::to_string(i) + ".example");
  EXPECT_THAT(tokyo.relayctl(long_ones).output,
              AllOf(HasSubstr("bytes, and relayd reads 4096"), Not(HasSubstr("It must"))));
  EXPECT_THAT(tokyo.relayctl({"invite", "birl", "a.example b.example"}).output,
              HasSubstr("no name, domain or address has a blank or a comma in it"));
  EXPECT_THAT(tokyo.relayctl({"invite", "birl", "x.example", "--own", "x.example"}).output,
              HasSubstr("cannot be the other hub's and this one's"));
  (void)invite();
  EXPECT_THAT(tokyo.relayctl({"invite", "other", "birl.example"}).output,
              HasSubstr("is in the invitation of birl already"));
}

// It is the administrator's to know: intranets have such domains.
TEST_F(PairingAttack, DomainsThatTakeInOthersAreNoted) {
  EXPECT_THAT(tokyo.relayctl({"invite", "all", "example"}).output,
              AllOf(HasSubstr("warning: example is a top-level domain")));
  EXPECT_THAT(tokyo.relayctl({"invite", "wide", ".example"}).output,
              HasSubstr("warning: .example takes in tokyo.example, which is a domain of this hub"));
  (void)tokyo.relayctl({"uninvite", "all"});
  (void)tokyo.relayctl({"uninvite", "wide"});
  const HostileInviter inviter(tokyo.file("identity.pem"), hostile_port, [](std::string_view, int) {
    return pairing_offer(false, "tokyo", {"com", ".com", ".example"}, kBirlsDomains);
  });
  const Finished joined = run(
      {"/bin/sh", "-c",
       "echo n | " + relayctl_path() + " --config " + birl.config() + " join " + invite_at(hostile_port)});
  EXPECT_THAT(joined.output, AllOf(HasSubstr("NOTE             .com is a top-level domain, the whole of it"),
                                   HasSubstr("NOTE             .example takes in birl.example")));
}

TEST_F(PairingAttack, JoinerOfAnInviterThatCannotMakeItsSiteIsToldSo) {
  const std::string token = invite();
  path.whole_first = 2;
  path.break_after = 1;
  std::thread joining([&] { (void)join(birl, token); });
  EXPECT_TRUE(wait_until([&] { return has_file(birl, "tokyo"); }));
  introduce(tokyo, "nonsense = 1");
  path.break_after = 0;
  EXPECT_TRUE(wait_until([&] {
    const auto cause = birl.site_status("tokyo")["cause"];
    return cause.is_string() && cause.get<std::string>().find(
                                    "you have joined, but your site cannot be made "
                                    "here yet") != std::string::npos;
  })) << birl.log();
  EXPECT_THAT(
      tokyo.relayctl({"invitations"}).output,
      AllOf(HasSubstr("birl: taken up by hub birl"), HasSubstr("  trouble    site \"birl\" could not")));
  introduce(tokyo);
  EXPECT_TRUE(both_up());
  joining.join();
}

TEST_F(PairingAttack, PromiseThatIsWithdrawnIsNotKept) {
  const std::string token = invite();
  path.whole_first = 2;
  path.break_after = 1;
  std::thread joining([&] { (void)join(birl, token); });
  EXPECT_TRUE(wait_until([&] { return has_file(birl, "tokyo"); }));
  EXPECT_THAT(tokyo.relayctl({"uninvite", "birl"}).output,
              HasSubstr("is withdrawn; hub birl, which has joined by it, gets no site here"));
  path.break_after = 0;
  EXPECT_TRUE(wait_until([&] { return tokyo.status()["keys_refused"] >= 2; }));
  EXPECT_FALSE(has_file(tokyo, "birl"));
  joining.join();
}

// Of an earlier pairing under the same name, the words are others.
TEST_F(PairingAttack, TheWordsThatAreWaitedForAreTheNewest) {
  ASSERT_EQ(join(birl, invite()).status, 0);
  ASSERT_TRUE(both_up());
  part();
  const std::string waiting = tokyo.file("waiting");
  std::thread waits([&] {
    (void)run({"/bin/sh", "-c",
               relayctl_path() + " --config " + tokyo.config() +
                   " invite birl birl.example --wait --at 127.0.0.1:" + std::to_string(proxy_port) + " >" +
                   waiting + " 2>&1"});
  });
  std::string token;
  EXPECT_TRUE(wait_until([&] {
    const std::string said = std::filesystem::exists(waiting) ? read_file(waiting) : "";
    const std::size_t begin = said.find("tsmtp1:");
    if (begin == said.npos || said.find('\n', begin) == said.npos) return false;
    token = said.substr(begin, said.find('\n', begin) - begin);
    return true;
  }));
  const Finished joined = join(birl, token);
  waits.join();
  EXPECT_EQ(joined.status, 0) << joined.output;
  EXPECT_EQ(words_of(read_file(waiting)), words_of(joined.output)) << read_file(waiting);
}

}  // namespace
}  // namespace tsmtp::support
