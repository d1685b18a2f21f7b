#include "relayd/pairing/inviter.h"

#include <gtest/gtest.h>

#include "tests/unit/pairing/sample.h"

namespace tsmtp::pairing {
namespace {

using namespace std::chrono_literals;

TEST(Inviter, ShowsItsOfferWithoutAnyChange) {
  Tokyo tokyo;
  const Judgement judgement =
      judge(tokyo.book, tokyo.request(false), session_of(kBirlPin), tokyo.taken, tokyo.crypto, kNow);
  const auto* const offer = std::get_if<Offer>(&judgement.answer);
  ASSERT_NE(offer, nullptr);
  EXPECT_EQ(judgement.save, Judgement::Save::kNothing);
  EXPECT_FALSE(offer->is_final);
  EXPECT_EQ(offer->inviter.name, "tokyo");
  EXPECT_EQ(offer->inviter.domains, std::vector<std::string>{"tokyo.example"});
  EXPECT_EQ(offer->your_domains, (std::vector<std::string>{"birl.example", ".birl.example"}));
  EXPECT_EQ(tokyo.invitation().state, State::kOpen);
}

TEST(Inviter, HubThatIsNotNamedIsCalledByItsDomain) {
  Tokyo tokyo;
  tokyo.taken.hub_name = "mail";
  tokyo.taken.is_named = false;
  EXPECT_EQ(std::get<Offer>(tokyo.ask(tokyo.request(false))).inviter.name, "tokyo");
}

TEST(Inviter, FinalRequestIsNotedDownAndPromisedToItsKeyAlone) {
  Tokyo tokyo;
  const Judgement judgement =
      judge(tokyo.book, tokyo.request(true), session_of(kBirlPin), tokyo.taken, tokyo.crypto, kNow);
  EXPECT_EQ(judgement.save, Judgement::Save::kFirst);
  EXPECT_TRUE(std::get<Offer>(judgement.answer).is_final);
  EXPECT_NE(tokyo.book.promised_to(kBirlPin, kNow), nullptr);
  EXPECT_EQ(tokyo.book.promised_to(kMalloryPin, kNow), nullptr);
  EXPECT_EQ(tokyo.invitation().joiner.name, "birlhub");
}

TEST(Inviter, RetryWithTheSameKeyGetsTheSameAnswer) {
  Tokyo tokyo;
  const Answer first = tokyo.ask(tokyo.request(true));
  EXPECT_EQ(tokyo.ask(tokyo.request(true)), first);
  EXPECT_EQ(std::get<Offer>(tokyo.ask(tokyo.request(false))).your_domains,
            std::get<Offer>(first).your_domains);
  tokyo.invitation().state = State::kUsed;
  tokyo.taken.sites.push_back(sample_site("birl", kBirlPin, "birl.example"));
  EXPECT_EQ(tokyo.ask(tokyo.request(true)), first);
  tokyo.taken.sites.clear();  // parted again
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true))), Why::kUsed);
}

TEST(Inviter, AnotherKeyComesTooLate) {
  Tokyo tokyo;
  (void)tokyo.ask(tokyo.request(true));
  const Session mallory = session_of(kMalloryPin);
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true, mallory), mallory)), Why::kUsed);
  EXPECT_EQ(tokyo.book.promised_to(kMalloryPin, kNow), nullptr);
}

TEST(Inviter, ProofOfAnotherSessionOrInAnothersNameIsWrong) {
  Tokyo tokyo;
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true), session_of(kBirlPin, 'y'))), Why::kUnknown);
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true), session_of(kMalloryPin))), Why::kUnknown);
  EXPECT_EQ(tokyo.invitation().wrong_tries, 2U);
}

TEST(Inviter, TenWrongTriesEndIt) {
  Tokyo tokyo;
  const Request wrong = tokyo.request(true, session_of(kBirlPin), "wrong secret....");
  for (unsigned i = 0; i < kMaxTries; ++i)
    EXPECT_EQ(why_of(tokyo.ask(wrong)), Why::kUnknown) << i;
  EXPECT_EQ(why_of(tokyo.ask(wrong)), Why::kUnknown);  // as for an id that is none: nobody learns which are
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true))), Why::kTooManyTries);
}

TEST(Inviter, NineWrongTriesDoNot) {
  Tokyo tokyo;
  const Request wrong = tokyo.request(true, session_of(kBirlPin), "wrong secret....");
  for (unsigned i = 0; i + 1 < kMaxTries; ++i)
    (void)tokyo.ask(wrong);
  EXPECT_TRUE(std::holds_alternative<Offer>(tokyo.ask(tokyo.request(true))));
  (void)tokyo.ask(wrong);  // no longer counted: nobody takes away what has been promised
  EXPECT_NE(tokyo.book.promised_to(kBirlPin, kNow), nullptr);
}

TEST(Inviter, EndsAtItsTimeByItsOwnClock) {
  Tokyo tokyo;
  EXPECT_TRUE(
      std::holds_alternative<Offer>(tokyo.ask(tokyo.request(false), session_of(kBirlPin), kNow + 24h - 1s)));
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true), session_of(kBirlPin), kNow + 24h)), Why::kExpired);
  EXPECT_TRUE(
      std::holds_alternative<Offer>(tokyo.ask(tokyo.request(true), session_of(kBirlPin), kNow - 24h)));
}

TEST(Inviter, UnknownAndWithdrawnAreRefused) {
  Tokyo tokyo;
  Request request = tokyo.request(true);
  tokyo.invitation().state = State::kWithdrawn;
  EXPECT_EQ(why_of(tokyo.ask(request)), Why::kWithdrawn);
  request.id = "??";
  EXPECT_EQ(why_of(tokyo.ask(request)), Why::kUnknown);
}

TEST(Inviter, TakesOnlyTheDomainsThatTheInvitationNames) {
  Tokyo tokyo;
  Request request = tokyo.request(true);
  request.joiner.domains = {"birl.example", "evil.example"};
  EXPECT_EQ(tokyo.ask(request), Answer(Refusal{.why = Why::kForeignDomain, .detail = "evil.example"}));
  for (const char* foreign :
       {".", "example", ".example", "xbirl.example", "birl.example.evil", ".tokyo.example"}) {
    request.joiner.domains = {foreign};
    EXPECT_TRUE(std::holds_alternative<Refusal>(tokyo.ask(request))) << foreign;
  }
  EXPECT_EQ(tokyo.invitation().state, State::kOpen);
  request.joiner.domains = {"LAB.birl.example", "lab.birl.example"};
  EXPECT_EQ(std::get<Offer>(tokyo.ask(request)).your_domains, std::vector<std::string>{"lab.birl.example"});
}

TEST(Inviter, JoinerThatSaysNoneGetsAllThatItNames) {
  Tokyo tokyo;
  Request request = tokyo.request(true);
  request.joiner.domains.clear();
  EXPECT_EQ(std::get<Offer>(tokyo.ask(request)).your_domains,
            (std::vector<std::string>{"birl.example", ".birl.example"}));
}

TEST(Inviter, WhatIsTakenIsRefused) {
  Tokyo tokyo;
  tokyo.taken.sites = {sample_site("osaka", kBirlPin, "osaka.example")};
  EXPECT_EQ(tokyo.ask(tokyo.request(true)), Answer(Refusal{.why = Why::kKeyTaken, .detail = "osaka"}));
  tokyo.taken.sites = {sample_site("birl", kMalloryPin, "osaka.example")};
  EXPECT_EQ(tokyo.ask(tokyo.request(true)), Answer(Refusal{.why = Why::kNameTaken, .detail = "birl"}));
  tokyo.taken.sites = {sample_site("osaka", kMalloryPin, "birl.example")};
  EXPECT_EQ(tokyo.ask(tokyo.request(true)),
            Answer(Refusal{.why = Why::kDomainTaken, .detail = "birl.example"}));
  EXPECT_EQ(tokyo.invitation().state, State::kOpen);
}

TEST(Inviter, AHubMoreMayHaveTheDomainsOfItsSite) {
  Tokyo tokyo;
  tokyo.taken.sites = {sample_site("east", kMalloryPin, "birl.example")};
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true))), Why::kDomainTaken);
  tokyo.invitation().hub_of = "east";
  tokyo.invitation().site = "east";
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true))), Why::kNameTaken) << "the hub that is there is called so";
  tokyo.invitation().site = "second";
  EXPECT_TRUE(std::holds_alternative<Offer>(tokyo.ask(tokyo.request(true))));
  const auto read = Invitations::from_text(tokyo.book.to_text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->all().front().hub_of, "east");
  EXPECT_EQ(read->all().front().site, "second");
  Tokyo other;
  other.invitation().hub_of = "gone";
  EXPECT_EQ(why_of(other.ask(other.request(true))), Why::kTrouble);
}

// All of it comes to stand in a file.
TEST(Inviter, WhatIsNoNameDomainOrAddressIsRefused) {
  Tokyo tokyo;
  for (const char* name : {"a b", "a\"b", "a\nb", "../a", ".a"}) {
    Request request = tokyo.request(true);
    request.joiner.name = name;
    EXPECT_EQ(why_of(tokyo.ask(request)), Why::kMalformed) << name;
  }
  for (const char* address : {"a", "a:0", "a\"b:1", "a\nb:1", "unix:/a", "a\\b:1", "a#b:1"}) {
    Request request = tokyo.request(true);
    request.joiner.dial = {address};
    EXPECT_EQ(why_of(tokyo.ask(request)), Why::kMalformed) << address;
  }
  for (const char* domain : {"a\"b.birl.example", "\n.birl.example", "birl.example."}) {
    Request request = tokyo.request(true);
    request.joiner.domains = {domain};
    EXPECT_EQ(why_of(tokyo.ask(request)), Why::kMalformed) << domain;
  }
}

TEST(Inviter, RevokedKeyIsToldSoAlsoWhenItHasJoinedBefore) {
  Tokyo tokyo;
  tokyo.taken.revoked = {kMalloryPin, kBirlPin};
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(false))), Why::kKeyRevoked);
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true))), Why::kKeyRevoked);
  EXPECT_EQ(tokyo.invitation().state, State::kOpen);
  tokyo.taken.revoked.clear();
  (void)tokyo.ask(tokyo.request(true));
  tokyo.taken.revoked = {kBirlPin};
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true))), Why::kKeyRevoked);
}

TEST(Inviter, InvitationThatNobodyCouldReadIsFoundBeforehand) {
  Tokyo tokyo;
  Invitation one = tokyo.invitation();
  EXPECT_TRUE(check_size(one, tokyo.taken));
  const auto many = [](std::size_t count, std::size_t label) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i)
      out.push_back(std::string(label, 'x') + std::to_string(i) + ".example");
    return out;
  };
  one.domains = many(kMaxDomains / 2, 1);
  EXPECT_TRUE(check_size(one, tokyo.taken));
  one.domains = many(kMaxDomains / 2 + 1, 1);  // those below them count too
  EXPECT_FALSE(check_size(one, tokyo.taken));
  one.domains = {"birl.example"};
  one.own_domains = many(kMaxDomains + 1, 1);
  EXPECT_FALSE(check_size(one, tokyo.taken));
  one.domains = many(kMaxDomains / 2, 60);
  one.own_domains.clear();
  for (const std::string& domain : many(kMaxDomains, 60))
    one.own_domains.push_back(domain.substr(0, 60) + "." + domain + "." + domain);
  EXPECT_FALSE(check_size(one, tokyo.taken));
}

TEST(Inviter, PromiseHoldsAWeekAtLeast) {
  Tokyo tokyo;
  const base::WallTime late = kNow + 24h - 1s;
  (void)tokyo.ask(tokyo.request(true), session_of(kBirlPin), late);
  EXPECT_NE(tokyo.book.promised_to(kBirlPin, late + 7 * 24h - 1h), nullptr);
  EXPECT_EQ(tokyo.book.promised_to(kBirlPin, late + 7 * 24h + 1h), nullptr);
  EXPECT_EQ(why_of(tokyo.ask(tokyo.request(true), session_of(kBirlPin), late + 7 * 24h + 1h)), Why::kExpired);
}

}  // namespace
}  // namespace tsmtp::pairing
