// A storm: clients of random small dialogues, in SMTP and LMTP, over TCP and a unix socket, in random
// segments, before an MTA that says anything at any time. Scripts test what somebody thought of; this finds
// the rest. Every reply comes within a bound, no relayd ends, and every mail is counted: what was accepted
// has arrived once, nothing has twice.
//
// TSMTP_STORM_SEED repeats a storm, as far as the machine's timing lets it; the seed is printed with each
// failure.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "tests/integration/storm_mta.h"

namespace tsmtp::support {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kClients = 24;
constexpr int kMailsOfEach = 60;
constexpr int kTries = 8;
constexpr std::chrono::seconds kReplyBound{120};

enum class Outcome { kTaken, kRefused, kPutOff, kUnknown };

class Storm : public TwoHubs {
 protected:
  void SetUp() override {
    if (const char* const given = std::getenv("TSMTP_STORM_SEED")) seed_ = std::strtoull(given, nullptr, 10);
    birl_mta_port = free_port();
    mta_ = std::make_unique<StormMta>(birl_mta_port, seed_);
    start("endpoint = [\"" + endpoint_address() + ':' + std::to_string(endpoint_port) +
          "\", \"unix:" + socket() + "\"]");
  }
  [[nodiscard]] std::string socket() const { return tokyo.file("birl.sock"); }

  std::uint64_t seed_ = std::random_device()();
  std::unique_ptr<StormMta> mta_;
};

/// One client: mails one after the other, each tried until it is settled or it is tired of it.
class Client {
 public:
  struct Where {
    std::string address;
    std::uint16_t port;
    std::string socket;
  };
  Client(Where where, std::uint64_t seed, std::string name)
      : where_(std::move(where)), dice_(seed), name_(std::move(name)) {}

  void run(int mails) {
    for (int i = 0; i < mails && problem_.empty(); ++i)
      deliver(name_ + '.' + std::to_string(i));
  }

  struct Fate {
    std::string token, recipient;
    Outcome outcome;
  };
  [[nodiscard]] const std::vector<Fate>& fates() const { return fates_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void deliver(const std::string& token) {
    std::map<std::string, Outcome> left;
    const bool is_lmtp = dice_.one_in(2);
    for (int i = 1 + dice_.below(4); i > 0; --i)
      left['r' + std::to_string(i) + "@birl.example"] = Outcome::kPutOff;
    for (int tries = 0; tries < kTries && !left.empty() && problem_.empty(); ++tries) {
      attempt(token, left, is_lmtp);
      // The same set again while it is in doubt, as an MTA does; else those that were put off.
      const bool in_doubt = std::any_of(left.begin(), left.end(),
                                        [](const auto& one) { return one.second == Outcome::kUnknown; });
      if (in_doubt) continue;
      for (auto one = left.begin(); one != left.end();) {
        const bool is_settled = one->second != Outcome::kPutOff;
        if (is_settled) fates_.push_back({token, one->first, one->second});
        one = is_settled ? left.erase(one) : std::next(one);
      }
    }
    for (const auto& [recipient, outcome] : left)
      fates_.push_back({token, recipient, Outcome::kUnknown});
  }

  void attempt(const std::string& token, std::map<std::string, Outcome>& recipients, bool is_lmtp) {
    Connection connection =
        dice_.one_in(2) ? Connection(where_.socket) : Connection(where_.address, where_.port);
    if (!reply(connection).starts_with("220") ||
        !command(connection, is_lmtp ? "LHLO mx" : "EHLO mx").starts_with("250"))
      return;
    while (dice_.one_in(3)) {
      static const std::vector<std::string> kNoise{
          "NOOP", "RSET", "VRFY anna", "BOGUS", "DATA", "RCPT TO:<x@birl.example>", "HELP"};
      if (command(connection, kNoise[static_cast<std::size_t>(dice_.below(static_cast<int>(kNoise.size())))])
              .empty())
        return;
    }
    if (dice_.one_in(15)) {  // begins a mail and thinks better of it
      if (command(connection, "MAIL FROM:<a@tokyo.example>").empty()) return;
      if (command(connection, "RCPT TO:<x@birl.example>").empty()) return;
      if (dice_.one_in(2) || command(connection, "RSET").empty()) return;
    }
    transact(connection, token, recipients, is_lmtp);
  }

  void transact(Connection& connection, const std::string& token, std::map<std::string, Outcome>& recipients,
                bool is_lmtp) {
    std::vector<std::string> commands{"MAIL FROM:<a@tokyo.example>"};
    for (const auto& [recipient, outcome] : recipients)
      commands.push_back("RCPT TO:<" + recipient + '>');
    commands.emplace_back("DATA");
    const bool pipelines = dice_.one_in(2);
    std::string all;
    for (const std::string& one : commands)
      all += one + "\r\n";
    if (pipelines) send_in_pieces(connection, all, dice_);
    std::vector<std::string> replies;
    for (const std::string& one : commands) {
      if (!pipelines) send_in_pieces(connection, one + "\r\n", dice_);
      replies.push_back(reply(connection));
      if (replies.back().empty()) return;  // nothing was committed: as if put off
      if (!pipelines && replies.size() == 1 && !replies[0].starts_with("250"))
        return settle_all(recipients, replies[0]);
    }
    const std::string& data = replies.back();
    std::vector<Outcome*> accepted;
    std::size_t i = 1;
    for (auto& [recipient, outcome] : recipients) {
      const std::string& said = replies[i++];
      outcome = outcome_of(said);
      if (outcome == Outcome::kTaken) accepted.push_back(&outcome);
    }
    if (!data.starts_with("354")) {
      for (Outcome* one : accepted)
        *one = outcome_of(data) == Outcome::kRefused && !replies[0].starts_with("250")
                   ? outcome_of(replies[0])
                   : outcome_of(data);
      return;
    }
    finish(connection, token, accepted, is_lmtp);
  }

  void finish(Connection& connection, const std::string& token, const std::vector<Outcome*>& accepted,
              bool is_lmtp) {
    for (Outcome* one : accepted)
      *one = Outcome::kPutOff;
    std::string content = "Token: " + token + "\r\n\r\n";
    content.append(static_cast<std::size_t>(dice_.one_in(8) ? dice_.below(100'000) : dice_.below(300)), 'x');
    content_.try_emplace(token, content);  // a retry is the same mail
    send_in_pieces(connection, content_[token] + "\r\n", dice_);
    if (dice_.one_in(25)) return;  // gone before the end of content
    for (Outcome* one : accepted)
      *one = Outcome::kUnknown;
    send_in_pieces(connection, ".\r\n", dice_);
    if (dice_.one_in(25)) return;  // gone before the reply
    if (!is_lmtp) {
      const std::string said = reply(connection);
      if (said.empty()) return;
      for (Outcome* one : accepted)
        *one = outcome_of(said);
      return;
    }
    for (Outcome* one : accepted) {
      const std::string said = reply(connection);
      if (said.empty()) return;
      *one = outcome_of(said);
    }
    if (!dice_.one_in(10)) (void)command(connection, "QUIT");
  }

  static Outcome outcome_of(const std::string& said) {
    if (said.starts_with('2')) return Outcome::kTaken;
    return said.starts_with('5') ? Outcome::kRefused : Outcome::kPutOff;
  }
  static void settle_all(std::map<std::string, Outcome>& recipients, const std::string& said) {
    for (auto& [recipient, outcome] : recipients)
      outcome = outcome_of(said);
  }

  std::string command(Connection& connection, const std::string& text) {
    send_in_pieces(connection, text + "\r\n", dice_);
    return reply(connection);
  }

  /// The reply; empty when the connection has ended. None within the bound is what this test is about.
  std::string reply(Connection& connection) {
    std::string all;
    const auto begun = Clock::now();
    for (;;) {
      const auto asked = Clock::now();
      const auto line = connection.line();
      if (line) {
        all += *line;
        if (line->size() > 3 && (*line)[3] != '-') return all;
        continue;
      }
      if (Clock::now() - asked < std::chrono::seconds(15)) return {};  // closed
      if (Clock::now() - begun < kReplyBound) continue;
      problem_ = "no reply to " + name_ + " within two minutes; it has \"" + all + '"';
      return {};
    }
  }

  Where where_;
  Dice dice_;
  std::string name_;
  std::map<std::string, std::string> content_;  // by token
  std::vector<Fate> fates_;
  std::string problem_;
};

TEST_F(Storm, OfClientsAndAnMtaThatSayAnythingAtAnyTime) {
  SCOPED_TRACE("TSMTP_STORM_SEED=" + std::to_string(seed_));
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(Client::Where{endpoint_address(), endpoint_port, socket()},
                                               seed_ + 1'000'000 + static_cast<std::uint64_t>(i),
                                               'c' + std::to_string(i)));
    threads.emplace_back([client = clients.back().get()] { client->run(kMailsOfEach); });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_TRUE(tokyo.process().running());
  EXPECT_TRUE(birl.process().running());
  std::size_t taken = 0;
  for (const auto& client : clients) {
    EXPECT_EQ(client->problem(), "");
    for (const auto& [token, recipient, outcome] : client->fates()) {
      const int times = mta_->times(token, recipient);
      EXPECT_LE(times, 1) << token << " to " << recipient << " came twice";
      if (outcome == Outcome::kTaken) {
        ++taken;
        EXPECT_EQ(times, 1) << token << " to " << recipient << " was accepted and is lost";
      }
      if (outcome == Outcome::kRefused) {
        EXPECT_EQ(times, 0) << token << " to " << recipient << " was refused, and has arrived";
      }
    }
  }
  // What is still in doubt, nobody tries again. It goes by itself: the far hub is asked at once where the
  // session is a new one, and about what is older than a minute where it was resumed.
  path.cut();
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl").value("in_doubt", 1) == 0; },
                         std::chrono::seconds(150)))
      << tokyo.site_status("birl").dump();
  std::cout << "seed " << seed_ << ": " << taken << " deliveries accepted\n";
  EXPECT_GT(taken, std::size_t{kClients} * kMailsOfEach / 2)
      << "too little came through for this to mean anything";
}

}  // namespace
}  // namespace tsmtp::support
