// A hub whose processes are stacks of net/ in the test's own, on an event loop with a thread: so a test says
// when one takes the place of another, which is otherwise relayd's own affair. Its processes have one key,
// one ledger and one address where links are dialled; endpoints of their own.
#pragma once

#include <atomic>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "relayd/net/io/event_loop.h"
#include "relayd/net/link/link_listener.h"
#include "relayd/net/site.h"
#include "relayd/net/tls/hmac_digest.h"
#include "relayd/net/tls/key_crypto.h"
#include "tests/support/connection.h"
#include "tests/support/fake_mta.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/net/tls_pair.h"

namespace tsmtp::support {

/// A thread with an event loop.
class LoopThread {
 public:
  LoopThread() : thread_([this] { io_.run(); }) {}
  ~LoopThread() { stop(); }
  void stop() {
    guard_.reset();
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] boost::asio::any_io_executor executor() { return io_.get_executor(); }
  /// What it gives, in the loop.
  template <typename What>
  auto in_loop(What what) {
    std::packaged_task<decltype(what())()> task(std::move(what));
    auto result = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return result.get();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_ = make_work_guard(io_);
  std::thread thread_;
};

class HubOfProcesses {
 public:
  /// What is asked of its site at the other hub.
  struct Plan {
    std::string site;
    std::string pin;
    std::vector<std::uint16_t> dial;  ///< ports of loopback
    std::size_t connections = 1;
    bool has_absent_hub = false;  ///< the site has another, which is never there
    std::chrono::seconds resume_window{60};
  };

  class Worker {
   public:
    Worker(HubOfProcesses& hub, std::string instance, std::string predecessor);

    net::SharedBySites shared;
    std::unique_ptr<net::Site> site;
    const std::uint16_t port = free_port();  ///< of its endpoint
    std::atomic<int> clients{0};             ///< of the test's, which are or will be connected

   private:
    net::SharedByForwards forwards_;
    net::HeldEndpoints held_;
  };

  HubOfProcesses(LoopThread& loop, std::string name);
  ~HubOfProcesses();
  HubOfProcesses(const HubOfProcesses&) = delete;
  HubOfProcesses& operator=(const HubOfProcesses&) = delete;

  [[nodiscard]] const std::string& pin() const { return end_.pin(); }
  [[nodiscard]] std::uint16_t link_port() const { return link_port_; }

  /// The first process.
  void start(Plan plan);
  /// Another takes the place of the present one: where links are dialled it listens, and the far hub is told.
  void succeed();
  [[nodiscard]] Worker& present();
  /// That before it; null if it has ended.
  [[nodiscard]] Worker* earlier();
  /// That before it ends, by a goodbye, and the present one says so.
  void end_earlier();
  /// Clients come to the present one from now on.
  void take_clients();
  /// The one that they come to; each says by `clients` when it has gone.
  [[nodiscard]] std::shared_ptr<Worker> for_client();

  [[nodiscard]] bool is_in_touch();
  /// That of the other hub's process before.
  [[nodiscard]] std::optional<std::size_t> leaving_streams();
  [[nodiscard]] std::size_t in_flight(Worker& worker);
  [[nodiscard]] std::uint64_t delivered_by(Worker& worker, mail::Direction direction);
  [[nodiscard]] std::size_t in_doubt();
  [[nodiscard]] std::string log() const;

  const std::uint16_t mta_port = free_port();
  FakeMta mta{mta_port};

 private:
  class Log : public base::Logger {
   public:
    explicit Log(std::string hub) : hub_(std::move(hub)) {}
    void log(base::LogLevel, std::string_view text) override;
    [[nodiscard]] std::string text() const;

   private:
    std::string hub_;
    mutable std::mutex mutex_;
    std::string text_;
  };

  void turn();
  [[nodiscard]] std::string next_instance();
  [[nodiscard]] settings::Site settings_of(const Worker& worker) const;

  LoopThread& loop_;
  std::string name_;
  Log log_;
  net::TlsEnd end_;
  TemporaryDirectory directory_;
  std::unique_ptr<net::TransactionLedger> ledger_;
  std::unique_ptr<net::HmacDigestMaker> digests_;
  net::KeyBook keys_;
  net::KeyCrypto crypto_;
  net::MtaNeighbours neighbours_;
  net::AdmissionControl admission_;
  std::shared_ptr<net::LinkListener> listener_;
  std::uint16_t link_port_ = 0;
  Plan plan_;
  std::mutex mutex_;  // of those that follow
  std::shared_ptr<Worker> present_, earlier_, serving_;
  std::vector<std::shared_ptr<Worker>> gone_;  // what their last handlers may touch
  int processes_ = 0;
};

}  // namespace tsmtp::support
