#include "relayd/net/forward/approve_commands.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::net {
namespace {

constexpr std::size_t kAtOnce = 8;

std::string cause_of(const Program::Ended& how) {
  if (how.exit_status == 0) return {};
  return how.exit_status > 0 ? "approve_command said no (exit status " + std::to_string(how.exit_status) + ")"
                             : "approve_command was killed by signal " + std::to_string(how.signal);
}

}  // namespace

ApproveCommands::ApproveCommands(boost::asio::any_io_executor executor, base::Logger& log, Answered answered)
    : executor_(std::move(executor)), log_(log), answered_(std::move(answered)) {}

ApproveCommands::~ApproveCommands() {
  lifetime_.end();
  for (const auto& [id, program] : running_)
    program->forget();
}

void ApproveCommands::ask(Id id, Program::Command command) {
  waiting_.emplace_back(id, std::move(command));
  boost::asio::post(executor_, lifetime_.guard([this] { start_more(); }));
}

void ApproveCommands::withdraw(Id id) {
  std::erase_if(waiting_, [id](const auto& one) { return one.first == id; });
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  found->second->forget();
  running_.erase(found);
  boost::asio::post(executor_, lifetime_.guard([this] { start_more(); }));
}

void ApproveCommands::start_more() {
  while (running_.size() < kAtOnce && !waiting_.empty()) {
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    start(next.first, next.second);
  }
}

void ApproveCommands::start(Id id, const Program::Command& command) {
  auto started = Program::start(executor_, command,
                                lifetime_.guard([this, id, name = command.words.front()](
                                                    const Program::Ended& how) { ended(id, name, how); }));
  if (started) {
    running_[id] = std::move(*started);
    return;
  }
  const std::string cause = "approve_command cannot be started: " + started.error().message;
  log_.log_provoked(base::Provoked::kTrouble, "approve_command", base::LogLevel::kError, cause);
  answered_(id, cause);
}

void ApproveCommands::ended(Id id, const std::string& name, const Program::Ended& how) {
  running_.erase(id);
  if (!how.first_error.empty())
    log_.log_provoked(base::Provoked::kTrouble, "approve_command", base::LogLevel::kWarning,
                      name + ": " + base::escaped(how.first_error));
  answered_(id, cause_of(how));
  start_more();
}

}  // namespace tsmtp::net
