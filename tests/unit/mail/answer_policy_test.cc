// The tables of docs/replies.md, read from the document and played with AnswerPolicy: what a row says is what
// the client is told, where, and in whose words. A row in words that are not known here fails, and so does a
// row that the policy does not keep.
#include "relayd/mail/answer_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/unit/mail/replies_document.h"

namespace tsmtp::mail {
namespace {

/// A place where the client is told something: "MAIL", "RCPT 0", "DATA", "end 0".
using Place = std::string;

/// What the far side says to one mail; nothing: it says nothing.
struct Far {
  std::optional<smtp::Reply> mail{}, data{}, final{};
  std::vector<std::optional<smtp::Reply>> recipients{};
};

smtp::Reply far_reply(int code, const std::string& to) {
  return {code, {"0.0.0 far to " + to}};
}

/// Everybody is accepted.
Far good(std::size_t recipients) {
  Far far{.mail = far_reply(250, "MAIL"), .data = far_reply(354, "DATA"), .final = far_reply(250, "content")};
  for (std::size_t i = 0; i < recipients; ++i)
    far.recipients.emplace_back(far_reply(250, "RCPT " + std::to_string(i)));
  return far;
}

/// A refused MAIL: the far relayd says the same to all behind it.
Far refused_mail(int code, std::size_t recipients) {
  Far far{.mail = far_reply(code, "MAIL"), .data = far_reply(code, "MAIL")};
  far.recipients.assign(recipients, far_reply(code, "MAIL"));
  return far;
}

Far refused_recipients(int code, std::size_t recipients, const std::set<std::size_t>& which) {
  Far far = good(recipients);
  for (const std::size_t i : which)
    far.recipients[i] = far_reply(code, "RCPT " + std::to_string(i));
  if (which.size() == recipients) far.data = far.recipients[0];
  return far;
}

Far with_data(smtp::Reply reply, std::size_t recipients) {
  Far far = good(recipients);
  far.data = std::move(reply);
  return far;
}

Far with_final(int code, std::size_t recipients) {
  Far far = good(recipients);
  far.final = far_reply(code, "content");
  return far;
}

/// The mails that a situation stands for, told `code` where something is refused. None: it is not the
/// policy's but of the life of a transaction, or of the session before it, and the tests that its row names
/// play it.
std::optional<std::vector<Far>> mails_of(const std::string& table, const std::string& situation, int code) {
  const std::size_t n = table.starts_with("One recipient") ? 1 : 2;
  const auto is = [&](std::string_view words) { return situation == words; };
  if (is("accepted") || is("all accepted")) return {{good(n)}};
  if (is("MAIL refused") || is("… with RCPT and DATA pipelined behind it")) return {{refused_mail(code, n)}};
  if (is("recipient refused") || is("first recipient refused") || is("some recipients refused"))
    return {{refused_recipients(code, n, {0})}};
  if (is("later recipient refused")) return {{refused_recipients(code, n, {1})}};
  if (is("all refused") || is("every recipient refused")) return {{refused_recipients(code, n, {0, 1})}};
  if (is("DATA refused")) return {{with_data(far_reply(code, "DATA"), n)}};
  if (is("content refused")) return {{with_final(code, n)}};
  if (is("far MTA says 421 to MAIL, RCPT or DATA") || is("far MTA says 421"))
    return {{refused_mail(421, n), refused_recipients(421, n, {0}), with_data(far_reply(421, "DATA"), n)}};
  if (is("far MTA says 421 to a later RCPT")) return {{refused_recipients(421, n, {1})}};
  if (is("far MTA says 421 to the content") || is("far MTA says 421 in the middle"))
    return {{with_final(421, n)}};
  if (is("DATA answered with 2yz")) return {{with_data(far_reply(250, "DATA"), n)}};
  if (is("DATA answered with 2yz, or 3yz but 354"))
    return {{with_data(far_reply(250, "DATA"), n), with_data(far_reply(334, "DATA"), n)}};
  if (situation.starts_with("no verdict on a recipient")) {
    Far far = good(n);
    far.recipients[1].reset();
    return {{far}};
  }
  const std::vector<std::string> others = {
      "link ",
      "the same, refusal known before",
      "no verdict for",
      "`<postmaster>`",
      "DATA before any",
      "envelopes and verdicts",
      "recipient that is not",
      "more than 1000",
      "RSET pipelined",
      "bare CR or LF",
      "no recipient accepted",
      "`early_reply = false`",
      "LHLO after EHLO",
  };
  if (std::any_of(others.begin(), others.end(), [&](const auto& o) { return situation.starts_with(o); }))
    return std::vector<Far>{};
  return {};
}

/// A client, the policy and a far side that speaks at once, or only when the client is waiting for it.
class Dialogue {
 public:
  Dialogue(const std::string& table, bool is_pipelined, bool is_eager, Far far)
      : far_(std::move(far)),
        lmtp_(table == "LMTP"),
        is_together_(table == "RCPTs come together"),
        is_pipelined_(is_pipelined || is_together_),
        is_eager_(is_eager),
        policy_({.site = "birl",
                 .early_reply = table != "`early_reply = false`",
                 .mail_is_early = table != "`early_reply = false`",
                 .lmtp = lmtp_}) {
    run();
  }

  std::map<Place, smtp::Reply> told;

 private:
  void run() {
    asked_.push_back("MAIL");
    step();
    for (std::size_t i = 0; i < far_.recipients.size(); ++i) {
      if (!goes_on() || (told.contains("MAIL") && !told["MAIL"].is_positive() && !is_pipelined_)) return;
      policy_.name_recipient({.another_follows = is_together_ && i + 1 < far_.recipients.size()});
      asked_.push_back("RCPT " + std::to_string(i));
      step();
    }
    if (!goes_on() || (told.contains("MAIL") && !told["MAIL"].is_positive() && !is_pipelined_)) return;
    if (is_nobody_left()) {
      told.emplace("DATA", smtp::make_reply(554, "5.5.1", "no valid recipients"));  // smtp::ServerSession
      return;
    }
    policy_.ask_data();
    asked_.push_back("DATA");
    step();
    is_eager_ = true;
    step();
    if (told["DATA"].code == 354) end();
  }

  bool is_nobody_left() const {
    for (std::size_t i = 0; i < far_.recipients.size(); ++i) {
      const auto answer = told.find("RCPT " + std::to_string(i));
      if (answer == told.end() || answer->second.is_positive()) return false;
    }
    return true;
  }

  // Whether the client says its next command: when all are answered, or it need not wait, and nobody has said
  // 421.
  bool goes_on() {
    if (!is_pipelined_ && told.size() < asked_.size()) {
      const bool was_eager = std::exchange(is_eager_, true);
      step();
      is_eager_ = was_eager;
    }
    return std::none_of(told.begin(), told.end(), [](const auto& t) { return t.second.code == 421; });
  }

  void step() {
    if (is_eager_) {
      if (far_.mail) policy_.mail_verdict(*far_.mail);
      for (std::size_t i = 0; i < policy_.recipients(); ++i)
        if (far_.recipients[i]) policy_.recipient_verdict(i, *far_.recipients[i]);
      if (far_.data && asked_.back() == "DATA") policy_.data_verdict(*far_.data);
    }
    for (const AnswerPolicy::Answer& answer : policy_.take_answers()) {
      const Place place = answer.to == AnswerPolicy::Command::kMail ? "MAIL"
                          : answer.to == AnswerPolicy::Command::kData
                              ? "DATA"
                              : "RCPT " + std::to_string(answer.recipient);
      EXPECT_TRUE(told.emplace(place, answer.reply).second) << place << " is answered twice";
    }
  }

  void end() {
    const auto refusal = policy_.known_refusal();
    const auto said = refusal ? refusal : far_.final;
    ASSERT_TRUE(said) << "nobody has spoken";
    for (std::size_t i = 0; i < policy_.recipients(); ++i)
      if (policy_.is_accepted(i)) told["end " + std::to_string(i)] = policy_.final_reply(i, *said, false);
  }

  Far far_;
  bool lmtp_, is_together_, is_pipelined_, is_eager_;
  AnswerPolicy policy_;
  std::vector<Place> asked_;
};

bool is_far(const smtp::Reply& reply) {
  return reply.lines[0].starts_with("0.0.0 far to ");
}

/// Whether a row's words for a place mean that one, in a mail with that told.
bool means(const std::string& words, const Place& place, const Far& far,
           const std::map<Place, smtp::Reply>& told) {
  const bool is_rcpt = place.starts_with("RCPT ");
  const auto index = is_rcpt ? static_cast<std::size_t>(place.back() - '0') : 0;
  const bool is_first_told = std::find_if(told.begin(), told.end(), [](const auto& t) {
                               return !t.second.is_positive() && t.second.code != 354;
                             })->first == place;
  if (words == "end of content") return place.starts_with("end");
  if (words == "MAIL" || words == "DATA") return place == words;
  if (words == "RCPTs") return is_rcpt;
  if (words == "later RCPTs") return is_rcpt && index > 0;
  if (words == "its RCPT" || words == "that RCPT" || words == "their RCPT") {
    const bool is_anybody_refused = std::any_of(far.recipients.begin(), far.recipients.end(),
                                                [](const auto& r) { return !r->is_positive(); });
    return is_rcpt && (!is_anybody_refused || !far.recipients[index]->is_positive());
  }
  if (words == "each command") return true;
  if (words == "that command") return is_first_told;
  ADD_FAILURE() << "no words for a place: " << words;
  return false;
}

void expect_reply(const smtp::Reply& reply, const std::string& code, const std::string& source) {
  const bool far = source.starts_with("far");
  EXPECT_EQ(is_far(reply), far) << reply.summary();
  for (const std::string& part : cells_of(code, ',')) {
    if (part == "far's 250") {
      EXPECT_EQ(reply.code, 250);
    }
    if (std::isdigit(static_cast<unsigned char>(part[0])) != 0) {
      EXPECT_TRUE(reply.summary().starts_with(part)) << reply.summary();
    }
  }
  for (const char* command : {"MAIL", "RCPT", "DATA"})
    if (source.find("its reply to " + std::string(command)) != std::string::npos ||
        source.find("its reply to the first " + std::string(command)) != std::string::npos) {
      EXPECT_TRUE(reply.lines[0].find(std::string("far to ") + command) != std::string::npos)
          << reply.summary();
    }
}

/// A row of the tables for SMTP: at each place that it names stands what it says, and at no other a refusal.
void expect_smtp(const ReplyRow& row, const Far& far, const std::map<Place, smtp::Reply>& told) {
  const bool is_accepted = row.situation.ends_with("accepted");
  std::set<Place> named;
  for (std::size_t k = 0; k < row.told_at.size(); ++k)
    for (const std::string& words : cells_of(row.told_at[k], ',')) {
      if (words == "then closed") {
        EXPECT_TRUE(
            std::any_of(told.begin(), told.end(), [](const auto& t) { return t.second.code == 421; }));
        continue;
      }
      bool is_told = false;
      for (const auto& [place, reply] : told) {
        if (!means(words, place, far, told)) continue;
        SCOPED_TRACE(place);
        is_told = named.insert(place).second || is_told;
        EXPECT_EQ(reply.is_positive() || reply.code == 354, is_accepted);
        expect_reply(reply, row.codes[std::min(k, row.codes.size() - 1)],
                     row.sources[std::min(k, row.sources.size() - 1)]);
      }
      EXPECT_TRUE(is_told) << "nothing is told at: " << words;
    }
  for (const auto& [place, reply] : told)
    if (!named.contains(place)) {
      EXPECT_TRUE(reply.is_positive() || reply.code == 354) << place << ": " << reply.summary();
      EXPECT_FALSE(is_accepted && is_far(reply)) << place << ": " << reply.summary();
    }
}

/// A row of the table for LMTP: to whom, and what, at the end of content; before it nothing is refused.
void expect_lmtp(const ReplyRow& row, const Far& far, const std::map<Place, smtp::Reply>& told) {
  std::set<Place> named;
  for (const std::string& clause : row.told_at)
    for (const auto& [place, reply] : told) {
      if (!place.starts_with("end")) {
        EXPECT_TRUE(reply.is_positive() || reply.code == 354) << place << ": " << reply.summary();
        continue;
      }
      const auto& verdict = far.recipients[static_cast<std::size_t>(place.back() - '0')];
      const bool is_refused = verdict && !verdict->is_positive();
      const bool is_meant = clause.starts_with("to those")        ? is_refused
                            : clause.starts_with("to the others") ? !is_refused
                            : clause.starts_with("to it")         ? !verdict
                                                                  : true;
      if (!is_meant) continue;
      SCOPED_TRACE(place);
      named.insert(place);
      const auto what = clause.find_first_of("0123456789");
      const std::string code =
          what == std::string::npos ? "" : clause.substr(what, clause.find(',', what) - what);
      expect_reply(
          reply, code,
          row.sources[0] + (clause.find("its RCPT") != std::string::npos ? ", its reply to RCPT" : ""));
      if (clause.find("250") != std::string::npos) {
        EXPECT_EQ(reply.code, 250);
      }
      if (clause.ends_with("then closed")) {
        EXPECT_EQ(reply.code, 421);
      }
    }
  EXPECT_FALSE(named.empty());
}

TEST(AnswerPolicy, KeepsEveryRowOfTheDocument) {
  const std::set<std::string> tables = {"One recipient, early replies", "RCPTs come together",
                                        "the first RCPT comes alone", "`early_reply = false`", "LMTP"};
  std::map<std::string, int> played;
  for (const ReplyRow& row : read_replies_document()) {
    if (!tables.contains(row.table)) continue;
    for (const int code : {450, 550}) {
      const auto mails = mails_of(row.table, row.situation, code);
      ASSERT_TRUE(mails) << row.table << ": this test does not know the situation \"" << row.situation << '"';
      for (const Far& far : *mails)
        for (const bool is_eager : {true, false}) {
          SCOPED_TRACE(row.table + ": " + row.situation + (is_eager ? "" : ", verdicts late") + ", " +
                       std::to_string(code));
          const bool is_pipelined = row.situation.find("pipelined") != std::string::npos;
          // Where all comes together, no verdict can be there before.
          if (is_eager && (is_pipelined || row.table == "RCPTs come together")) continue;
          const Dialogue dialogue(row.table, is_pipelined, is_eager, far);
          row.table == "LMTP" ? expect_lmtp(row, far, dialogue.told) : expect_smtp(row, far, dialogue.told);
          ++played[row.table];
        }
    }
  }
  for (const std::string& table : tables)
    EXPECT_GE(played[table], 8) << table << " is not in the document, or not as a table";
}

// P1, for every pair of verdicts: whoever is told 2yz at the end has the far MTA's own.
TEST(AnswerPolicy, NoYesAtTheEndButTheFarMtas) {
  const std::vector<std::optional<int>> codes = {{}, 250, 354, 421, 450, 550};
  for (const std::string table : {"One recipient, early replies", "RCPTs come together",
                                  "the first RCPT comes alone", "`early_reply = false`", "LMTP"})
    for (const auto mail : codes)
      for (const auto first : codes)
        for (const auto second : codes)
          for (const auto data : codes)
            for (const int final : {250, 450, 550}) {
              const auto said = [](std::optional<int> code, const char* to) {
                return code ? std::optional(far_reply(*code, to)) : std::nullopt;
              };
              const Far far{.mail = said(mail, "MAIL"),
                            .data = said(data, "DATA"),
                            .final = far_reply(final, "content"),
                            .recipients = {said(first, "RCPT 0"), said(second, "RCPT 1")}};
              const Dialogue dialogue(table, true, true, far);
              for (const auto& [place, reply] : dialogue.told)
                if (place.starts_with("end") && reply.is_positive()) {
                  ASSERT_EQ(final, 250) << table;
                  ASSERT_EQ(reply.lines[0], "0.0.0 far to content");
                }
              if (testing::Test::HasFailure()) return;
            }
}

}  // namespace
}  // namespace tsmtp::mail
