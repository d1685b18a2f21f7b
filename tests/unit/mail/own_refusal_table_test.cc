// "Nothing twice", as a table of our own refusals: the rules were changed after a mail had been delivered,
// and now our MTA tries it again. Which refusal × what is known of the earlier try × protocol × early
// replies. A mail that is known to be delivered is delivered; the far side never gets what we refuse.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

enum class Rule { kDomain, kOwnSize, kCountedSize, kFarSize, kMailParameter, kRcptParameter };
enum class Earlier { kDelivered, kRefusedThen, kPending, kNever, kLinkLost };

struct OwnCell {
  bool early;
  bool lmtp;
  Rule rule;
  Earlier earlier;
};

/// Rules change between two tries.
class ChangedRules {
 public:
  explicit ChangedRules(const OwnCell& cell) : cell_(cell), near_(cell.early) { near_.lmtp = cell.lmtp; }

  void first() {
    begin("x");
    verdicts(1);
    near_.client("hello\r\n.\r\n");
    near_.intake->recorded(near_.host.last_recorded, {}, near_.now);
    near_.intake->stream_lost(near_.host.last_stream, "link down", near_.now);
    replies();
    change();
    near_.host.log.clear();
  }

  // MAIL to DATA, to those users.
  void begin(const std::string& users) {
    const std::string size = cell_.rule == Rule::kCountedSize ? "" : " SIZE=7";
    const std::string notify = cell_.rule == Rule::kRcptParameter ? " NOTIFY=NEVER" : "";
    std::string envelope = "MAIL FROM:<a@tokyo.example>" + size;
    if (cell_.rule == Rule::kMailParameter) envelope += " RET=HDRS";
    for (const char user : users)
      envelope += "\r\nRCPT TO:<" + std::string(1, user) + "@birl.example>" + notify;
    near_.connect();
    near_.client(envelope + "\r\nDATA\r\n");
  }

  /// The far side accepts all that it is told.
  void verdicts(std::size_t recipients) {
    near_.far(MailVerdict{{250, {"ok"}}});
    for (std::size_t i = 0; i < recipients; ++i)
      near_.far(RcptVerdict{.index = static_cast<std::uint16_t>(i), .reply = {250, {"ok"}}});
    near_.far(DataVerdict{{354, {"go"}}});
  }

  void outcome() {
    switch (cell_.earlier) {
      case Earlier::kDelivered:
        return near_.far(Outcome{.kind = Outcome::Kind::kKnown, .reply = {250, {"the first time"}}});
      case Earlier::kRefusedThen:
        return near_.far(
            Outcome{.kind = Outcome::Kind::kKnown, .reply = {250, {"the first time"}}, .refused = {0}});
      case Earlier::kPending:
        return near_.far(Outcome{.kind = Outcome::Kind::kPending, .reply = {}});
      case Earlier::kNever:
        return near_.far(Outcome{.kind = Outcome::Kind::kUnknown, .reply = {}});
      case Earlier::kLinkLost:
        return near_.intake->stream_lost(near_.host.last_stream, "link down", near_.now);
    }
  }

  std::vector<std::string> replies() {
    std::vector<std::string> all;
    for (std::string reply = near_.next_reply(); !reply.empty(); reply = near_.next_reply())
      all.push_back(reply.substr(0, 3) + (reply.find("first time") != std::string::npos ? " first" : ""));
    return all;
  }

  bool did(const std::string& word) const {
    return std::find(near_.host.log.begin(), near_.host.log.end(), word) != near_.host.log.end();
  }

  std::string refusal() const {
    switch (cell_.rule) {
      case Rule::kDomain:
        return "550";
      case Rule::kOwnSize:
      case Rule::kCountedSize:
      case Rule::kFarSize:
        return "552";
      case Rule::kMailParameter:
      case Rule::kRcptParameter:
        return "555";
    }
    return "";
  }

  std::string expected() const {
    switch (cell_.earlier) {
      case Earlier::kDelivered:
        return "250 first";
      case Earlier::kPending:
      case Earlier::kLinkLost:
        return "451";
      case Earlier::kRefusedThen:
      case Earlier::kNever:
        return refusal();
    }
    return "";
  }

  NearEnd& near() { return near_; }

 private:
  void change() {
    switch (cell_.rule) {
      case Rule::kDomain:
        near_.settings.rules.domains = {};
        break;
      case Rule::kOwnSize:
      case Rule::kCountedSize:
        near_.settings.rules.max_message_bytes = 3;
        near_.settings.offered.size = 3;
        break;
      case Rule::kFarSize:
        near_.settings.offered.size = 3;
        break;
      case Rule::kMailParameter:
      case Rule::kRcptParameter:
        near_.settings.offered.dsn = false;
        break;
    }
  }

  OwnCell cell_;
  NearEnd near_;
};

std::vector<OwnCell> own_cells() {
  std::vector<OwnCell> all;
  for (const bool early : {true, false})
    for (const bool lmtp : {false, true})
      for (const Rule rule : {Rule::kDomain, Rule::kOwnSize, Rule::kCountedSize, Rule::kFarSize,
                              Rule::kMailParameter, Rule::kRcptParameter})
        for (const Earlier earlier : {Earlier::kDelivered, Earlier::kRefusedThen, Earlier::kPending,
                                      Earlier::kNever, Earlier::kLinkLost})
          all.push_back({.early = early, .lmtp = lmtp, .rule = rule, .earlier = earlier});
  return all;
}

std::string to_text(const OwnCell& cell) {
  return std::string(cell.early ? "early, " : "waiting, ") + (cell.lmtp ? "LMTP" : "SMTP") + ", rule " +
         std::to_string(static_cast<int>(cell.rule)) + ", earlier try " +
         std::to_string(static_cast<int>(cell.earlier));
}

TEST(OwnRefusalTable, EveryRuleWithEveryKnowledge) {
  for (const OwnCell& cell : own_cells()) {
    SCOPED_TRACE(to_text(cell));
    ChangedRules mail(cell);
    mail.first();
    mail.begin("x");
    mail.verdicts(1);
    for (const std::string& reply : mail.replies())
      EXPECT_LT(reply, "400") << "told before the content is known";
    mail.near().client("hello\r\n.\r\n");
    EXPECT_TRUE(mail.did("Ask(1)"));
    mail.outcome();
    EXPECT_EQ(mail.replies(), std::vector{mail.expected()});
    EXPECT_FALSE(mail.did("Commit"));
    if (cell.rule != Rule::kCountedSize) {
      EXPECT_FALSE(mail.did("Content"));
    }

    if (!mail.near().intake->finished()) mail.near().client("NOOP\r\n");
    EXPECT_EQ(mail.did("Settled(1)"), cell.earlier == Earlier::kDelivered);
    if (testing::Test::HasFailure()) return;
  }
}

// Only the content tells: the refusal of another mail comes at its end, and the far side gets none of it.
TEST(OwnRefusalTable, AnotherMailIsRefusedAtItsEnd) {
  for (const OwnCell& cell : own_cells()) {
    SCOPED_TRACE(to_text(cell));
    ChangedRules mail(cell);
    mail.first();
    mail.begin("x");
    mail.verdicts(1);
    mail.replies();
    mail.near().client("other\r\n.\r\n");
    EXPECT_EQ(mail.replies(), std::vector{mail.refusal()});
    EXPECT_FALSE(mail.did("Ask(1)") || mail.did("Commit") || mail.did("record(2)"));
    if (testing::Test::HasFailure()) return;
  }
}

// Who is not in doubt is refused where he was, and the far side does not hear of him.
TEST(OwnRefusalTable, OfThoseWhoAreNotInDoubt) {
  for (const OwnCell& cell : own_cells()) {
    if (cell.rule == Rule::kCountedSize) continue;
    SCOPED_TRACE(to_text(cell));
    ChangedRules mail(cell);
    mail.first();
    mail.begin("yz");
    const std::string nobody = cell.lmtp ? "503" : "554";
    EXPECT_EQ(mail.replies(), (std::vector<std::string>{"250", mail.refusal(), mail.refusal(), nobody}));
    EXPECT_FALSE(mail.did("Rcpt"));
    if (testing::Test::HasFailure()) return;
  }
}

// The far side would deliver to both.
TEST(OwnRefusalTable, OneInDoubtIsAloneInItsMail) {
  for (const bool early : {true, false})
    for (const bool lmtp : {false, true}) {
      ChangedRules mail(
          {.early = early, .lmtp = lmtp, .rule = Rule::kRcptParameter, .earlier = Earlier::kDelivered});
      mail.first();
      NearEnd& near = mail.near();
      const std::string in_doubt = "RCPT TO:<x@birl.example> NOTIFY=NEVER\r\n";
      const std::string other = "RCPT TO:<y@birl.example>\r\n";
      near.connect();
      near.client("MAIL FROM:<a@tokyo.example>\r\n" + other + in_doubt + "DATA\r\n");
      mail.verdicts(1);
      EXPECT_EQ(mail.replies(), (std::vector<std::string>{"250", "250", "452", "354"}));
      near.connect();
      near.client("MAIL FROM:<a@tokyo.example>\r\n" + in_doubt + other + "DATA\r\n");
      mail.verdicts(1);
      EXPECT_EQ(mail.replies(), (std::vector<std::string>{"250", "250", "452", "354"}));
      near.client("hello\r\n.\r\n");
      mail.outcome();
      EXPECT_EQ(mail.replies(), std::vector<std::string>{"250 first"});
    }
}

// sendmail refuses by itself what is larger than EHLO says.
TEST(OwnRefusalTable, TheLimitIsNotSaidWhileSomebodyIsInDoubt) {
  ChangedRules mail({.early = true, .lmtp = false, .rule = Rule::kOwnSize, .earlier = Earlier::kDelivered});
  NearEnd& near = mail.near();
  near.settings.offered.size = 1000;
  const auto ehlo = [&] {
    near.connect();
    near.client("EHLO tokyo.example\r\n");
    return near.next_reply();
  };
  EXPECT_NE(ehlo().find("SIZE 1000"), std::string::npos);
  mail.first();
  const std::string said = ehlo();
  EXPECT_NE(said.find("SIZE"), std::string::npos);
  EXPECT_EQ(said.find("SIZE 3"), std::string::npos) << said;
}

}  // namespace
}  // namespace tsmtp::mail
