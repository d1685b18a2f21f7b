// Every state of a ServerSession × every pair of events that a client and the owner can bring then, and
// random walks of many: nothing aborts, requests come in an order that makes sense, every command has its
// reply, in turn, and the dialogue goes on or is over.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <random>

#include "relayd/smtp/server_session.h"

namespace tsmtp::smtp {
namespace {

constexpr std::uint64_t kMaxErrors = 6;

/// A session whose owner keeps to the contract, and looks at whatever it is asked.
class Owner {
 public:
  void client(std::string_view bytes) {
    session_.receive(bytes);
    draw();
  }
  /// Answers the ticket that is open longest, or shortest.
  void reply(int code, bool oldest = true) {
    if (open_.empty()) return;
    const auto which = oldest ? open_.begin() : open_.end() - 1;
    const Open asked = *which;
    open_.erase(which);
    if (code == 354 && asked.kind != Kind::kData) code = 250;  // a final reply is final
    if (asked.kind == Kind::kMail) is_sender_accepted_ = code < 300;
    if (asked.kind == Kind::kRcpt && code < 300) ++accepted_;
    if (code < 400 && asked.kind == Kind::kData) code = is_sender_accepted_ && accepted_ > 0 ? 354 : 503;
    session_.reply(asked.ticket, {code, {"text"}});
    draw();
  }
  void close() {
    session_.close({421, {"4.3.2 closing"}});
    open_.clear();
    draw();
    EXPECT_TRUE(is_over_) << "nobody need be awaited any more";
  }

  /// Whatever the state: with every ticket answered, and what is begun sent to its end, the dialogue is over
  /// or goes on.
  void settle() {
    for (int rounds = 0; rounds < 8 && !is_over_; ++rounds) {
      while (!open_.empty())
        reply(open_.front().kind == Kind::kData ? 354 : 250);
      if (is_over_) break;
      const std::size_t before = said_.size();
      client("NOOP\r\n");
      if (said_.size() > before && said_.back() == 250 && !session_.in_transaction()) return;
      client("x\r\n.\r\n");
    }
    EXPECT_TRUE(is_over_) << "the dialogue hangs";
    EXPECT_FALSE(session_.in_transaction());
  }

 private:
  enum class Kind { kMail, kRcpt, kData, kFinal };
  struct Open {
    Ticket ticket;
    Kind kind;
  };

  void draw() {
    while (auto request = session_.next()) {
      EXPECT_FALSE(is_over_) << "asked after Finished";
      std::visit([this](const auto& r) { on(r); }, *request);
    }
    std::string_view output = session_.output();
    while (!output.empty()) {
      const auto reply = reader_.read(output);
      ASSERT_TRUE(reply.has_value()) << "what is said is SMTP";
      ASSERT_TRUE(reply->has_value()) << "replies are whole";
      said_.push_back((*reply)->code);
    }
    session_.output().clear();
    if (is_over_ && !said_at_end_) said_at_end_ = said_.size();
    EXPECT_EQ(said_.size(), said_at_end_.value_or(said_.size())) << "after Finished nothing is said";
    EXPECT_FALSE(is_over_ && session_.wants_input());
  }

  void open(Ticket ticket, Kind kind) {
    EXPECT_GT(ticket, last_ticket_) << "tickets come in the order of the commands";
    last_ticket_ = ticket;
    open_.push_back({ticket, kind});
  }
  void on(const MailRequest& r) {
    EXPECT_FALSE(r.helo.empty());
    is_lmtp_ = r.lmtp;
    accepted_ = 0;
    is_sender_accepted_ = false;
    EXPECT_TRUE(session_.in_transaction());
    open(r.ticket, Kind::kMail);
  }
  void on(const RcptRequest& r) { open(r.ticket, Kind::kRcpt); }
  void on(const DataRequest& r) {
    EXPECT_TRUE(session_.in_transaction());
    open(r.ticket, Kind::kData);
  }
  void on(const ContentPiece& r) {
    EXPECT_FALSE(r.bytes.empty());
    EXPECT_TRUE(open_.empty()) << "content comes when all before it is answered";
    EXPECT_TRUE(session_.in_transaction());
  }
  void on(const ContentEnd& r) {
    EXPECT_TRUE(open_.empty());
    EXPECT_TRUE(session_.in_transaction());
    EXPECT_EQ(r.tickets.size(), is_lmtp_ ? accepted_ : 1) << "a reply for each whom it is for";
    EXPECT_GE(accepted_, 1U) << "a mail is for somebody";
    for (const Ticket ticket : r.tickets)
      open(ticket, Kind::kFinal);
  }
  void on(const Abandoned&) { EXPECT_FALSE(session_.in_transaction()); }
  void on(const Finished&) {
    is_over_ = true;
    open_.clear();  // no ticket outlives the dialogue
  }

  ServerSession session_{{.name = "birl.tsmtp",
                          .offered = {.pipelining = true, .chunking = true, .size = 1000},
                          .max_line_bytes = 100,
                          .sessions = {.max_recipients = 3, .max_errors = kMaxErrors},
                          .max_idle_commands = 5}};
  std::deque<Open> open_;
  Ticket last_ticket_ = 0;
  ReplyReader reader_;
  std::vector<int> said_;
  std::optional<std::size_t> said_at_end_;
  std::size_t accepted_ = 0;
  bool is_lmtp_ = false;
  bool is_sender_accepted_ = false;
  bool is_over_ = false;
};

struct Event {
  std::string name;
  std::function<void(Owner&)> happen;
};

std::vector<Event> events() {
  const auto client = [](const std::string& bytes) {
    return Event{bytes, [bytes](Owner& owner) { owner.client(bytes); }};
  };
  const auto reply = [](int code, bool oldest) {
    return Event{(oldest ? "oldest " : "newest ") + std::to_string(code),
                 [code, oldest](Owner& owner) { owner.reply(code, oldest); }};
  };
  return {client("EHLO a.example\r\n"),
          client("LHLO a.example\r\n"),
          client("MAIL FROM:<a@a.example>\r\n"),
          client("MAIL FROM:<a@a.example> SIZE=2000\r\n"),
          client("RCPT TO:<x@b.example>\r\n"),
          client("RCPT TO:<x@b.example>\r\nRCPT TO:<y@b.example>\r\nDATA\r\n"),
          client("RCPT TO:nobody\r\n"),
          client("DATA\r\n"),
          client("DATA\r\nNOOP\r\n"),
          client("hello\r\n"),
          client("a\nb\r\n.\r\n"),
          client(".\r\n"),
          client(".\r\nQUIT\r\n"),
          client("BDAT 5\r\nhello"),
          client("BDAT 4 LAST\r\nhel"),
          client("BDAT 0 LAST\r\n"),
          client("BDAT\r\n"),
          client("RSET\r\n"),
          client("NOOP\r\nRSET\r\nNOOP\r\n"),
          client("QUIT\r\n"),
          client("QUIT\r\nMAIL FROM:<a@a.example>\r\n"),
          client("nonsense\r\n"),
          client(std::string(120, 'x') + "\r\n"),
          client(std::string("NO\0OP\r\n", 7)),
          client("NO"),
          reply(250, true),
          reply(354, true),
          reply(421, true),
          reply(451, true),
          reply(550, true),
          reply(250, false),
          reply(421, false),
          reply(550, false),
          {"close", [](Owner& owner) { owner.close(); }}};
}

const Event& named(const std::vector<Event>& all, std::string_view name) {
  return *std::find_if(all.begin(), all.end(), [&](const Event& event) { return event.name == name; });
}

const char kMail[] = "MAIL FROM:<a@a.example>\r\n";
const char kRcpt[] = "RCPT TO:<x@b.example>\r\n";
const char kAll[] = "RCPT TO:<x@b.example>\r\nRCPT TO:<y@b.example>\r\nDATA\r\n";
const char kChunk[] = "BDAT 5\r\nhello";
const char kPart[] = "BDAT 4 LAST\r\nhel";

// What leads into each of ServerSession's states, behind a hello.
const std::vector<std::vector<const char*>> kStates = {
    {},
    {kMail},
    {kMail, "oldest 550"},
    {kMail, "oldest 250"},
    {kMail, kRcpt},
    {kMail, kAll},
    {kMail, kRcpt, "QUIT\r\n"},
    {kMail, "oldest 250", kRcpt, "oldest 550"},
    {kMail, "oldest 250", kRcpt, "oldest 250"},
    {kMail, "oldest 250", kRcpt, "oldest 250", "DATA\r\n"},
    {kMail, "oldest 250", kAll, "oldest 250", "oldest 550", "oldest 354"},
    {kMail, "oldest 250", kAll, "oldest 250", "oldest 250", "oldest 354", "hello\r\n"},
    {kMail, "oldest 250", kAll, "oldest 250", "oldest 250", "oldest 354", "hello\r\n", ".\r\n"},
    {kMail, "oldest 250", kRcpt, "oldest 250", kChunk},
    {kMail, "oldest 250", kRcpt, "oldest 250", kChunk, "oldest 354"},
    {kMail, "oldest 250", kRcpt, "oldest 250", kPart},
    {kMail, "oldest 250", kRcpt, "oldest 250", kPart, "oldest 354"},
    {kMail, "oldest 250", kRcpt, "oldest 250", kPart, "oldest 550"},
    {kMail, "oldest 250", kRcpt, "oldest 250", "BDAT 0 LAST\r\n", "oldest 354"},
    {kPart},
    {"QUIT\r\n"},
    {"close"},
};

TEST(StateEventTable, OfAServerSession) {
  const auto all = events();
  for (const char* hello : {"", "EHLO a.example\r\n", "LHLO a.example\r\n"})
    for (std::size_t state = 0; state < kStates.size(); ++state)
      for (const Event& first : all)
        for (const Event& second : all) {
          SCOPED_TRACE(testing::Message()
                       << hello << "state " << state << ": " << first.name << ", " << second.name);
          Owner owner;
          owner.client(hello);
          for (const char* step : kStates[state])
            named(all, step).happen(owner);
          first.happen(owner);
          second.happen(owner);
          owner.settle();
          ASSERT_FALSE(testing::Test::HasFailure());
        }
}

TEST(StateEventTable, RandomWalksOfAServerSession) {
  // TSMTP_SEED=N repeats one walk.
  const char* const given = std::getenv("TSMTP_SEED");
  const std::uint64_t begin = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  const int walks = given != nullptr ? 1 : 4'000;
  const auto all = events();
  for (int i = 0; i < walks; ++i) {
    const std::uint64_t seed = begin + static_cast<std::uint64_t>(i);
    std::mt19937_64 random(seed);
    std::string path = "TSMTP_SEED=" + std::to_string(seed);
    Owner owner;
    owner.client(random() % 2 == 0 ? "EHLO a.example\r\n" : "LHLO a.example\r\n");
    for (int step = 0; step < 24; ++step) {
      const bool goes_on = random() % 2 == 0;  // else the walk would not get far
      const Event& event =
          goes_on ? named(all, random() % 4 == 0 ? "oldest 354" : "oldest 250") : all[random() % all.size()];
      path += "\n  " + event.name;
      event.happen(owner);
    }
    owner.settle();
    ASSERT_FALSE(testing::Test::HasFailure()) << path;
  }
}

}  // namespace
}  // namespace tsmtp::smtp
