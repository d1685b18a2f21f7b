// A storm of reloads under traffic: sites are added, removed and changed, their MTA closes
// connections, paths are cut and a relayd is killed, all at random. Whatever an asynchronous handler still
// held of what a reload took away is found here, under ASan above all. Every reply comes within a bound, no
// relayd ends by itself, and every mail arrives once.
//
// TSMTP_STORM_SEED repeats a storm, as far as the machine's timing lets it.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

constexpr int kClients = 6;
constexpr int kReloads = 120;
constexpr std::chrono::seconds kReplyBound{120};

class ReloadStorm : public TwoHubs {
 protected:
  [[nodiscard]] int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(generator_); }

  [[nodiscard]] SiteEntry birl_site() const {
    return {.name = "birl",
            .pin = birl.pin(),
            .dial = {"127.0.0.1:" + std::to_string(proxy_port)},
            .address = endpoint_address(),
            .port = endpoint_port,
            .deliver = tokyo_mta_port,
            .more = {}};
  }
  [[nodiscard]] SiteEntry tokyo_site() const {
    return {.name = "tokyo",
            .pin = tokyo.pin(),
            .dial = {},
            .address = "127.9.8.7",
            .port = far_endpoint_port_,
            .deliver = birl_mta_port,
            .more = {}};
  }

  /// One change of a site, of all that a reload can do to it.
  void change(SiteEntry& site, std::vector<SiteEntry>& sites) {
    switch (below(9)) {
      case 0:
        site.pin = nobodys_pin();
        break;
      case 1:
        sites.clear();  // the site goes
        return;
      case 2:
        site.more = "resume_window = \"2s\"\npeer_timeout = \"3s\"\n";
        break;
      case 3:
        site.more = "mta_idle_time = \"1s\"\nmta_idle_connections = 1\nmta_connections = 2\n";
        break;
      case 4:
        site.more = "connections = 3\ncompress = true\n";
        break;
      case 5:
        site.port = other_port_;
        break;
      case 6:
        site.more = "early_reply = false\nmax_sessions = 3\n";
        break;
      case 7:
        if (!site.dial.empty()) site.dial = {"127.0.0.1:" + std::to_string(link_port)};
        break;
      default:
        break;  // as it was
    }
    sites = {site};
  }

  void reload(Hub& hub, SiteEntry site) {
    std::vector<SiteEntry> sites;
    change(site, sites);
    hub.configure(sites);
    const Finished done = hub.relayctl({"reload"});
    EXPECT_EQ(done.status, 0) << done.output;
  }

  void restore() {
    tokyo.configure({birl_site()});
    birl.configure({tokyo_site()});
    EXPECT_EQ(tokyo.relayctl({"reload"}).status, 0);
    EXPECT_EQ(birl.relayctl({"reload"}).status, 0);
  }

  void disturb() {
    switch (below(6)) {
      case 0:
        path.cut();
        break;
      case 1:
        birl.kill();
        birl.start();
        break;
      default:
        break;
    }
  }

  std::uint64_t seed_ = [] {
    const char* const given = std::getenv("TSMTP_STORM_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  }();
  std::mt19937_64 generator_{seed_};
  std::uint16_t other_port_ = free_port();
  std::uint16_t far_endpoint_port_ = free_port();
};

/// Tries one mail after the other, each until it is accepted, as an MTA's queue does.
class Queue {
 public:
  Queue(std::string address, std::uint16_t port, std::string name)
      : address_(std::move(address)), port_(port), name_(std::move(name)) {}

  void run(const std::atomic<bool>& ends) {
    while (!ends && problem_.empty()) {
      const std::string token = name_ + '.' + std::to_string(accepted_);
      while (problem_.empty() &&
             !attempt("Token: " + token + "\r\n\r\n" + std::string(accepted_ % 7 * 3000, 'x') + "\r\n")) {
        if (ends && ++last_tries_ > kMostLastTries)
          problem_ = token + " is not accepted in the end: " + last_;
        std::this_thread::yield();
      }
      if (problem_.empty()) ++accepted_;
    }
  }
  [[nodiscard]] std::size_t accepted() const { return accepted_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  static constexpr int kMostLastTries = 20'000;

  bool attempt(const std::string& content) {
    try {
      Connection connection(address_, port_);
      for (const std::string& command :
           {std::string(), std::string("EHLO mx.tokyo.example\r\n"),
            std::string("MAIL FROM:<a@tokyo.example>\r\n"), std::string("RCPT TO:<b@birl.example>\r\n"),
            std::string("DATA\r\n")}) {
        connection.send(command);
        last_ = reply(connection);
        if (!last_.starts_with('2') && !last_.starts_with("354")) return false;
      }
      connection.send(content + ".\r\n");
      last_ = reply(connection);
      return last_.starts_with("250");
    } catch (const std::exception& refused) {
      last_ = refused.what();  // no endpoint just now
      return false;
    }
  }

  std::string reply(Connection& connection) {
    const auto begun = std::chrono::steady_clock::now();
    std::string all;
    for (;;) {
      const auto asked = std::chrono::steady_clock::now();
      const auto line = connection.line();
      const auto now = std::chrono::steady_clock::now();
      if (line) {
        all += *line;
        if (line->size() > 3 && (*line)[3] != '-') return all;
      } else if (now - asked < std::chrono::seconds(15)) {
        return {};  // closed
      } else if (now - begun > kReplyBound) {
        problem_ = "no reply within two minutes; there is \"" + all + '"';
        return {};
      }
    }
  }

  std::string address_;
  std::uint16_t port_;
  std::string name_;
  std::size_t accepted_ = 0;
  int last_tries_ = 0;
  std::string last_, problem_;
};

TEST_F(ReloadStorm, UnderTrafficLosesAndDoublesNothing) {
  SCOPED_TRACE("TSMTP_STORM_SEED=" + std::to_string(seed_));
  restore();
  struct MtaDice {
    std::mutex mutex;
    std::mt19937_64 generator;
  };
  const auto dice = std::make_shared<MtaDice>();  // the MTA may ask it longer than this function lasts
  dice->generator.seed(seed_ + 1);
  birl_mta.set_script([dice](const std::string& command) -> std::string {
    const std::lock_guard lock(dice->mutex);
    if (command == "." || dice->generator() % 20 != 0) return {};
    return dice->generator() % 2 == 0 ? "421 4.3.2 going down\r\n" : "drop";
  });
  std::atomic<bool> ends{false};
  std::vector<std::unique_ptr<Queue>> queues;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    queues.push_back(std::make_unique<Queue>(endpoint_address(), endpoint_port, 'q' + std::to_string(i)));
    threads.emplace_back([queue = queues.back().get(), &ends] { queue->run(ends); });
  }
  for (int i = 0; i < kReloads && tokyo.process().running() && birl.process().running(); ++i) {
    if (below(2) == 0)
      reload(tokyo, birl_site());
    else
      reload(birl, tokyo_site());
    disturb();
    if (below(3) == 0) restore();
  }
  restore();
  const std::size_t before = birl_mta.count();
  EXPECT_TRUE(wait_until([&] { return birl_mta.count() > before; }, kReplyBound))
      << "no mail comes through after the storm";
  ends = true;
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_TRUE(tokyo.process().running());
  EXPECT_TRUE(birl.process().running());
  std::map<std::string, int> times;
  for (const Delivered& mail : birl_mta.delivered())
    ++times[mail.content.substr(7, mail.content.find("\r\n") - 7)];
  std::size_t accepted = 0;
  for (const auto& queue : queues) {
    EXPECT_EQ(queue->problem(), "");
    accepted += queue->accepted();
    for (std::size_t i = 0; i < queue->accepted(); ++i) {
      const std::string token = queue->name() + '.' + std::to_string(i);
      EXPECT_EQ(times[token], 1) << token;
    }
  }
  std::cout << "seed " << seed_ << ": " << kReloads << " reloads, " << accepted << " mails\n";
  EXPECT_GT(accepted, 20U);
}

}  // namespace
}  // namespace tsmtp::support
