#include "relayd/net/forward/consent.h"

#include <fmt/chrono.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

constexpr std::string_view kApproveCommand = "approve_command";

std::string utc(base::WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::floor<std::chrono::seconds>(time));
}

std::string who_asks(const forward::Approvals::Question& question) {
  return question.user.empty() ? std::string() : " of user " + base::escaped(question.user);
}

// What comes from the other hub is escaped: a command that does not quote it is not helped by that, and a log
// that it writes is.
Program::Command command_of(const Consent::Request& request, Consent::Id id) {
  return {.words = request.command,
          .environment = {
              "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
              "TSMTP_SITE=" + request.question.site,
              "TSMTP_SERVICE=" + request.question.service,
              "TSMTP_USER=" + base::escaped(request.question.user),
              "TSMTP_TIME=" + utc(wall_now()),
              "TSMTP_ID=" + std::to_string(id),
              "TSMTP_PROTOCOL=" + request.protocol,
          }};
}

}  // namespace

Consent::Consent(const boost::asio::any_io_executor& executor, base::Logger& log)
    : log_(log),
      timer_(executor),
      commands_(executor, log, [this](Id id, const std::string& cause) { by_command(id, cause); }) {}

base::Result<Consent::Id> Consent::ask(const Request& request, Answered answered) {
  const auto id = approvals_.ask(request.question, request.patience, now());
  if (!id) return id.error();
  askers_[*id] = std::move(answered);
  if (!approvals_.is_waiting(*id)) {
    settle();
    return *id;
  }
  const std::string number = std::to_string(*id);
  log_.log_provoked(base::Provoked::kPeer, request.question.site, base::LogLevel::kInfo,
                    request.question.site + ": a connection" + who_asks(request.question) + " to service " +
                        request.question.service + " waits for approval: relayctl approve " + number);
  if (!request.command.empty()) commands_.ask(*id, request.question.site, command_of(request, *id));
  settle();
  return *id;
}

void Consent::withdraw(Id id) {
  askers_.erase(id);
  approvals_.withdraw(id);
  commands_.withdraw(id);
}

base::Result<forward::Approvals::Question> Consent::approve(Id id, std::string_view by,
                                                            std::optional<base::Duration> lasting) {
  auto done = approvals_.approve(id, by, now(), lasting);
  settle();
  return done;
}

base::Result<bool> Consent::deny(Id id, std::string_view cause) {
  auto done = approvals_.deny(id, cause, now());
  settle();
  return done;
}

std::string approved_by(const Consent::Verdict& verdict) {
  if (!verdict.until) return verdict.by;
  const auto end = wall_now() + std::chrono::duration_cast<base::WallTime::duration>(*verdict.until - now());
  return verdict.by + " (for all until " + utc(end) + ")";
}

void Consent::take_back(std::string_view site, std::string_view service) {
  approvals_.take_back(site, service);
}

// The first answer counts: of a command that was overtaken nobody wants to know.
void Consent::by_command(Id id, const std::string& cause) {
  if (cause.empty())
    (void)approvals_.approve(id, kApproveCommand, now());
  else
    (void)approvals_.deny(id, cause, now());
  settle();
}

// Verdicts are told from the loop, so that nobody is told inside a call of his own.
void Consent::settle() {
  boost::asio::post(timer_.get_executor(), lifetime_.guard([this] { tell(); }));
  const auto deadline = approvals_.deadline();
  if (!deadline) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*deadline);
  timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (error) return;
    approvals_.tick(now());
    settle();
  }));
}

void Consent::tell() {
  while (const auto verdict = approvals_.next()) {
    commands_.withdraw(verdict->id);
    const auto asker = askers_.find(verdict->id);
    if (asker == askers_.end()) continue;
    const Answered answered = std::move(asker->second);
    askers_.erase(asker);
    answered(*verdict);
  }
}

}  // namespace tsmtp::net
