// Dialling and being dialled, in one thread: every address in turn, with its own reason, and what a name
// stands for asked anew each time.
#include "relayd/net/link/dialer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <map>

#include "relayd/net/link/link_listener.h"
#include "tests/unit/net/search_driver.h"
#include "tests/unit/net/tls_pair.h"

namespace tsmtp::net {
namespace {

namespace ip = boost::asio::ip;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Knows names by heart; what they stand for may change between two questions.
class Names : public Resolver {
 public:
  Names(boost::asio::io_context& io, std::map<std::string, std::vector<Addresses>>& known)
      : io_(io), known_(known) {}

  void resolve(const base::HostPort& name, Done done) override {
    boost::asio::post(io_, [this, name, done = std::move(done)] {
      auto& answers = known_[name.host];
      if (answers.empty()) return done(base::Error{"name not resolved: Host not found"});
      const Addresses now = answers.front();
      if (answers.size() > 1) answers.erase(answers.begin());
      done(base::Result<Addresses>(now));
    });
  }
  void cancel() override {}

 private:
  boost::asio::io_context& io_;
  std::map<std::string, std::vector<Addresses>>& known_;
};

class Dialling : public testing::Test {
 protected:
  Dialling() {
    EXPECT_TRUE(listener->bind({.host = "127.0.0.1", .port = 0, .unix_path = {}}));
    listener->start();
  }
  ~Dialling() override {
    if (dialer) dialer->stop();
    listener->stop();
    io.run_for(std::chrono::seconds(5));  // what they left behind
  }

  void dial(std::vector<base::HostPort> addresses) {
    dialer = std::make_shared<SearchDriver>(
        std::make_unique<Names>(io, names), io.get_executor(), near.context(),
        link::Dialling::Settings{.addresses = std::move(addresses),
                                 .longest_wait = std::chrono::milliseconds(10)},
        SearchDriver::Callbacks{
            .accept_peer = [this](const keys::Shown& shown,
                                  const std::string&) { return accepted_if(shown.pin() == wanted_pin); },
            .connected = [this](auto stream) { connected = std::move(stream); },
            .failed =
                [this](const link::Dialling::Failure& failure, bool news) {
                  ++failures;
                  if (news) told.push_back(failure.address + ": " + failure.cause);
                }});
    dialer->start();
  }

  template <typename Condition>
  [[nodiscard]] bool run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < deadline)
      io.run_one_for(std::chrono::milliseconds(100));
    return condition();
  }

  /// An address where nobody listens.
  ip::tcp::endpoint nobody() {
    reserved.emplace_back(io).open(ip::tcp::v4());
    reserved.back().bind({ip::address_v4::loopback(), 0});
    return reserved.back().local_endpoint();
  }
  [[nodiscard]] static std::string text(const ip::tcp::endpoint& endpoint) {
    std::ostringstream out;
    out << endpoint;
    return out.str();
  }

  boost::asio::io_context io;
  TlsEnd near{"near"}, far{"far"};
  std::string wanted_pin = far.pin();
  AdmissionControl admission;
  std::vector<std::unique_ptr<TlsStream>> accepted;
  std::shared_ptr<LinkListener> listener = std::make_shared<LinkListener>(
      io.get_executor(), far.context(), admission,
      LinkListener::Callbacks{
          .accept_peer = [this](const keys::Shown& shown,
                                const std::string&) { return accepted_if(shown.pin() == near.pin()); },
          .connected = [this](auto stream) { accepted.push_back(std::move(stream)); },
          .refused = [this](const std::string&, const std::string& cause) { refused.push_back(cause); }});
  std::map<std::string, std::vector<Resolver::Addresses>> names;
  std::vector<ip::tcp::acceptor> reserved;
  std::shared_ptr<SearchDriver> dialer;
  std::unique_ptr<TlsStream> connected;
  std::vector<std::string> told, refused;
  int failures = 0;
};

base::HostPort name(const std::string& host) {
  return {.host = host, .port = 5443, .unix_path = {}};
}

TEST_F(Dialling, EachAddressInTurnWithAReasonOfItsOwn) {
  const auto v4 = nobody();
  const ip::tcp::endpoint v6(ip::address_v6::loopback(), 9);  // nobody discards here
  names["both.example"] = {{v6, v4}};
  names["hub.example"] = {{listener->address()}};
  dial({name("none.example"), name("both.example"), name("hub.example")});
  ASSERT_TRUE(run_until([&] { return connected && accepted.size() == 1; }));
  EXPECT_THAT(told, ElementsAre("none.example:5443: name not resolved: Host not found",
                                testing::AllOf(StartsWith("both.example:5443: [::1]:9: "),
                                               testing::EndsWith(", " + text(v4) + ": Connection refused"))));
  EXPECT_EQ(dialer->rounds().failures().size(), 2U);
  EXPECT_EQ(dialer->rounds().cause(), "Connection refused, both.example:5443")
      << "the one that got furthest, cause first";
  dialer->rest();
  EXPECT_TRUE(dialer->rounds().failures().empty());
}

TEST_F(Dialling, SecondAddressOfANameIsTriedIfTheFirstIsSomebodyElse) {
  TlsEnd other("other");
  auto somebody_else = std::make_shared<LinkListener>(
      io.get_executor(), other.context(), admission,
      LinkListener::Callbacks{
          .accept_peer = [](const keys::Shown&, const std::string&) { return keys::Verdict::kAccepted; },
          .connected = [](auto) {},
          .refused = [](const std::string&, const std::string&) {}});
  ASSERT_TRUE(somebody_else->bind({.host = "127.0.0.1", .port = 0, .unix_path = {}}));
  somebody_else->start();
  names["hub.example"] = {{somebody_else->address(), listener->address()}};
  dial({name("hub.example")});
  EXPECT_TRUE(run_until([&] { return connected && !accepted.empty(); }));
  EXPECT_EQ(connected->peer_pin(), far.pin());
  somebody_else->stop();
}

TEST_F(Dialling, NameIsResolvedAnewAndAReasonToldOnce) {
  const auto moved_from = nobody();
  names["hub.example"] = {{moved_from}, {moved_from}, {moved_from}, {listener->address()}};
  dial({name("hub.example")});
  ASSERT_TRUE(run_until([&] { return connected != nullptr; }));
  EXPECT_EQ(failures, 3);
  EXPECT_THAT(told, ElementsAre("hub.example:5443: " + text(moved_from) + ": Connection refused"));
}

TEST_F(Dialling, AfterAConnectionThatCameToNothingTheNextAddressIsTried) {
  names["hub.example"] = {{listener->address()}};
  names["other.example"] = {{listener->address()}};
  dial({name("hub.example"), name("other.example")});
  ASSERT_TRUE(run_until([&] { return connected != nullptr; }));
  connected.reset();
  dialer->came_to_nothing("no Hello from the peer");
  ASSERT_TRUE(run_until([&] { return connected && accepted.size() == 2; }));
  EXPECT_THAT(told, ElementsAre(testing::AllOf(StartsWith("hub.example:5443: "),
                                               HasSubstr("no Hello from the peer"))));
}

TEST_F(Dialling, WrongPinIsToldAndTriedAgain) {
  wanted_pin = near.pin();
  const auto to = listener->address();
  names[to.address().to_string()] = {{to}};
  dial({{.host = to.address().to_string(), .port = to.port(), .unix_path = {}}});
  ASSERT_TRUE(run_until([&] { return failures == 3; }));
  EXPECT_THAT(told,
              ElementsAre(text(to) + ": peer's key is not pinned for this site: " + pin_text(far.pin())));
}

/// A client that is no relayd.
class Hostile : public Dialling {
 protected:
  ip::tcp::socket& connect() {
    clients.emplace_back(io);
    clients.back().connect(listener->address());
    return clients.back();
  }
  void send(ip::tcp::socket& client, const std::string& bytes) { client.send(boost::asio::buffer(bytes)); }
  /// Whether the other side has closed; what it said is in `heard`.
  [[nodiscard]] bool closes(ip::tcp::socket& client) {
    client.non_blocking(true);
    return run_until([&] {
      char buffer[1024];
      boost::system::error_code error;
      const std::size_t bytes = client.receive(boost::asio::buffer(buffer), 0, error);
      heard.append(buffer, bytes);
      return error == boost::asio::error::eof || error == boost::asio::error::connection_reset;
    });
  }

  std::list<ip::tcp::socket> clients;
  std::string heard;
};

TEST_F(Hostile, OldestSilentConnectionOfAnAddressMakesRoom) {
  admission.set_limits({.total = 100, .of_one_address = 3});
  for (int i = 0; i < 5; ++i)
    connect();
  EXPECT_TRUE(run_until([&] { return admission.driven_out() == 2; }));
  EXPECT_EQ(admission.count(), 3U);
  EXPECT_TRUE(closes(clients.front()));
  names["hub.example"] = {{listener->address()}};
  dial({name("hub.example")});
  EXPECT_TRUE(run_until([&] { return connected && accepted.size() == 1; }));  // a peer gets in all the same
}

TEST_F(Hostile, FirstMessageThatIsTooLongIsNotWaitedFor) {
  send(connect(), std::string("\x16\x03\x01\x10\x00", 5));
  ASSERT_TRUE(closes(clients.front()));
  EXPECT_THAT(refused,
              ElementsAre(HasSubstr("peer announced a first message of 4101 bytes, more than the 4096")));
}

TEST_F(Hostile, FirstMessageInSmallPieces) {
  ip::tcp::socket& client = connect();
  for (const char byte : std::string("GET "))
    send(client, std::string(1, byte));
  io.run_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(refused.empty());
  send(client, "/");
  ASSERT_TRUE(closes(client));
  EXPECT_THAT(refused, ElementsAre("peer does not speak TLS 1.3 (it began with \"GET /\")"));
}

TEST_F(Hostile, HalfAMessageAndTheEnd) {
  ip::tcp::socket& client = connect();
  send(client, std::string("\x16\x03\x01\x01\x00\x01", 6));
  client.shutdown(ip::tcp::socket::shutdown_send);
  ASSERT_TRUE(closes(client));
  EXPECT_THAT(refused, ElementsAre("connection closed by peer during the TLS handshake"));
}

/// A ClientHello that is right, from a client that then falls silent.
std::string client_hello(const TlsContext& context) {
  SSL* ssl = SSL_new(context.get());
  BIO* sent = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), sent);
  SSL_set_connect_state(ssl);
  SSL_do_handshake(ssl);
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(sent, &bytes);
  std::string out(bytes, static_cast<std::size_t>(length));
  SSL_free(ssl);
  return out;
}

TEST_F(Hostile, WhoeverIsSlowHasToGoWhereverItStopped) {
  admission.set_limits({.time = std::chrono::milliseconds(100)});
  const std::string hello = client_hello(near.context());
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{3}, hello.size() / 2, hello.size()})
    send(connect(), hello.substr(0, bytes));
  for (ip::tcp::socket& client : clients)
    EXPECT_TRUE(closes(client));
  EXPECT_THAT(refused, testing::SizeIs(4));
  EXPECT_THAT(refused, testing::Each(StartsWith("no TLS handshake within")));
  EXPECT_TRUE(run_until([&] {
    clients.clear();
    return admission.count() == 0;
  }));
}

TEST_F(Hostile, HandshakesWithoutEndAreNotGoneThrough) {
  admission.set_limits({.handshakes_of_one_address = 2});
  const std::string hello = client_hello(near.context());
  for (int i = 0; i < 3; ++i) {
    send(connect(), hello);
    clients.back().shutdown(ip::tcp::socket::shutdown_send);
    EXPECT_TRUE(closes(clients.back()));
  }
  EXPECT_THAT(refused, ElementsAre(HasSubstr("closed by peer"), HasSubstr("closed by peer"),
                                   "too many handshakes with this address in ten seconds"));
}

// The alert must not be lost because the peer has said more than we have read.
TEST_F(Hostile, IsToldWhyThoughItSaidMore) {
  ip::tcp::socket& client = connect();
  // A ClientHello of TLS 1.2 (RFC 5246 section 7.4.1.2) without extensions, and what we shall never read.
  const std::string body =
      std::string("\x03\x03", 2) + std::string(32, 'r') + std::string("\0\0\x02\xc0\x2f\x01\0", 7);
  const std::string message = std::string("\1\0\0", 3) + static_cast<char>(body.size()) + body;
  send(client, std::string("\x16\x03\x01\0", 4) + static_cast<char>(message.size()) + message);
  send(client, std::string(20'000, 'x'));
  ASSERT_TRUE(closes(client));
  EXPECT_THAT(heard, testing::EndsWith(std::string("\x02\x46", 2)));  // fatal, protocol_version
  EXPECT_THAT(refused, ElementsAre(HasSubstr("peer does not speak TLS 1.3")));
}

}  // namespace
}  // namespace tsmtp::net
