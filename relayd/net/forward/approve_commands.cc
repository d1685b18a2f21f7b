#include "relayd/net/forward/approve_commands.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::net {
namespace {

constexpr std::ptrdiff_t kAtOnceOfASite = 4;
constexpr std::size_t kAtOnce = 64;

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
  for (const auto& [id, running] : running_)
    running.program->end();
}

void ApproveCommands::ask(Id id, std::string site, Program::Command command) {
  waiting_.push_back({.id = id, .site = std::move(site), .command = std::move(command)});
  boost::asio::post(executor_, lifetime_.guard([this] { start_more(); }));
}

void ApproveCommands::withdraw(Id id) {
  std::erase_if(waiting_, [id](const Question& question) { return question.id == id; });
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  found->second.is_withdrawn = true;
  found->second.program->end();
}

void ApproveCommands::start_more() {
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    if (!has_place(*next)) {
      ++next;
      continue;
    }
    const Question question = std::move(*next);
    next = waiting_.erase(next);
    start(question);
  }
}

bool ApproveCommands::has_place(const Question& question) const {
  const auto of_site = std::count_if(running_.begin(), running_.end(),
                                     [&](const auto& entry) { return entry.second.site == question.site; });
  return of_site < kAtOnceOfASite && running_.size() < kAtOnce;
}

void ApproveCommands::start(const Question& question) {
  const Id id = question.id;
  auto started = Program::start(executor_, question.command,
                                lifetime_.guard([this, id](const Program::Ended& how) { ended(id, how); }));
  const std::string& name = question.command.words.front();
  if (started) {
    running_[id] = {.site = question.site, .name = name, .program = std::move(*started)};
    return;
  }
  const std::string cause = "approve_command cannot be started: " + started.error().message;
  log_.log_provoked(base::Provoked::kTrouble, "approve_command", base::LogLevel::kError, cause);
  answered_(id, cause);
}

void ApproveCommands::ended(Id id, const Program::Ended& how) {
  const Running was = std::move(running_.extract(id).mapped());
  if (!how.first_error.empty())
    log_.log_provoked(base::Provoked::kTrouble, "approve_command", base::LogLevel::kWarning,
                      "approve_command " + was.name + " says: " + base::escaped(how.first_error));
  if (!was.is_withdrawn) answered_(id, cause_of(how));
  start_more();
}

}  // namespace tsmtp::net
