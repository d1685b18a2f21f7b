// A program that relayd starts and asks for its exit status: as relayd's own user, without a shell, with
// nothing of relayd's but that user. It never blocks the loop.
#pragma once

#include <sys/types.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "relayd/base/result.h"

namespace tsmtp::net {

class Program : public std::enable_shared_from_this<Program> {
 public:
  struct Command {
    std::vector<std::string> words;        ///< the first is the path of the program; there is one at least
    std::vector<std::string> environment;  ///< NAME=VALUE, all that it gets
  };
  struct Ended {
    int exit_status = -1;  ///< -1: killed by `signal`
    int signal = 0;        ///< 0: it was none
    std::string
        first_error;  ///< the first line on its standard error, a few hundred bytes at most, unescaped
  };
  using WhenEnded = std::function<void(const Ended&)>;

  /// Starts it, leader of a session of its own; its standard input and output are /dev/null. `ended` is
  /// called once, from the loop. The error says why it cannot be started.
  [[nodiscard]] static base::Result<std::shared_ptr<Program>> start(
      const boost::asio::any_io_executor& executor, const Command& command, WhenEnded ended);

  /// Whether that child of ours is such a program, whose exit status is asked for here and nowhere else.
  [[nodiscard]] static bool is_one(pid_t child);

  /// Ends it and what it has started: SIGTERM, and after a second SIGKILL.
  void end();

 private:
  Program(const boost::asio::any_io_executor& executor, pid_t pid, int pidfd, int errors, WhenEnded ended);
  void wait();
  void read_errors();
  void take(std::size_t bytes);
  void reap();

  pid_t pid_;
  boost::asio::posix::stream_descriptor process_;
  boost::asio::posix::stream_descriptor errors_;
  boost::asio::steady_timer timer_;
  WhenEnded ended_;
  std::string first_error_;
  bool has_first_error_ = false;
  bool is_ending_ = false;
  std::array<char, 512> buffer_{};
};

}  // namespace tsmtp::net
