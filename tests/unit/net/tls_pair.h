// Two ends of a TLS connection in one thread, with identities of their own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "relayd/net/tls/tls_stream.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::net {

/// What a peer is told whose key is, or is not, the wanted one.
inline keys::Verdict accepted_if(bool is_pinned) {
  return is_pinned ? keys::Verdict::kAccepted : keys::Verdict::kUnpinned;
}

/// A key and a context made of it.
class TlsEnd {
 public:
  explicit TlsEnd(const std::string& name)
      : identity_(made(directory_.file("identity.pem"), name)),
        context_(*TlsContext::make({.current = identity_})) {}

  [[nodiscard]] const TlsContext& context() const { return context_; }
  [[nodiscard]] const std::string& pin() const { return identity_->pin(); }
  [[nodiscard]] const Identity& identity() const { return *identity_; }
  /// Shows these from now on.
  void use(OwnKeys keys) { context_.use(std::move(keys)); }

 private:
  static std::shared_ptr<const Identity> made(const std::string& path, const std::string& name) {
    if (const auto ok = create_identity(path, name); !ok) throw std::runtime_error(ok.error().message);
    return std::make_shared<const Identity>(*Identity::load(path));
  }

  support::TemporaryDirectory directory_;
  std::shared_ptr<const Identity> identity_;
  TlsContext context_;
};

/// A client and a server stream over a connection of loopback.
class TlsPair {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  TlsPair(const TlsContext& client_context, const TlsContext& server_context) {
    boost::asio::ip::tcp::acceptor acceptor(io_, {boost::asio::ip::address_v4::loopback(), 0});
    Socket near(io_);
    near.connect(acceptor.local_endpoint());
    Socket far = acceptor.accept();
    const auto anybody = [](const keys::Shown&, const std::string&) { return keys::Verdict::kAccepted; };
    client_ = std::make_unique<TlsStream>(std::move(near), client_context, TlsStream::Role::kClient, anybody);
    server_ = std::make_unique<TlsStream>(std::move(far), server_context, TlsStream::Role::kServer, anybody);
  }

  [[nodiscard]] TlsStream& client() { return *client_; }
  [[nodiscard]] TlsStream& server() { return *server_; }

  /// Both ends by turns until both are done; false if one fails.
  [[nodiscard]] bool shake_hands() {
    using Status = TlsStream::Status;
    Status near = Status::kWantRead, far = Status::kWantRead;
    while (near != Status::kDone || far != Status::kDone) {
      if (near != Status::kDone) near = client_->handshake();
      if (far != Status::kDone) far = server_->handshake();
      if (near == Status::kFailed || far == Status::kFailed) return false;
    }
    return true;
  }

  /// Writes `text` at one end and reads it at the other; what was read.
  [[nodiscard]] static std::string pass(TlsStream& from, TlsStream& to, std::string_view text) {
    std::string out;
    std::size_t written = 0;
    while (out.size() < text.size()) {
      std::size_t bytes = 0;
      if (written < text.size() && from.write(text.substr(written), bytes) == TlsStream::Status::kDone)
        written += bytes;
      if (from.flush() == TlsStream::Status::kFailed) break;
      char buffer[20'000];
      const TlsStream::Status status = to.read(buffer, sizeof buffer, bytes);
      if (status == TlsStream::Status::kDone) out.append(buffer, bytes);
      if (status == TlsStream::Status::kFailed) break;
    }
    return out;
  }

 private:
  boost::asio::io_context io_;
  std::unique_ptr<TlsStream> client_;
  std::unique_ptr<TlsStream> server_;
};

}  // namespace tsmtp::net
