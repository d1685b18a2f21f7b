// Every state of a ClientSession × every pair of events that a server and the owner can bring then, and
// random walks of many: nothing aborts, answers come once and in turn, no more is sent ahead than RFC 2920
// permits, content never before its 354, and a server that goes on answering brings every dialogue to rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <random>
#include <set>

#include "relayd/smtp/client_session.h"

namespace tsmtp::smtp {
namespace {

/// A session whose owner keeps to the contract, and looks at whatever it hears and sends.
class Owner {
 public:
  void server(std::string_view bytes) {
    session_.receive(bytes);
    draw();
  }
  void send(const std::string& line) {
    if (content_ != Content::kNone) return;  // the owner sends nothing into its content
    const Tag tag = ++last_tag_;
    if (!has_failed_) asked_.push_back({.tag = tag, .is_data = line == "DATA"});
    session_.send(line, tag);
    draw();
  }
  void begin_chunks() {
    if (content_ != Content::kNone || !session_.is_idle()) return;  // all RCPTs are answered
    content_ = Content::kChunks;
    chunk_tags_.insert(++last_tag_);
    session_.begin_chunks(last_tag_);
  }
  void give_up_chunks() {
    if (content_ != Content::kChunks) return;
    content_ = Content::kNone;
    session_.give_up_chunks();
  }
  void content(std::string_view bytes) {
    if (content_ == Content::kNone) return;
    if (!session_.content(bytes)) {
      if (content_ == Content::kData) return stop();  // there is no other way out of it
      return give_up_chunks();
    }
    draw();
  }
  void finish_content() {
    if (content_ == Content::kNone) return;
    const bool is_data = content_ == Content::kData;
    const Tag tag = ++last_tag_;
    if (!session_.finish_content(tag)) {
      if (is_data) return stop();
      return give_up_chunks();
    }
    content_ = Content::kNone;
    if (has_failed_) return;
    // What was sent behind DATA waits for its reply, and then for the end of content.
    if (is_data) asked_.push_front({.tag = tag});
    if (!is_data) asked_.push_back({.tag = tag, .is_last_chunk = true});
    draw();
  }
  void stop() {
    content_ = Content::kNone;
    is_stopped_ = true;
    session_.stop();
    draw();
  }

  /// A server that goes on answering, and an owner that ends what it has begun.
  void settle() {
    for (int rounds = 0; rounds < 40; ++rounds) {
      if (has_failed_ || session_.is_idle()) break;
      if (is_stopped_ && !session_.awaits_reply()) break;  // it is closed now
      finish_content();
      server(data_is_next() ? "354 go\r\n" : "250 ok\r\n");
    }
    if (has_failed_) {
      EXPECT_FALSE(session_.is_idle());
      return;
    }
    EXPECT_FALSE(session_.awaits_reply()) << "it waits for ever";
    if (is_stopped_) return;
    EXPECT_TRUE(session_.is_idle()) << "it comes to rest";
    EXPECT_EQ(session_.unsent_bytes(), 0U);
    EXPECT_TRUE(asked_.empty()) << "every command has its answer";
  }

 private:
  enum class Content { kNone, kData, kChunks };
  struct Asked {
    Tag tag;
    bool is_data = false;
    bool is_last_chunk = false;
  };

  [[nodiscard]] bool data_is_next() const { return !asked_.empty() && asked_.front().is_data; }

  void draw() {
    while (auto event = session_.next_event()) {
      EXPECT_FALSE(has_failed_) << "Failed is the last event";
      std::visit([this](auto& e) { on(e); }, *event);
    }
    look_at_output();
  }
  void on(const Ready&) {
    EXPECT_FALSE(is_ready_) << "once";
    is_ready_ = true;
    pipelines_ = session_.extensions().pipelining;
  }
  void on(const Answer& answer) {
    EXPECT_TRUE(is_ready_);
    --unanswered_;
    if (chunk_tags_.contains(answer.tag)) {
      if (answer.reply.is_positive()) return;
      if (content_ == Content::kChunks) content_ = Content::kNone;
      std::erase_if(asked_, [](const Asked& asked) { return asked.is_last_chunk; });  // given up
      return;
    }
    // What stop() took back is not answered.
    while (is_stopped_ && !asked_.empty() && asked_.front().tag != answer.tag)
      asked_.pop_front();
    ASSERT_FALSE(asked_.empty()) << "an answer to nothing";
    EXPECT_EQ(asked_.front().tag, answer.tag) << "answers come in turn";
    if (asked_.front().is_data && answer.reply.code == 354 && !is_stopped_) content_ = Content::kData;
    asked_.pop_front();
  }
  void on(const Failed& failed) {
    EXPECT_FALSE(failed.cause.empty());
    has_failed_ = true;
  }

  // Commands have a letter first; content and chunks here have none.
  void look_at_output() {
    std::string& output = session_.output();
    std::size_t begin = 0;
    for (std::size_t end = output.find("\r\n"); end != std::string::npos; end = output.find("\r\n", begin)) {
      const std::string line = output.substr(begin, end - begin);
      begin = end + 2;
      if (line.empty() || line.front() < 'A' || line.front() > 'Z') {
        if (line == ".") ++unanswered_;
        continue;
      }
      EXPECT_EQ(line.find_first_of(std::string_view("\r\n\0", 3)), std::string::npos);
      if (!is_ready_ || line.starts_with("EHLO ") || line.starts_with("HELO ")) continue;
      EXPECT_TRUE(pipelines_ || unanswered_ <= 0) << line << ": one at a time, without PIPELINING";
      ++unanswered_;
    }
    output.clear();
  }

  ClientSession session_{"tokyo.example"};
  std::deque<Asked> asked_;
  Tag last_tag_ = 0;
  std::set<Tag> chunk_tags_;
  int unanswered_ = 0;
  Content content_ = Content::kNone;
  bool is_ready_ = false;
  bool pipelines_ = false;
  bool has_failed_ = false;
  bool is_stopped_ = false;
};

struct Event {
  std::string name;
  std::function<void(Owner&)> happen;
};

std::vector<Event> events() {
  const auto server = [](const std::string& bytes) {
    return Event{bytes, [bytes](Owner& owner) { owner.server(bytes); }};
  };
  const auto send = [](const std::string& line) {
    return Event{line, [line](Owner& owner) { owner.send(line); }};
  };
  return {server("220 hub ESMTP\r\n"),
          server("250-hub\r\n250-PIPELINING\r\n250 CHUNKING\r\n"),
          server("250 ok\r\n"),
          server("250 ok\r\n250 ok\r\n"),
          server("250 ok\r\n354 go\r\n"),
          server("354 go\r\n"),
          server("354 go\r\n421 bye\r\n"),
          server("421 bye\r\n"),
          server("451 later\r\n"),
          server("550 no\r\n"),
          server("25"),
          server("no SMTP\r\n"),
          send("MAIL FROM:<a@a.example>"),
          send("RCPT TO:<x@b.example>"),
          send("DATA"),
          send("RSET"),
          send("QUIT"),
          send("NOOP\r\nQUIT"),
          {"chunks", [](Owner& owner) { owner.begin_chunks(); }},
          {"give up", [](Owner& owner) { owner.give_up_chunks(); }},
          {"content", [](Owner& owner) { owner.content("1 hello\r\n.2\r\n"); }},
          {"much content",
           [](Owner& owner) { owner.content(std::string(70'000, '1') + "\r\n" + std::string(70'000, '2')); }},
          {"bare LF", [](Owner& owner) { owner.content("1\n2\r\n"); }},
          {"bare CR", [](Owner& owner) { owner.content("1\r"); }},
          {"end of content", [](Owner& owner) { owner.finish_content(); }},
          {"stop", [](Owner& owner) { owner.stop(); }}};
}

const Event& named(const std::vector<Event>& all, std::string_view name) {
  return *std::find_if(all.begin(), all.end(), [&](const Event& event) { return event.name == name; });
}

const char kGreeting[] = "220 hub ESMTP\r\n";
const char kEhlo[] = "250-hub\r\n250-PIPELINING\r\n250 CHUNKING\r\n";
const char kOk[] = "250 ok\r\n";
const char kMail[] = "MAIL FROM:<a@a.example>";
const char kRcpt[] = "RCPT TO:<x@b.example>";

// What leads into each of ClientSession's states.
const std::vector<std::vector<const char*>> kStates = {
    {},
    {kMail, kRcpt, "DATA"},
    {kGreeting},
    {kGreeting, "550 no\r\n"},
    {kGreeting, "550 no\r\n", kOk},
    {kGreeting, kOk},
    {kGreeting, kEhlo},
    {kGreeting, kOk, kMail, kRcpt, "DATA"},
    {kGreeting, kEhlo, kMail},
    {kGreeting, kEhlo, kMail, kRcpt, "DATA"},
    {kGreeting, kEhlo, kMail, kRcpt, "DATA", "250 ok\r\n250 ok\r\n", "354 go\r\n"},
    {kGreeting, kEhlo, kMail, kRcpt, "DATA", "250 ok\r\n250 ok\r\n", "354 go\r\n", "content"},
    {kGreeting, kEhlo, kMail, kRcpt, "DATA", "250 ok\r\n250 ok\r\n", "354 go\r\n", "content",
     "end of content"},
    {kGreeting, kEhlo, kMail, kRcpt, kOk, kOk, "chunks"},
    {kGreeting, kEhlo, kMail, kRcpt, kOk, kOk, "chunks", "much content"},
    {kGreeting, kEhlo, kMail, kRcpt, kOk, kOk, "chunks", "much content", "much content", "end of content"},
    {kGreeting, kEhlo, kMail, kRcpt, kOk, kOk, "chunks", "content", "end of content"},
    {kGreeting, kEhlo, kMail, "stop"},
    {kGreeting, kEhlo, "421 bye\r\n"},
};

TEST(StateEventTable, OfAClientSession) {
  const auto all = events();
  for (std::size_t state = 0; state < kStates.size(); ++state)
    for (const Event& first : all)
      for (const Event& second : all) {
        SCOPED_TRACE(testing::Message() << "state " << state << ": " << first.name << ", " << second.name);
        Owner owner;
        for (const char* step : kStates[state])
          named(all, step).happen(owner);
        first.happen(owner);
        second.happen(owner);
        owner.settle();
        ASSERT_FALSE(testing::Test::HasFailure());
      }
}

TEST(StateEventTable, RandomWalksOfAClientSession) {
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
    owner.server(kGreeting);
    owner.server(random() % 2 == 0 ? kEhlo : kOk);
    for (int step = 0; step < 24; ++step) {
      const bool goes_on = random() % 3 == 0;  // else the walk would not get far
      const Event& event = goes_on ? named(all, kOk) : all[random() % all.size()];
      path += "\n  " + event.name;
      event.happen(owner);
    }
    owner.settle();
    ASSERT_FALSE(testing::Test::HasFailure()) << path;
  }
}

}  // namespace
}  // namespace tsmtp::smtp
