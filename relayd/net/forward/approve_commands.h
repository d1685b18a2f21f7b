// The programs that are asked whether a connection may be made (`approve_command`): a few of each site at
// once, the others in turn. Exit status 0 is a yes, everything else is a no with its cause.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/net/forward/program.h"

namespace tsmtp::net {

class ApproveCommands {
 public:
  using Id = std::uint32_t;
  /// `cause`: empty of a yes.
  using Answered = std::function<void(Id id, const std::string& cause)>;

  /// `log` is borrowed and outlives it. `answered` is called from the loop, never inside ask().
  ApproveCommands(boost::asio::any_io_executor executor, base::Logger& log, Answered answered);
  ~ApproveCommands();

  /// Starts the command now, or when one of those before it has ended. `site`: whose connection it is about.
  void ask(Id id, std::string site, Program::Command command);
  /// Somebody else has answered, or nobody waits any more: ends it. It keeps its place until it is gone.
  /// Without effect on one that has ended.
  void withdraw(Id id);

 private:
  struct Question {
    Id id;
    std::string site;
    Program::Command command;
  };
  struct Running {
    std::string site;
    std::string name;
    std::shared_ptr<Program> program;
    bool is_withdrawn = false;
  };
  void start_more();
  [[nodiscard]] bool has_place(const Question& question) const;
  void start(const Question& question);
  void ended(Id id, const Program::Ended& how);

  boost::asio::any_io_executor executor_;
  base::Logger& log_;
  Answered answered_;
  std::map<Id, Running> running_;
  std::deque<Question> waiting_;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
