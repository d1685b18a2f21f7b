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

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kClients = 24;
constexpr int kMailsOfEach = 60;
constexpr int kTries = 8;
constexpr std::chrono::seconds kReplyBound{120};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : generator_(seed) {}
  [[nodiscard]] int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(generator_); }
  [[nodiscard]] bool one_in(int n) { return below(n) == 0; }

 private:
  std::mt19937_64 generator_;
};

/// Sends in random pieces, so that no end of a line is the end of a segment for long.
void send_in_pieces(Connection& connection, std::string_view bytes, Dice& dice) {
  while (!bytes.empty()) {
    const std::size_t size = dice.one_in(3)
                                 ? bytes.size()
                                 : 1 + static_cast<std::size_t>(dice.below(static_cast<int>(bytes.size())));
    if (!connection.send(bytes.substr(0, size))) return;
    bytes.remove_prefix(size);
  }
}

/// What it took, by token and recipient. It never takes a mail of which it does not say so: that would be RFC
/// 1047's window.
class StormMta {
 public:
  StormMta(std::uint16_t port, std::uint64_t seed)
      : seed_(seed), listener_(listen_on(port)), acceptor_([this] { accept_loop(); }) {}
  ~StormMta() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_)
        shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& session : sessions_)
      session.join();
  }
  StormMta(const StormMta&) = delete;
  StormMta& operator=(const StormMta&) = delete;

  [[nodiscard]] int times(const std::string& token, const std::string& recipient) const {
    const std::lock_guard lock(mutex_);
    const auto found = taken_.find({token, recipient});
    return found == taken_.end() ? 0 : found->second;
  }

 private:
  struct Mail {
    std::vector<std::string> recipients;
    std::string token;
  };

  void accept_loop() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      open_.insert(fd);
      const std::uint64_t seed = seed_ + ++served_;
      sessions_.emplace_back([this, fd, seed] {
        Dice dice(seed);
        {
          Connection connection(dup(fd));
          serve(connection, dice);
        }
        const std::lock_guard gone(mutex_);
        open_.erase(fd);
        close(fd);
      });
    }
  }

  /// Says one of what an MTA may say, and whether that was `usual`. Nothing usual may follow a 421.
  bool say(Connection& connection, Dice& dice, const std::string& usual, int seldom, bool& ends) {
    if (!dice.one_in(seldom)) {
      send_in_pieces(connection, usual, dice);
      return true;
    }
    static const std::vector<std::string> kUnusual{"451 4.3.0 not now\r\n",
                                                   "550 5.1.1 no\r\n",
                                                   "421 4.3.2 going down\r\n",
                                                   "452-4.2.2 a reply\r\n452 4.2.2 of two lines\r\n",
                                                   "",
                                                   "500 5.5.1 what?\r\n"};
    const std::string& said =
        kUnusual[static_cast<std::size_t>(dice.below(static_cast<int>(kUnusual.size())))];
    send_in_pieces(connection, said, dice);
    ends = said.empty() || said.starts_with("421");
    return false;
  }

  void serve(Connection& connection, Dice& dice) {
    bool ends = false;
    if (!say(connection, dice, "220 storm.mta ESMTP\r\n", 60, ends)) return;
    Mail mail;
    while (!ends) {
      const auto line = connection.line();
      if (!line) return;
      if (line->starts_with("EHLO"))
        send_in_pieces(connection, "250-storm.mta\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0\r\n", dice);
      else if (line->starts_with("MAIL"))
        mail = {}, (void)say(connection, dice, "250 2.1.0 ok\r\n", 25, ends);
      else if (line->starts_with("RCPT")) {
        if (say(connection, dice, "250 2.1.5 ok\r\n", 7, ends))
          mail.recipients.push_back(line->substr(9, line->find('>') - 9));
      } else if (line->starts_with("DATA"))
        ends = !take_content(connection, dice, mail);
      else if (line->starts_with("QUIT"))
        return (void)connection.send("221 2.0.0 bye\r\n");
      else
        send_in_pieces(connection, "250 2.0.0 ok\r\n", dice);
    }
  }

  /// False when it closes the connection.
  bool take_content(Connection& connection, Dice& dice, const Mail& envelope) {
    bool ends = false;
    if (envelope.recipients.empty()) return connection.send("503 5.5.1 nobody to deliver to\r\n");
    if (dice.one_in(40)) {  // takes it back in the same segment
      (void)connection.send(dice.one_in(2) ? "354 go on\r\n421 4.3.2 going down\r\n"
                                           : "354 go on\r\n452 4.3.1 no, do not\r\n");
      return false;
    }
    if (!say(connection, dice, "354 go on\r\n", 25, ends)) return !ends;
    std::string token;
    for (;;) {
      const auto line = connection.line();
      if (!line) return false;
      if (line->starts_with("Token: ")) token = line->substr(7, line->size() - 9);
      if (*line == ".\r\n") break;
    }
    if (dice.one_in(12)) {
      (void)say(connection, dice, "451 4.3.0 not now\r\n", 2, ends);
      return !ends;
    }
    {
      const std::lock_guard lock(mutex_);
      for (const std::string& recipient : envelope.recipients)
        ++taken_[{token, recipient}];
    }
    send_in_pieces(connection, "250 2.0.0 taken\r\n", dice);
    if (!dice.one_in(50)) return true;
    if (dice.one_in(2)) (void)connection.send("421 4.3.2 idle too long\r\n");
    return false;
  }

  std::uint64_t seed_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, int> taken_;
  std::set<int> open_;
  std::uint64_t served_ = 0;
  std::vector<std::thread> sessions_;
  int listener_;
  std::thread acceptor_;
};

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
  // What is still in doubt, nobody tries again. It goes by itself once the link has been up anew.
  path.cut();
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl").value("in_doubt", 1) == 0; },
                         std::chrono::seconds(60)))
      << tokyo.site_status("birl").dump();
  std::cout << "seed " << seed_ << ": " << taken << " deliveries accepted\n";
  EXPECT_GT(taken, std::size_t{kClients} * kMailsOfEach / 2)
      << "too little came through for this to mean anything";
}

}  // namespace
}  // namespace tsmtp::support
