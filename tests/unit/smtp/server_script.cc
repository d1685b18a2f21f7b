#include "tests/unit/smtp/server_script.h"

#include <gtest/gtest.h>

#include <deque>

namespace tsmtp::smtp::test {
namespace {

std::string shown(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\0')
      out += "\\0";
    else
      out.push_back(c);
  }
  return out;
}

std::string with_parameters(const PathCommand& command) {
  const std::string parameters = command.parameter_text();
  return '<' + command.path.text + '>' + (parameters.empty() ? "" : " " + parameters);
}

class Player {
 public:
  Player(const ServerOptions& options, bool bytewise) : session_(options), bytewise_(bytewise) { drain(); }

  void play(const std::vector<std::string>& steps) {
    for (const std::string& step : steps) {
      SCOPED_TRACE(step);
      const std::size_t blank = step.find(' ');
      const std::string key = step.substr(0, blank);
      const std::string text = blank == std::string::npos ? "" : step.substr(blank + 1);
      if (key == "C:") {
        segment_ += text + "\r\n";
        continue;
      }
      if (key == "C=") {
        segment_ += unescaped(text);
        continue;
      }
      feed();
      take_step(key, text);
      if (testing::Test::HasFatalFailure()) return;
    }
    feed();
    EXPECT_EQ(shown(session_.output()), "");
    EXPECT_TRUE(requests_.empty()) << requests_.front();
  }

 private:
  void take_step(const std::string& key, const std::string& text) {
    if (key == "S:") {
      const std::size_t end = session_.output().find("\r\n");
      ASSERT_NE(end, std::string::npos) << "no output; expected: " << text;
      EXPECT_EQ(session_.output().substr(0, end), text);
      session_.output().erase(0, end + 2);
    } else if (key == "R:") {
      ASSERT_FALSE(requests_.empty()) << "no request; expected: " << text;
      EXPECT_EQ(requests_.front(), text);
      requests_.pop_front();
    } else if (key == "X:") {
      session_.close(reply_of(text));
      drain();
    } else {
      ASSERT_EQ(key.front(), 'A') << "unknown step";
      const std::size_t index = key[1] == ':' ? 0 : static_cast<std::size_t>(key[1] - '0');
      ASSERT_LT(index, tickets_.size());
      const Ticket ticket = tickets_[index];
      tickets_.erase(tickets_.begin() + static_cast<std::ptrdiff_t>(index));
      session_.reply(ticket, reply_of(text));
      drain();
    }
  }

  void feed() {
    std::string segment;
    segment.swap(segment_);
    if (!bytewise_ && !segment.empty()) {
      session_.receive(segment);
      drain();
    }
    if (!bytewise_) return;
    for (const char c : segment) {
      session_.receive({&c, 1});
      drain();
    }
  }

  void drain() {
    while (auto request = session_.next())
      std::visit([this](const auto& r) { note(r); }, *request);
  }

  void note(const MailRequest& r) {
    tickets_.push_back(r.ticket);
    requests_.push_back("MAIL " + with_parameters(r.command) + " of " + r.helo + (r.lmtp ? " by LMTP" : ""));
  }
  void note(const RcptRequest& r) {
    tickets_.push_back(r.ticket);
    requests_.push_back("RCPT " + with_parameters(r.command));
  }
  void note(const DataRequest& r) {
    tickets_.push_back(r.ticket);
    requests_.emplace_back("DATA");
  }
  void note(const ContentPiece& r) {
    if (!requests_.empty() && requests_.back().starts_with("CONTENT "))
      requests_.back() += shown(r.bytes);
    else
      requests_.push_back("CONTENT " + shown(r.bytes));
  }
  void note(const ContentEnd& r) {
    tickets_.insert(tickets_.end(), r.tickets.begin(), r.tickets.end());
    const std::string verdicts = r.tickets.size() == 1 ? "" : ' ' + std::to_string(r.tickets.size());
    requests_.push_back("END" + verdicts + (r.bare_line_end ? " bare" : ""));
  }
  void note(const Abandoned&) { requests_.emplace_back("ABANDONED"); }
  void note(const Finished&) { requests_.emplace_back("FINISHED"); }

  ServerSession session_;
  bool bytewise_;
  std::string segment_;
  std::deque<Ticket> tickets_;
  std::deque<std::string> requests_;
};

}  // namespace

void play_server(const std::vector<std::string>& steps, const ServerOptions& options) {
  play_server_in_segments(steps, options);
  SCOPED_TRACE("byte by byte");
  Player(options, true).play(steps);
}

void play_server_in_segments(const std::vector<std::string>& steps, const ServerOptions& options) {
  SCOPED_TRACE("in segments");
  Player(options, false).play(steps);
}

ServerOptions test_options() {
  ServerOptions options;
  options.name = "birl.tsmtp";
  options.offered = {
      .pipelining = true, .eight_bit_mime = true, .dsn = true, .enhanced_status_codes = true, .size = 1000};
  return options;
}

ServerOptions test_options_with_chunking() {
  ServerOptions options = test_options();
  options.offered.chunking = options.offered.smtputf8 = true;
  return options;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    switch (text[++i]) {
      case 'r':
        out.push_back('\r');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case '0':
        out.push_back('\0');
        break;
      default:
        out.push_back(text[i]);
    }
  }
  return out;
}

Reply reply_of(std::string_view line) {
  Reply reply{0, {std::string(line.substr(4))}};
  for (const char c : line.substr(0, 3))
    reply.code = reply.code * 10 + (c - '0');
  return reply;
}

}  // namespace tsmtp::smtp::test
