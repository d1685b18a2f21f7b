// A TCP connection's path that a test can cut: accepts on a port of its own and passes bytes on to another.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace tsmtp::support {

class TcpProxy {
 public:
  TcpProxy(std::uint16_t port, std::uint16_t target);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  /// Breaks every connection that is open now.
  void cut();
  /// Breaks the one that was made last.
  void cut_one();
  /// While set, new connections lead nowhere: they are made, and nothing answers on them.
  std::atomic<bool> leading_nowhere{false};
  /// While set, bytes towards the target are held back: the far side hears nothing more.
  std::atomic<bool> holding{false};
  /// How many connections have such bytes.
  std::atomic<int> held{0};
  /// Connections that are made from now on break when so many bytes have passed, of both directions together;
  /// 0: they do not. The next `whole_first` ones do not either.
  std::atomic<std::int64_t> break_after{0};
  std::atomic<int> whole_first{0};
  /// How many are open now.
  std::atomic<int> connections{0};
  /// What has been passed on to the target.
  std::atomic<std::uint64_t> bytes_to_target{0};

 private:
  void accept_loop();
  using Left = std::shared_ptr<std::atomic<std::int64_t>>;  // of break_after; null: no bound
  void pass(int from, int to, bool to_target, const Left& left);

  std::uint16_t target_;
  int listener_;
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace tsmtp::support
