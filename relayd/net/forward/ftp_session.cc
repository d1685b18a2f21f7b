#include "relayd/net/forward/ftp_session.h"

#include <utility>

#include "relayd/forward/ftp/address.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

constexpr std::chrono::seconds kExpectedFor{60};
// A client has one data connection at a time; those that are ending may be there beside it.
constexpr std::size_t kMaxOpen = 8;

}  // namespace

forward::ftp::Sides FtpSession::sides() const {
  if (!means_.hosts) return {};
  return {.own = forward::ftp::canonical_host(means_.hosts->own.to_string()).value_or(""),
          .peer = forward::ftp::canonical_host(means_.hosts->peer.to_string()).value_or("")};
}

base::Result<base::HostPort> FtpSession::listen(Token token) {
  if (open_ >= kMaxOpen) return base::Error{"a control connection has too many data connections at once"};
  if (!means_.hosts) return base::Error{"a control connection by a unix socket has no data connections"};
  if (is_control_gone_) return base::Error{"the control connection is gone"};
  forget(token);
  DataListener::Callbacks callbacks{.accepted =
                                        [weak = weak_from_this(), token](ByteChannel::Socket socket) {
                                          const auto self = weak.lock();
                                          if (!self) return break_off(std::move(socket));
                                          self->listeners_.erase(token);
                                          self->means_.accepted(*self, token, std::move(socket));
                                        },
                                    .turned_away =
                                        [weak = weak_from_this()](const std::string& cause) {
                                          if (const auto self = weak.lock()) self->means_.refused(cause);
                                        }};
  auto listener = DataListener::open(means_.executor, means_.hosts->own,
                                     {.host = means_.hosts->peer, .user = means_.user}, std::move(callbacks));
  if (!listener) return listener.error();
  const std::uint16_t port = (*listener)->port();
  listeners_[token] = std::move(*listener);
  return base::HostPort{.host = sides().own, .port = port, .unix_path = {}};
}

void FtpSession::expect(Token token, const base::HostPort& where) {
  if (!means_.hosts || is_control_gone_) return;
  expected_[token] = {.where = {.host = means_.hosts->peer.to_string(), .port = where.port, .unix_path = {}},
                      .until = now() + kExpectedFor};
}

void FtpSession::forget(Token token) {
  expected_.erase(token);
  const auto listener = listeners_.find(token);
  if (listener == listeners_.end()) return;
  listener->second->close();
  listeners_.erase(listener);
}

std::optional<base::HostPort> FtpSession::take_expected(Token token) {
  const auto found = expected_.find(token);
  if (found == expected_.end()) return std::nullopt;
  const Expected expected = found->second;
  expected_.erase(found);
  if (now() > expected.until || open_ >= kMaxOpen) return std::nullopt;
  return expected.where;
}

forward::ftp::DataName FtpSession::name_of(Token token, bool by_host) const {
  const bool is_service = means_.host == forward::Side::kService;
  return {.is_active = by_host == is_service, .token = token};
}

void FtpSession::opened(Token token, bool by_host) {
  ++open_;
  used(now());
  transfers_.connected(name_of(token, by_host));
}

void FtpSession::closed(Token token, bool by_host, std::uint64_t bytes, bool in_order) {
  --open_;
  used(now());
  transfers_.closed(name_of(token, by_host), bytes, !in_order);
  if (is_over()) transfers_.lost();
  tell();
}

void FtpSession::control_gone() {
  is_control_gone_ = true;
  expected_.clear();
  for (const auto& [token, listener] : listeners_)
    listener->close();
  listeners_.clear();
  if (is_over()) transfers_.lost();
  tell();
}

void FtpSession::tell() {
  for (const forward::ftp::Transfer& one : transfers_.take())
    means_.transferred(one);
}

}  // namespace tsmtp::net
