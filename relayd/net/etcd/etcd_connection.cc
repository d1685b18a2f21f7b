#include "relayd/net/etcd/etcd_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/etcd/refusal.h"
#include "relayd/net/io/shortage.h"
#include "relayd/net/io/socket_options.h"

namespace tsmtp::net {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

// A member that is gone without a word is noticed, though nothing is asked: a watch only listens.
void notice_silence(tcp::socket& socket) {
  const auto set = [&](int level, int option, int value) {
    (void)setsockopt(socket.native_handle(), level, option, &value, sizeof value);
  };
  constexpr int kIdleSeconds = 5, kBetweenSeconds = 2, kTries = 3, kUnacknowledgedMilliseconds = 10000;
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kBetweenSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kTries);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMilliseconds);
}

std::string seconds_of(std::chrono::milliseconds limit) {
  constexpr int kTenth = 100;
  const auto tenths = (limit.count() + kTenth / 2) / kTenth;
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

std::string why_not_connected(const error_code& error) {
  if (error == boost::asio::error::connection_refused) return "refuses connections; is etcd running there?";
  return "cannot be reached: " + cause_of(error);
}

}  // namespace

EtcdConnection::EtcdConnection(const boost::asio::any_io_executor& executor,
                               std::unique_ptr<Resolver> resolver, settings::EngineEndpoint endpoint,
                               const settings::EngineFiles& files)
    : resolver_(std::move(resolver)),
      endpoint_(std::move(endpoint)),
      files_(files),
      socket_(executor),
      limit_(executor) {}

void EtcdConnection::close() {
  is_closed_ = true;
  is_open_ = false;
  opened_ = nullptr;
  asked_ = nullptr;
  stream_ended_ = nullptr;
  idle_ended_ = nullptr;
  bytes_ = nullptr;
  resolver_->cancel();
  limit_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void EtcdConnection::set_limit(std::chrono::milliseconds limit, std::string cause) {
  limit_.expires_after(limit);
  limit_.async_wait([self = shared_from_this(), cause = std::move(cause)](const error_code& error) {
    if (!error) self->fail(cause);
  });
}

// The callback may do anything, close() this included.
void EtcdConnection::fail(const std::string& cause, bool was_sent) {
  if (is_closed_) return;
  auto opened = std::exchange(opened_, nullptr);
  auto asked = std::exchange(asked_, nullptr);
  auto ended = std::exchange(stream_ended_, nullptr);
  auto idle = std::exchange(idle_ended_, nullptr);
  close();
  if (opened) return opened(cause);
  if (asked) return asked(Lost{.cause = cause, .was_sent = was_sent});
  if (ended) return ended(cause);
  if (idle) idle(cause);
}

void EtcdConnection::open(std::chrono::milliseconds limit, Opened opened) {
  opened_ = std::move(opened);
  set_limit(limit, "does not answer within " + seconds_of(limit));
  resolver_->resolve(endpoint_.address, [self = shared_from_this()](base::Result<Resolver::Addresses> found) {
    if (self->is_closed_) return;
    if (!found) return self->fail("is not known: " + found.error().message);
    self->connect(*found);
  });
}

void EtcdConnection::connect(const Resolver::Addresses& addresses) {
  boost::asio::async_connect(socket_, addresses,
                             [self = shared_from_this()](const error_code& error, const tcp::endpoint&) {
                               if (self->is_closed_) return;
                               if (error) return self->fail(why_not_connected(error));
                               self->socket_ = watched_anew(std::move(self->socket_));
                               set_link_options(self->socket_);
                               notice_silence(self->socket_);
                               if (self->endpoint_.is_clear) return self->opened({});
                               self->shake_hands();
                             });
}

void EtcdConnection::shake_hands() {
  auto context = certified_tls({.ca = files_.ca, .certificate = files_.certificate, .key = files_.key});
  if (!context) return fail(context.error().message);
  tls_context_ = *context;
  tls_ = std::make_unique<CertifiedTlsStream>(socket_, *tls_context_);
  if (auto expected = expect_server(*tls_, endpoint_.address.host); !expected)
    return fail(expected.error().message);
  tls_->async_handshake(boost::asio::ssl::stream_base::client,
                        [self = shared_from_this()](const error_code& error) {
                          if (self->is_closed_) return;
                          if (error) return self->fail(why_tls_failed(*self->tls_, error));
                          self->opened({});
                        });
}

void EtcdConnection::opened(const std::string& error) {
  limit_.cancel();
  is_open_ = true;
  std::exchange(opened_, nullptr)(error);
}

void EtcdConnection::ask(const etcd::Request& request, const std::string& token,
                         std::chrono::milliseconds limit, Asked asked) {
  asked_ = std::move(asked);
  set_limit(limit, "does not answer within " + seconds_of(limit));
  write(request, token);
  if (!is_reading_) read_answer();
}

void EtcdConnection::stream(const etcd::Request& request, const std::string& token,
                            std::chrono::milliseconds limit, Bytes bytes, Ended ended) {
  bytes_ = std::move(bytes);
  stream_ended_ = std::move(ended);
  set_limit(limit, "does not answer within " + seconds_of(limit));
  write(request, token);
  read_head();
}

void EtcdConnection::write(const etcd::Request& request, const std::string& token) {
  constexpr unsigned kHttp11 = 11;
  request_ = {http::verb::post, request.path, kHttp11, request.body};
  request_.set(http::field::host, endpoint_.address.to_string());
  request_.set(http::field::content_type, "application/json");
  if (!token.empty()) request_.set(http::field::authorization, token);
  request_.prepare_payload();
  is_writing_ = true;
  on_stream([this](auto& stream) {
    http::async_write(stream, request_, [self = shared_from_this()](const error_code& error, std::size_t) {
      self->written(error);
    });
  });
}

// Only here it is certain that the end of the request was never given to the kernel: without its end it is no
// JSON, and is not done. When the connection ends in another way, nobody knows how much of it arrived.
void EtcdConnection::written(const Error& error) {
  if (is_closed_) return;
  is_writing_ = false;
  if (error) fail(cause_of_end(error), false);
}

std::string EtcdConnection::cause_of_end(const Error& error) {
  if (tls_ && error.category() == boost::asio::error::get_ssl_category()) return why_tls_failed(*tls_, error);
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == boost::asio::error::eof || error == boost::asio::error::connection_reset ||
      error == boost::asio::error::broken_pipe || error == boost::asio::ssl::error::stream_truncated)
    return endpoint_.is_clear && !has_answered_
               ? "closed the connection without an answer; does it want https?"
               : "closed the connection";
  if (error == http::error::body_limit || error == http::error::buffer_overflow)
    return "answers with more than 8 MiB";
  if (error.category() == http::make_error_code(http::error::bad_version).category())
    return "does not speak HTTP (" + base::escaped(error.message()) + ')';
  return "cannot be reached: " + cause_of(error);
}

// Also while nothing is asked: only so is the end of the connection seen.
void EtcdConnection::read_answer() {
  is_reading_ = true;
  answer_.emplace();
  answer_->body_limit(kMaxAnswerBytes);
  on_stream([this](auto& stream) {
    http::async_read(
        stream, buffer_, *answer_,
        [self = shared_from_this()](const error_code& error, std::size_t) { self->answer_read(error); });
  });
}

void EtcdConnection::answer_read(const Error& error) {
  is_reading_ = false;
  if (is_closed_) return;
  if (error) return fail(cause_of_end(error));
  if (!asked_) return fail("answers what was not asked");
  limit_.cancel();
  has_answered_ = true;
  Reply reply{.status = answer_->get().result_int(), .body = std::move(answer_->get().body())};
  // An answer that comes before the request was written whole is the last on this connection.
  const bool goes_on = answer_->get().keep_alive() && !is_writing_;
  auto asked = std::exchange(asked_, nullptr);
  if (goes_on) {
    read_answer();
  } else {
    close();
  }
  asked(std::move(reply));
}

void EtcdConnection::read_head() {
  endless_.emplace();
  endless_->body_limit(boost::none);
  on_stream([this](auto& stream) {
    http::async_read_header(stream, buffer_, *endless_,
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              if (self->is_closed_) return;
                              if (error) return self->fail(self->cause_of_end(error));
                              self->limit_.cancel();
                              self->read_piece();
                            });
  });
}

void EtcdConnection::read_piece() {
  auto& body = endless_->get().body();
  body.data = piece_.data();
  body.size = piece_.size();
  body.more = true;
  on_stream([this](auto& stream) {
    http::async_read_some(stream, buffer_, *endless_,
                          [self = shared_from_this()](const error_code& error, std::size_t) {
                            if (!self->is_closed_) self->piece_read(error);
                          });
  });
}

void EtcdConnection::piece_read(Error error) {
  if (error == http::error::need_buffer) error = {};
  const std::size_t count = piece_.size() - endless_->get().body().size;
  const std::string_view bytes(piece_.data(), count);
  const unsigned status = endless_->get().result_int();
  if (status != static_cast<unsigned>(http::status::ok)) {
    constexpr std::size_t kEnough = 4096;
    unasked_.append(bytes.substr(0, kEnough));
    if (!error && !endless_->is_done() && unasked_.size() < kEnough) return read_piece();
    return fail(etcd::refusal_of(status, unasked_).text);
  }
  if (count > 0) {
    const Bytes told = bytes_;  // which may end this connection, and itself
    told(bytes);
  }
  if (is_closed_) return;
  if (error) return fail(cause_of_end(error));
  if (endless_->is_done()) return fail("ended the watch");
  read_piece();
}

}  // namespace tsmtp::net
