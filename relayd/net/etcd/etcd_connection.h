// One connection to a member of etcd: HTTP/1.1 over TCP or TLS, one request at a time, kept open between
// them. It says of a request without an answer whether it was sent whole. What is asked, and where else, is
// others' affair.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/etcd/gateway.h"
#include "relayd/net/etcd/etcd_reply.h"
#include "relayd/net/io/resolver.h"
#include "relayd/net/tls/certified_tls.h"
#include "relayd/settings/ledger.h"

namespace tsmtp::net {

class EtcdConnection : public std::enable_shared_from_this<EtcdConnection> {
 public:
  /// More than this in one answer is a fault of the server's.
  static constexpr std::size_t kMaxAnswerBytes = 8UL << 20;

  using Reply = EtcdReply;
  using Lost = EtcdLost;
  /// Empty: it stands.
  using Opened = std::function<void(const std::string& error)>;
  using Asked = std::function<void(boost::system::result<Reply, Lost>)>;
  using Ended = std::function<void(const std::string& cause)>;
  using Bytes = std::function<void(std::string_view bytes)>;

  EtcdConnection(const boost::asio::any_io_executor& executor, std::unique_ptr<Resolver> resolver,
                 settings::EngineEndpoint endpoint, const settings::EngineFiles& files);

  // Each calls back once, later, unless close() comes first.
  void open(std::chrono::milliseconds limit, Opened opened);
  void ask(const etcd::Request& request, const std::string& token, std::chrono::milliseconds limit,
           Asked asked);
  /// The answer has no end: `bytes` is called until `ended` is. Nothing else can be asked then.
  void stream(const etcd::Request& request, const std::string& token, std::chrono::milliseconds limit,
              Bytes bytes, Ended ended);
  /// Called when the server ends the connection while nothing is asked.
  void on_idle_end(Ended ended) { idle_ended_ = std::move(ended); }

  /// Nothing is called any more.
  void close();
  [[nodiscard]] bool is_open() const { return is_open_; }

 private:
  using Error = boost::system::error_code;

  template <typename Action>
  void on_stream(Action action) {
    if (tls_) {
      action(*tls_);
    } else {
      action(socket_);
    }
  }

  void connect(const Resolver::Addresses& addresses);
  void shake_hands();
  void opened(const std::string& error);
  void set_limit(std::chrono::milliseconds limit, std::string cause);
  void write(const etcd::Request& request, const std::string& token);
  void written(const Error& error);
  void read_answer();
  void answer_read(const Error& error);
  void read_head();
  void read_piece();
  void piece_read(Error error);
  void fail(const std::string& cause, bool was_sent = true);
  [[nodiscard]] std::string cause_of_end(const Error& error);

  std::unique_ptr<Resolver> resolver_;
  settings::EngineEndpoint endpoint_;
  settings::EngineFiles files_;
  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<boost::asio::ssl::context> tls_context_;
  std::unique_ptr<CertifiedTlsStream> tls_;
  boost::asio::steady_timer limit_;

  // What is called when something ends; at most one of the first three.
  Opened opened_;
  Asked asked_;
  Ended stream_ended_;
  Ended idle_ended_;
  Bytes bytes_;

  boost::beast::http::request<boost::beast::http::string_body> request_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::response_parser<boost::beast::http::string_body>> answer_;
  std::optional<boost::beast::http::response_parser<boost::beast::http::buffer_body>> endless_;
  std::array<char, 16384> piece_{};
  std::string unasked_;  // the beginning of a stream's answer that is none
  bool is_open_ = false;
  bool is_closed_ = false;
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool has_answered_ = false;
};

}  // namespace tsmtp::net
