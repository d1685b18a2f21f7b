// "Nothing twice", as a table: what is known of an earlier try × what the far MTA says to this one × when it
// says so × protocol. A mail that is known to be delivered is delivered, whatever is said to this try; where
// nothing is known yet, nobody is told more than "later"; and where the first try never arrived, this one's
// verdicts are told to whom they concern.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

enum class Known { kDelivered, kRefusedThen, kPending, kNever, kLinkLost };
enum class Refusal { kNone, kMail, kRcpt, kData };
enum class When { kBeforeData, kInContent, kWhileAsking };

struct Cell {
  bool early;  // else early_reply = false: every verdict is there before the content
  bool lmtp;
  int recipients;
  Known known = Known::kDelivered;
  Refusal refusal = Refusal::kNone;
  int code = 0;
  When when;
};

std::vector<Cell> cells() {
  std::vector<Cell> all;
  const auto add = [&](Cell cell) {
    for (const Known known :
         {Known::kDelivered, Known::kRefusedThen, Known::kPending, Known::kNever, Known::kLinkLost})
      for (const Refusal refusal : {Refusal::kNone, Refusal::kMail, Refusal::kRcpt, Refusal::kData})
        for (const int code : {421, 451, 550}) {
          cell.known = known;
          cell.refusal = refusal;
          cell.code = code;
          all.push_back(cell);
        }
  };
  for (const bool early : {true, false})
    for (const bool lmtp : {false, true})
      for (const int recipients : {1, 2})
        for (const When when : {When::kBeforeData, When::kInContent, When::kWhileAsking})
          if ((lmtp || recipients == 1) && (early || when == When::kBeforeData))
            add({.early = early, .lmtp = lmtp, .recipients = recipients, .when = when});
  return all;
}

class OneTry {
 public:
  explicit OneTry(const Cell& cell) : cell_(cell), near_(cell.early) {
    near_.lmtp = cell.lmtp;
    begin();
    if (!cell.early) verdicts(Refusal::kNone);
    near_.client("hello\r\n.\r\n");
    near_.intake->recorded(near_.host.last_recorded, {}, near_.now);
    near_.intake->stream_lost(near_.host.last_stream, "link down", near_.now);
    replies();
    near_.connect();
    near_.host.log.clear();
  }

  // MAIL to DATA.
  void begin() {
    std::string envelope = "MAIL FROM:<a@tokyo.example>\r\n";
    for (int i = 0; i < cell_.recipients; ++i)
      envelope += "RCPT TO:<" + std::string(1, static_cast<char>('x' + i)) + "@birl.example>\r\n";
    near_.connect();
    near_.client(envelope + "DATA\r\n");
    replies();
  }

  // The far MTA's words to this try; pipelined, it goes on behind a refused MAIL.
  void verdicts(Refusal refusal) {
    const smtp::Reply ok{250, {"ok"}};
    const smtp::Reply refused{cell_.code, {"this time"}};
    const bool mail = refusal == Refusal::kMail;
    const bool rcpt = refusal == Refusal::kRcpt;
    near_.far(MailVerdict{mail ? refused : ok});
    for (int i = 0; i < cell_.recipients; ++i)
      near_.far(RcptVerdict{.index = static_cast<std::uint16_t>(i),
                            .reply = mail   ? smtp::Reply{503, {"5.5.1 need MAIL first"}}
                                     : rcpt ? refused
                                            : ok});
    if (refusal == Refusal::kNone)
      near_.far(DataVerdict{{354, {"go"}}});
    else
      near_.far(DataVerdict{refusal == Refusal::kData ? refused : smtp::Reply{503, {"nobody"}}});
  }

  void outcome() {
    Outcome outcome{.kind = Outcome::Kind::kKnown, .reply = {250, {"the first time"}}};
    switch (cell_.known) {
      case Known::kDelivered:
        break;
      case Known::kRefusedThen:
        for (int i = 0; i < cell_.recipients; ++i)
          outcome.refused.push_back(static_cast<std::uint16_t>(i));
        break;
      case Known::kPending:
        outcome = {.kind = Outcome::Kind::kPending, .reply = {}};
        break;
      case Known::kNever:
        outcome = {.kind = Outcome::Kind::kUnknown, .reply = {}};
        break;
      case Known::kLinkLost:
        return near_.intake->stream_lost(near_.host.last_stream, "link down", near_.now);
    }
    near_.far(outcome);
  }

  void second() {
    begin();
    if (cell_.when == When::kBeforeData) verdicts(cell_.refusal);
    if (!cell_.early) {
      for (const std::string& reply : replies())
        EXPECT_LT(reply, "400") << "told before the content is known";
    }
    near_.client("hel");
    if (cell_.when == When::kInContent) verdicts(cell_.refusal);
    near_.client("lo\r\n.\r\n");
    if (cell_.when == When::kWhileAsking) verdicts(cell_.refusal);
    EXPECT_TRUE(did("Ask(1)"));
    outcome();
    if (did("record(2)")) {
      near_.intake->recorded(near_.host.last_recorded, {}, near_.now);
      near_.far(FinalVerdict{{250, {"the second time"}}});
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

  NearEnd& near() { return near_; }

 private:
  Cell cell_;
  NearEnd near_;
};

std::string expected(const Cell& cell) {
  const std::string this_time = cell.refusal == Refusal::kNone ? "" : std::to_string(cell.code);
  switch (cell.known) {
    case Known::kDelivered:
      return "250 first";
    case Known::kRefusedThen:
      return this_time.empty() ? "451" : this_time;
    case Known::kPending:
    case Known::kLinkLost:
      return "451";
    case Known::kNever:
      return this_time.empty() ? "250" : this_time;
  }
  return "";
}

TEST(KnownOutcomeTable, EveryKnowledgeWithEveryVerdictAtEveryTime) {
  for (const Cell& cell : cells()) {
    SCOPED_TRACE(testing::Message() << (cell.early ? "early, " : "waiting, ") << (cell.lmtp ? "LMTP" : "SMTP")
                                    << " to " << cell.recipients << ", known " << static_cast<int>(cell.known)
                                    << ", refused at " << static_cast<int>(cell.refusal) << " with "
                                    << cell.code << ", when " << static_cast<int>(cell.when));
    OneTry a_try(cell);
    a_try.second();
    const std::vector<std::string> want(cell.recipients, expected(cell));
    EXPECT_EQ(a_try.replies(), want);

    // What is not settled is still known; what is settled is not asked for again.
    if (!a_try.near().intake->finished()) a_try.near().client("NOOP\r\n");
    const bool is_open = cell.known == Known::kPending || cell.known == Known::kLinkLost;
    EXPECT_EQ(a_try.did("Settled(1)"), cell.known == Known::kDelivered);
    a_try.replies();
    a_try.near().host.log.clear();
    a_try.begin();
    if (!cell.early) a_try.verdicts(Refusal::kNone);
    a_try.near().client("hello\r\n.\r\n");
    EXPECT_EQ(a_try.did("Ask(1)"), is_open);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace tsmtp::mail
