// Displays of another site: programs at tokyo, a display at birl that only the test is. A program that shows
// the right cookie speaks with the display, any other one is told why it does not.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <list>
#include <stdexcept>

#include "relayd/forward/x11/authority_file.h"
#include "relayd/forward/x11/setup.h"
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using forward::x11::Authorization;
using forward::x11::ByteOrder;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kTrueCookie = "the true cookie!";

forward::x11::Setup setup_with(const std::string& cookie,
                               ByteOrder order = ByteOrder::kLeastSignificantFirst) {
  return {.order = order,
          .authorization = {.protocol = std::string(forward::x11::kMagicCookie), .data = cookie}};
}

/// Where a display listens.
class FakeDisplay {
 public:
  explicit FakeDisplay(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_, SOMAXCONN), 0);
  }
  ~FakeDisplay() { close(fd_); }
  FakeDisplay(const FakeDisplay&) = delete;
  FakeDisplay& operator=(const FakeDisplay&) = delete;

  /// The next program that says something.
  [[nodiscard]] Connection program() {
    std::optional<Connection> found;
    const bool came = wait_until([&] {
      if (auto next = next_that_speaks()) found.emplace(std::move(*next));
      return found.has_value();
    });
    if (!came) throw std::runtime_error("no program came to the display");
    return std::move(*found);
  }
  [[nodiscard]] bool has_heard_nothing() { return !next_that_speaks(); }

 private:
  // relayd connects for each program, and to see whether the display is there: most say nothing.
  [[nodiscard]] std::optional<Connection> next_that_speaks() {
    for (int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); fd >= 0;
         fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC))
      connections_.emplace_back(fd);
    for (auto connection = connections_.begin(); connection != connections_.end();) {
      char first = 0;
      const ssize_t heard = recv(connection->fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
      if (heard == 1) {
        Connection speaks = std::move(*connection);
        connections_.erase(connection);
        return speaks;
      }
      heard == 0 ? connection = connections_.erase(connection) : ++connection;
    }
    return std::nullopt;
  }

  int fd_;
  std::list<Connection> connections_;
};

class Displays : public TwoHubs {
 protected:
  void SetUp() override {
    write_true_cookie(kTrueCookie);
    start_display();
  }

  void write_true_cookie(const std::string& cookie) {
    constexpr std::uint16_t kWild = 65535;
    write_file(birl.file("own.xauth"),
               forward::x11::encode({{kWild, "", "3", setup_with(cookie).authorization}}));
  }
  [[nodiscard]] std::string service(const std::string& more) const {
    return "\n[[service]]\nname = \"display\"\nto = \"unix:" + birl.file("X3") +
           "\"\nsites = [\"tokyo\"]\nprotocol = \"x11\"\nxauthority = \"" + birl.file("own.xauth") + "\"\n" +
           more + "\n";
  }
  [[nodiscard]] std::string forward_keys() const {
    return "\n[[forward]]\nlisten = [\"unix:" + tokyo.file("X10") +
           "\", \"127.0.0.1:" + std::to_string(display_port) +
           "\"]\nsite = \"birl\"\nservice = \"display\"\nxauthority = \"" + cookie_file() + "\"\n";
  }
  void start_display(const std::string& more = "approve = \"no\"") {
    birl_site_keys = service(more);
    start(forward_keys());
    ASSERT_TRUE(wait_until([&] { return !cookie().empty(); })) << tokyo.log() << birl.log();
  }
  [[nodiscard]] std::string cookie_file() const { return tokyo.file("display.xauth"); }
  /// What programs find for display 10; empty without the file.
  [[nodiscard]] std::string cookie() const {
    const auto entries = forward::x11::parse_authority(read_file(cookie_file()));
    if (!entries) return "";
    const auto found =
        cookie_for({.family = forward::x11::Family::kLocal, .address = "any", .number = "10"}, *entries);
    return found ? found->data : "";
  }
  [[nodiscard]] Connection program() const { return Connection(tokyo.file("X10")); }

  /// The reason that a program is shown, which is all that it gets.
  [[nodiscard]] static std::string reason(Connection& program) {
    const auto header = program.bytes(8);
    if (!header || header->front() != 0) return "no answer Failed";
    const auto text = program.bytes(static_cast<std::size_t>(static_cast<unsigned char>((*header)[1])));
    return text && program.closes() ? *text : "the connection does not end";
  }
  [[nodiscard]] std::string reason_for(const std::string& bytes) const {
    Connection connection = program();
    connection.send(bytes);
    return reason(connection);
  }

  std::uint16_t display_port = free_port();
  FakeDisplay display{birl.file("X3")};
};

TEST_F(Displays, TrueCookieIsShownToTheDisplayAndNowhereElse) {
  EXPECT_NE(cookie(), kTrueCookie);
  for (const ByteOrder order : {ByteOrder::kLeastSignificantFirst, ByteOrder::kMostSignificantFirst}) {
    Connection client = program();
    ASSERT_TRUE(client.send(forward::x11::encode(setup_with(cookie(), order)) + "requests"));
    auto shown = display.program();
    const std::string wanted = forward::x11::encode(setup_with(kTrueCookie, order)) + "requests";
    EXPECT_EQ(shown.bytes(wanted.size()), wanted);
    ASSERT_TRUE(shown.send("replies"));
    EXPECT_EQ(client.bytes(7), "replies");
  }
  for (const auto& file : std::filesystem::recursive_directory_iterator(tokyo.file("")))
    if (file.is_regular_file()) {
      EXPECT_THAT(read_file(file.path()), ::testing::Not(HasSubstr(kTrueCookie))) << file.path();
    }
}

TEST_F(Displays, ProgramsComeByTcpToo) {
  Connection client("127.0.0.1", display_port);
  ASSERT_TRUE(client.send(forward::x11::encode(setup_with(cookie()))));
  auto shown = display.program();
  EXPECT_TRUE(shown.bytes(forward::x11::encode(setup_with(kTrueCookie)).size()));
}

TEST_F(Displays, SetupMayDribbleIn) {
  Connection client = program();
  for (const char byte : forward::x11::encode(setup_with(cookie())))
    ASSERT_TRUE(client.send(std::string(1, byte)));
  auto shown = display.program();
  const std::string wanted = forward::x11::encode(setup_with(kTrueCookie));
  EXPECT_EQ(shown.bytes(wanted.size()), wanted);
}

TEST_F(Displays, WrongSetupsAreAnsweredInXAndTheDisplayHearsNothing) {
  EXPECT_THAT(reason_for(forward::x11::encode(setup_with("0123456789abcdef"))),
              StartsWith("tsmtp: wrong cookie"));
  EXPECT_THAT(reason_for(forward::x11::encode(setup_with(kTrueCookie))), StartsWith("tsmtp: wrong cookie"));
  EXPECT_THAT(reason_for(forward::x11::encode(setup_with(cookie().substr(1)))),
              StartsWith("tsmtp: wrong cookie"));
  EXPECT_THAT(reason_for(std::string("B\0\0\x0b\0\0\0\0\0\0\0\0", 12)), StartsWith("tsmtp: no cookie"));
  EXPECT_THAT(reason_for(std::string("B\0\0\x0b\0\0\xff\xff\xff\xff\0\0", 12)),
              StartsWith("tsmtp: wrong connection setup"));
  Connection no_program = program();
  no_program.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(no_program.closes()) << "nothing can be said without a byte order";
  EXPECT_TRUE(display.has_heard_nothing());
  EXPECT_TRUE(birl.logs("wrong cookie"));
}

TEST_F(Displays, ProgramThatSaysNothingHarmsNobody) {
  Connection silent = program();
  Connection half = program();
  half.send("B");
  Connection gone = program();
  gone.send("B");
  gone.reset();
  Connection client = program();
  client.send(forward::x11::encode(setup_with(cookie())));
  EXPECT_TRUE(display.program().bytes(1));
}

TEST_F(Displays, ProgramThatIsRefusedAndStaysIsBrokenOff) {
  Connection client = program();
  client.send(forward::x11::encode(setup_with("0123456789abcdef")));
  EXPECT_TRUE(client.bytes(8));
  EXPECT_TRUE(birl.logs("refused: the program showed a wrong cookie")) << "its line comes when it is over";
}

TEST_F(Displays, TrueCookieIsReadAnewForEachConnection) {
  write_true_cookie("another of these");
  Connection client = program();
  client.send(forward::x11::encode(setup_with(cookie())));
  const std::string wanted = forward::x11::encode(setup_with("another of these"));
  EXPECT_EQ(display.program().bytes(wanted.size()), wanted);

  std::filesystem::remove(birl.file("own.xauth"));
  EXPECT_THAT(reason_for(forward::x11::encode(setup_with(cookie()))), HasSubstr("cookie cannot be read"));
  EXPECT_TRUE(birl.logs(birl.file("own.xauth") + ": the display's cookie cannot be read"));
  EXPECT_TRUE(display.has_heard_nothing());
}

TEST_F(Displays, CookieIsAnotherAfterEachStart) {
  const std::string first = cookie();
  birl.kill();
  birl.start();
  ASSERT_TRUE(wait_until([&] { return !cookie().empty() && cookie() != first; })) << cookie();
  ASSERT_TRUE(wait_until([&] { return access(tokyo.file("X10").c_str(), F_OK) == 0; }));
  EXPECT_THAT(reason_for(forward::x11::encode(setup_with(first))), StartsWith("tsmtp: wrong cookie"));
}

TEST_F(Displays, CookieGoesWithTheForwardAndComesWithIt) {
  configure();
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(wait_until([&] { return access(cookie_file().c_str(), F_OK) != 0; }));
  EXPECT_NE(access(tokyo.file("X10").c_str(), F_OK), 0);
  configure(forward_keys());
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(wait_until([&] { return !cookie().empty(); }));
  Connection client = program();
  client.send(forward::x11::encode(setup_with(cookie())));
  EXPECT_TRUE(display.program().bytes(1));
}

TEST_F(Displays, CookieOfAServiceThatWasAwayIsAnother) {
  const std::string first = cookie();
  birl_site_keys.clear();
  configure(forward_keys());
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(wait_until([&] { return access(tokyo.file("X10").c_str(), F_OK) != 0; }));
  birl_site_keys = service("approve = \"no\"");
  configure(forward_keys());
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(wait_until([&] { return !cookie().empty() && cookie() != first; }));
}

}  // namespace
}  // namespace tsmtp::support
