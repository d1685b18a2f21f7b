// Upgrades under load, one after the other, of both hubs: nobody is refused or put off, nothing is lost or
// comes twice, and nobody waits long.
//
// TSMTP_UPGRADES says how many.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>

#include "tests/support/two_hubs.h"
#include "tests/support/upgraded_hub.h"

namespace tsmtp::support {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

int wanted_upgrades() {
  const char* const given = std::getenv("TSMTP_UPGRADES");
  return given == nullptr ? 6 : std::atoi(given);
}

/// What the clients of one direction have met.
class Met {
 public:
  void problem(const std::string& text) {
    const std::lock_guard lock(mutex_);
    problems_.push_back(text);
  }
  void took(milliseconds time) {
    const std::lock_guard lock(mutex_);
    times_.push_back(time);
  }
  void delivered(const std::string& client) {
    const std::lock_guard lock(mutex_);
    ++mails_[client];
  }
  [[nodiscard]] std::map<std::string, int> mails() const {
    const std::lock_guard lock(mutex_);
    return mails_;
  }
  [[nodiscard]] std::vector<std::string> problems() const { return problems_; }
  [[nodiscard]] milliseconds part(double which) {
    std::sort(times_.begin(), times_.end());
    return times_.empty() ? milliseconds(0)
                          : times_[static_cast<std::size_t>(static_cast<double>(times_.size() - 1) * which)];
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> problems_;
  std::vector<milliseconds> times_;
  std::map<std::string, int> mails_;  // by client
};

class UpgradeStorm : public TwoHubs {
 protected:
  void SetUp() override {
    const ServiceManager manager(tokyo.file("notify"));
    TwoHubs::SetUp();
  }
  void expect_that_nobody_notices();
  void TearDown() override {
    end_serving(tokyo);
    end_serving(birl);
    TwoHubs::TearDown();
  }
  /// Mails one after the other, some in one session, until it is told to stop. The first client keeps its
  /// session for good. Returns their tokens.
  std::vector<std::string> send_on(const std::string& address, const std::string& from, const std::string& to,
                                   const std::string& name, Met& met) {
    std::vector<std::string> sent;
    const bool keeps_session = name.ends_with('0');
    for (int session = 0; !stop_; ++session) {
      auto begun = Clock::now();
      const auto step = [&](const std::string& what, const std::string& reply, char wanted) {
        const auto now = Clock::now();
        met.took(std::chrono::duration_cast<milliseconds>(now - begun));
        begun = now;
        if (!reply.empty() && reply[0] == wanted) return true;
        met.problem(name + '.' + std::to_string(session) + ' ' + what + ": " + reply);
        return false;
      };
      try {
        Connection connection(address, endpoint_port);
        if (!step("greeting", connection.reply(), '2') || !step("EHLO", connection.command("EHLO mx"), '2'))
          continue;
        for (int mail = 0; keeps_session ? !stop_ : mail <= session % 3; ++mail) {
          const std::string token = name + '.' + std::to_string(session) + '.' + std::to_string(mail);
          if (!step("MAIL", connection.command("MAIL FROM:<a@" + from + ">"), '2') ||
              !step("RCPT", connection.command("RCPT TO:<b@" + to + ">"), '2') ||
              !step("DATA", connection.command("DATA"), '3'))
            break;
          const std::string content(session % 5 == 0 ? 100'000 : 200, 'x');
          connection.send("Subject: " + token + "\r\n\r\n" + content.substr(0, 900) + "\r\n");
          for (std::size_t i = 900; i < content.size(); i += 900)
            connection.send(content.substr(i, 900) + "\r\n");
          if (!step("end of content", connection.command("."), '2')) break;
          sent.push_back(token);
          met.delivered(name);
        }
        (void)connection.command("QUIT");
      } catch (const std::exception& refused) {
        met.problem(name + ": " + refused.what());
      }
    }
    return sent;
  }

  std::atomic<bool> stop_ = false;
};

std::map<std::string, int> tokens_at(const FakeMta& mta) {
  std::map<std::string, int> counts;
  for (const Delivered& mail : mta.delivered()) {
    const std::size_t begin = mail.content.find("Subject: ") + 9;
    ++counts[mail.content.substr(begin, mail.content.find('\r', begin) - begin)];
  }
  return counts;
}

TEST_F(UpgradeStorm, NobodyNotices) {
  expect_that_nobody_notices();
}

// The process that a supervisor has started stays, whatever number of others take over.
class UpgradeStormUnderASupervisor : public UpgradeStorm {
 protected:
  void SetUp() override { TwoHubs::SetUp(); }
};

TEST_F(UpgradeStormUnderASupervisor, NobodyNotices) {
  expect_that_nobody_notices();
}

void UpgradeStorm::expect_that_nobody_notices() {
  constexpr int kClients = 4;
  Met met;
  std::vector<std::vector<std::string>> sent(2 * kClients);
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      sent[static_cast<std::size_t>(i)] =
          send_on(endpoint_address(), "tokyo.example", "birl.example", "t" + std::to_string(i), met);
    });
    clients.emplace_back([&, i] {
      sent[static_cast<std::size_t>(kClients + i)] =
          send_on(far_endpoint_address(), "birl.example", "tokyo.example", "b" + std::to_string(i), met);
    });
  }
  int upgrades = 0;
  std::vector<milliseconds> took;
  for (const int wanted = wanted_upgrades(); upgrades < wanted; ++upgrades) {
    Hub& hub = upgrades % 2 == 0 ? tokyo : birl;
    Finished done{};
    auto begun = Clock::now();
    const bool is_done = wait_until([&] {  // the one before the last may have something to end
      begun = Clock::now();
      done = hub.relayctl({"upgrade"});
      return done.status == 0;
    });
    took.push_back(std::chrono::duration_cast<milliseconds>(Clock::now() - begun));
    if (!is_done) {
      ADD_FAILURE() << done.output;
      break;
    }
  }
  const auto before = met.mails();
  EXPECT_TRUE(wait_until([&] {  // of two more mails of each, the second was begun after the last upgrade
    const auto mails = met.mails();
    return mails.size() == clients.size() && std::all_of(mails.begin(), mails.end(), [&](const auto& one) {
             const auto then = before.find(one.first);
             return one.second >= 2 + (then == before.end() ? 0 : then->second);
           });
  }));
  stop_ = true;
  for (std::thread& client : clients)
    client.join();
  std::sort(took.begin(), took.end());
  std::size_t mails = 0;
  for (const auto& each : sent)
    mails += each.size();
  std::cout << upgrades << " upgrades, longest " << (took.empty() ? 0 : took.back().count()) << " ms; "
            << mails << " mails; a client's wait: p99 " << met.part(0.99).count() << " ms, longest "
            << met.part(1).count() << " ms\n";
  EXPECT_THAT(met.problems(), ::testing::IsEmpty());
  const auto at_birl = tokens_at(birl_mta), at_tokyo = tokens_at(tokyo_mta);
  for (std::size_t i = 0; i < sent.size(); ++i)
    for (const std::string& token : sent[i]) {
      const auto& there = i < kClients ? at_birl : at_tokyo;
      const auto found = there.find(token);
      EXPECT_EQ(found == there.end() ? 0 : found->second, 1) << token;
    }
}

// Programs that fail, and processes that are killed in the midst: then mails may be put off, but nothing is
// lost, nothing comes twice, and a relayd serves.
class UpgradeKills : public UpgradeStorm {
 protected:
  void SetUp() override {
    configure("", "log = \"stderr\"");
    birl.start();
    begin();
    ASSERT_TRUE(link_is_up());
  }
  /// In the background, where nobody starts it again.
  void begin() {
    tokyo.launch({});
    EXPECT_EQ(tokyo.process().wait(), 0) << tokyo.log();
  }
  std::vector<std::string> insist(const std::string& address, const std::string& from, const std::string& to,
                                  const std::string& name) {
    std::vector<std::string> sent;
    for (int mail = 0; !stop_; ++mail) {
      const std::string token = name + '.' + std::to_string(mail);
      const bool is_taken = wait_until([&] {
        try {
          Connection connection(address, endpoint_port);
          return connection.reply().starts_with("2") && connection.command("EHLO mx").starts_with("2") &&
                 send_mail(connection, "Subject: " + token + "\r\n\r\n", "a@" + from, "b@" + to)
                     .starts_with("2");
        } catch (const std::exception&) {
          return false;  // refused
        }
      });
      EXPECT_TRUE(is_taken) << token;
      sent.push_back(token);
    }
    return sent;
  }
};

TEST_F(UpgradeKills, NothingIsLostAndNothingComesTwice) {
  constexpr int kClients = 3;
  const auto slow = [](const std::string& command) {
    if (command == ".") std::this_thread::sleep_for(milliseconds(5));
    return std::string();
  };
  birl_mta.set_script(slow);
  tokyo_mta.set_script(slow);
  std::vector<std::vector<std::string>> sent(2 * kClients);
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      sent[i] = insist(endpoint_address(), "tokyo.example", "birl.example", "t" + std::to_string(i));
    });
    clients.emplace_back([&, i] {
      sent[kClients + i] =
          insist(far_endpoint_address(), "birl.example", "tokyo.example", "b" + std::to_string(i));
    });
  }
  std::map<std::string, int> done;
  for (int i = 0; i < 2 * wanted_upgrades(); ++i) {
    const std::string good = read_file(tokyo.config());
    const pid_t before = serving_process(tokyo);
    if (i % 4 == 0) {  // it fails by itself
      write_file(tokyo.config(), good + "nonsense = 1\n");
      EXPECT_NE(tokyo.relayctl({"upgrade"}).status, 0);
      write_file(tokyo.config(), good);
      EXPECT_EQ(serving_process(tokyo), before);
      continue;
    }
    std::thread asking([&] { (void)tokyo.relayctl({"upgrade"}); });
    if (i % 4 == 1) {  // the new one is killed, at whatever step
      pid_t successor = 0;
      (void)wait_until([&] { return (successor = successor_of(tokyo)) > before; }, milliseconds(500));
      std::this_thread::sleep_for(milliseconds(3 * i % 60));
      if (successor > before) kill(successor, SIGKILL);
      ++done["new"];
      asking.join();
    } else if (i % 4 == 2) {  // the old one, when it has handed over
      asking.join();
      if (serving_process(tokyo) != before) kill(before, SIGKILL);
      ++done["old"];
    } else {  // the new one, when it has taken over
      asking.join();
      const pid_t after = serving_process(tokyo);
      if (after != before) kill(after, SIGKILL);
      ++done["serving"];
    }
    if (!wait_until([&] { return serving_process(tokyo) != 0; }, std::chrono::seconds(2))) {
      EXPECT_TRUE(!is_there(before)) << "it is there, and does not serve";
      begin();  // both are gone
      ++done["started"];
    }
    EXPECT_TRUE(wait_until([&] { return serving_process(tokyo) != 0; }));
  }
  EXPECT_TRUE(wait_until([&] { return link_is_up(); }));
  stop_ = true;
  for (std::thread& client : clients)
    client.join();
  for (const auto& [what, times] : done)
    std::cout << what << ": " << times << '\n';
  const auto at_birl = tokens_at(birl_mta), at_tokyo = tokens_at(tokyo_mta);
  for (std::size_t i = 0; i < sent.size(); ++i)
    for (const std::string& token : sent[i]) {
      const auto& there = i < kClients ? at_birl : at_tokyo;
      const auto found = there.find(token);
      EXPECT_EQ(found == there.end() ? 0 : found->second, 1) << token;
    }
}

}  // namespace
}  // namespace tsmtp::support
