// The programs that are asked whether a connection may be made (`approve_command`): a few at once, the others
// in turn. Exit status 0 is a yes, everything else is a no with its cause.
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

  /// Starts the command now, or when one of those before it has ended.
  void ask(Id id, Program::Command command);
  /// Somebody else has answered, or nobody waits any more: ends it. Without effect on one that has ended.
  void withdraw(Id id);

 private:
  void start_more();
  void start(Id id, const Program::Command& command);
  void ended(Id id, const std::string& name, const Program::Ended& how);

  boost::asio::any_io_executor executor_;
  base::Logger& log_;
  Answered answered_;
  std::map<Id, std::shared_ptr<Program>> running_;
  std::deque<std::pair<Id, Program::Command>> waiting_;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
