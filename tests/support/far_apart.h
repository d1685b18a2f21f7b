// The fixture of tests on an emulated link: tokyo at the near end dials birl at the far end, 100 ms away.
// Needs root, for the network namespaces.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/connection.h"
#include "tests/support/emulated_link.h"
#include "tests/support/fake_mta.h"
#include "tests/support/hub.h"

namespace tsmtp::support {

/// Tokyo at the near end dials birl at the far end. Each end has addresses and ports to itself.
class FarApart : public ::testing::Test {
 protected:
  static constexpr char kEndpoint[] = "127.0.5.2";
  static constexpr std::uint16_t kEndpointPort = 5000;
  static constexpr std::uint16_t kMtaPort = 25;

  /// `keys`: further ones of both [[site]] entries, or of tokyo's, if birl has `far_keys`. `path`: as
  /// EmulatedLink takes it.
  explicit FarApart(const std::string& keys = "", const std::string& far_keys = "",
                    const std::vector<std::string>& path = {"--delay", "50"})
      : link(path) {
    tokyo.configure({{.name = "birl",
                      .pin = birl.pin(),
                      .dial = {std::string(EmulatedLink::kFarAddress) + ":5443"},
                      .address = kEndpoint,
                      .port = kEndpointPort,
                      .deliver = kMtaPort,
                      .more = keys}});
    birl.configure({{.name = "tokyo",
                     .pin = tokyo.pin(),
                     .dial = {},
                     .address = "127.0.5.3",
                     .port = kEndpointPort,
                     .deliver = kMtaPort,
                     .more = far_keys.empty() ? keys : far_keys}},
                   std::string("listen = [\"") + EmulatedLink::kFarAddress + ":5443\"]");
  }

  void SetUp() override {
    {
      const Inside far(link.far());
      birl_mta = std::make_unique<FakeMta>(kMtaPort);
      birl.start();
    }
    near = std::make_unique<Inside>(link.near());
    tokyo_mta = std::make_unique<FakeMta>(kMtaPort);
    tokyo.start();
    ASSERT_TRUE(tokyo.wait_for_link("birl")) << tokyo.log() << birl.log();
  }

  static Connection session() {
    Connection client(kEndpoint, kEndpointPort);
    EXPECT_THAT(client.reply(), ::testing::StartsWith("220 "));
    EXPECT_THAT(client.command("EHLO mx.tokyo.example"), ::testing::StartsWith("250-"));
    return client;
  }

  /// As sendmail does it: MAIL waits, RCPT and DATA go together.
  static void send_mail(Connection& client) {
    EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), ::testing::StartsWith("250 "));
    EXPECT_THAT(client.command("RCPT TO:<b@birl.example>\r\nDATA"), ::testing::StartsWith("250 "));
    EXPECT_THAT(client.reply(), ::testing::StartsWith("354 "));
    client.send("Subject: near and far\r\n\r\n" + std::string(4000, 'x') + "\r\n");
    EXPECT_THAT(client.command("."), ::testing::StartsWith("250 "));
  }

  EmulatedLink link;
  Hub tokyo{"tokyo", 0};
  Hub birl{"birl", 0};
  std::unique_ptr<Inside> near;  // the test itself is at the near end
  std::unique_ptr<FakeMta> birl_mta;
  std::unique_ptr<FakeMta> tokyo_mta;
};

}  // namespace tsmtp::support
