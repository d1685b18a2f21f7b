#include "tests/unit/smtp/client_script.h"

#include <gtest/gtest.h>

#include <deque>

#include "relayd/smtp/client_session.h"
#include "tests/unit/smtp/server_script.h"

namespace tsmtp::smtp::test {
namespace {

class Player {
 public:
  explicit Player(bool bytewise) : session_("tokyo.example"), bytewise_(bytewise) {}

  void play(const std::vector<std::string>& steps) {
    for (const std::string& step : steps) {
      SCOPED_TRACE(step);
      const std::size_t blank = step.find(' ');
      const std::string key = step.substr(0, blank);
      const std::string text = blank == std::string::npos ? "" : step.substr(blank + 1);
      if (key == "S:") {
        segment_ += text + "\r\n";
        continue;
      }
      if (key == "S=") {
        segment_ += unescaped(text);
        continue;
      }
      feed();
      take_step(key, text);
      if (testing::Test::HasFatalFailure()) return;
    }
    feed();
    EXPECT_EQ(session_.output(), "");
    EXPECT_TRUE(events_.empty()) << events_.front();
  }

 private:
  void take_step(const std::string& key, const std::string& text) {
    if (key == "C:") {
      const std::size_t end = session_.output().find("\r\n");
      ASSERT_NE(end, std::string::npos) << "no output; expected: " << text;
      EXPECT_EQ(session_.output().substr(0, end), text);
      session_.output().erase(0, end + 2);
    } else if (key == ">") {
      session_.send(unescaped(text), ++tag_);
      drain();
    } else if (key == "D:") {
      ASSERT_TRUE(session_.content(unescaped(text)));
    } else if (key == "BAD:") {
      ASSERT_FALSE(session_.content(unescaped(text)));
    } else if (key == "CHUNKS") {
      session_.begin_chunks(++tag_);
    } else if (key == "GIVEUP") {
      session_.give_up_chunks();
    } else if (key == "F:") {
      ASSERT_TRUE(session_.finish_content(++tag_));
    } else if (key == "E:") {
      ASSERT_FALSE(events_.empty()) << "no event; expected: " << text;
      EXPECT_EQ(events_.front(), text);
      events_.pop_front();
    } else {
      ASSERT_TRUE(key == "IDLE" || key == "BUSY") << "unknown step";
      EXPECT_EQ(session_.is_idle(), key == "IDLE");
    }
  }

  void feed() {
    std::string segment;
    segment.swap(segment_);
    const std::size_t step = bytewise_ ? 1 : segment.size();
    for (std::size_t at = 0; at < segment.size(); at += step) {
      session_.receive(std::string_view(segment).substr(at, step));
      drain();
    }
  }

  void drain() {
    while (auto event = session_.next_event())
      std::visit([this](const auto& e) { note(e); }, *event);
  }

  void note(const Ready& e) {
    std::string text = "ready";
    for (const std::string& line : keyword_lines(e.extensions))
      text += (text == "ready" ? " " : ",") + line;
    events_.push_back(text);
  }
  void note(const Answer& e) { events_.push_back(std::to_string(e.tag) + ' ' + e.reply.summary()); }
  void note(const Failed& e) {
    events_.push_back("failed " + e.cause + (e.reply ? " (" + e.reply->summary() + ')' : ""));
  }

  ClientSession session_;
  bool bytewise_;
  Tag tag_ = 0;
  std::string segment_;
  std::deque<std::string> events_;
};

}  // namespace

void play_client(const std::vector<std::string>& steps) {
  for (const bool bytewise : {false, true}) {
    SCOPED_TRACE(bytewise ? "byte by byte" : "in segments");
    Player(bytewise).play(steps);
  }
}

}  // namespace tsmtp::smtp::test
