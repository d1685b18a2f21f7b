// Two hubs, a service at birl, and a forward to it at tokyo.
#pragma once

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/support/service.h"
#include "tests/support/two_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {

class Forwarding : public TwoHubs {
 protected:
  void SetUp() override { set_up(); }

  /// `service_keys`, `forward_keys`: further ones.
  void set_up(const std::string& service_keys = "", const std::string& forward_keys = "") {
    configure_forward(service_keys, forward_keys);
    birl.start();
    tokyo.start();
    ASSERT_TRUE(link_is_up()) << tokyo.log() << birl.log();
    ASSERT_TRUE(opens()) << tokyo.log() << birl.log();
  }

  void configure_forward(const std::string& service_keys = "", const std::string& forward_keys = "",
                         const std::string& more_at_birl = "", const std::string& more_at_tokyo = "") {
    birl_site_keys = "\n[[service]]\nname = \"echo\"\nto = \"127.0.0.1:" + std::to_string(service.port()) +
                     "\"\nsites = [\"tokyo\"]\n" + service_keys + "\n" + more_at_birl;
    configure("dial_interval = \"1s\"\npeer_timeout = \"5s\"\n[[forward]]\nlisten = [\"127.0.0.1:" +
              std::to_string(port) + "\", \"unix:" + socket_path() +
              "\"]\nsite = \"birl\"\nservice = \"echo\"\n" + forward_keys + "\n" + more_at_tokyo);
  }

  [[nodiscard]] std::string socket_path() const { return tokyo.file("forward.sock"); }
  /// Whether programs can connect, sooner or later.
  [[nodiscard]] bool opens() const { return tokyo.logs("forward to echo: open to programs here at unix:"); }
  [[nodiscard]] bool closes() const {
    return wait_until([&] { return try_to_connect("127.0.0.1", port) == ECONNREFUSED; });
  }
  [[nodiscard]] Connection program() const { return {"127.0.0.1", port}; }

  /// A program and the service, connected with each other.
  struct Pair {
    Connection program;
    Connection service;
  };
  [[nodiscard]] Pair connect() {
    Connection client = program();
    client.send("hello\n");
    Connection server = service.accept();
    EXPECT_EQ(server.line(), "hello\n");
    return {std::move(client), std::move(server)};
  }

  std::uint16_t port = free_port();
  Service service{free_port()};
};

}  // namespace tsmtp::support
