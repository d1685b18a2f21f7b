// The fixture of most integration tests: tokyo dials birl, each with an MTA that does what the test says.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/connection.h"
#include "tests/support/fake_mta.h"
#include "tests/support/hub.h"
#include "tests/support/tcp_proxy.h"

namespace tsmtp::support {

class TwoHubs : public ::testing::Test {
 protected:
  TwoHubs();
  void SetUp() override { start(); }
  void TearDown() override;

  /// Configures both and waits for the link. `keys`: further ones of tokyo's [[site]] birl.
  void start(const std::string& keys = "");
  void configure(const std::string& tokyo_site_keys = "", const std::string& tokyo_hub_keys = "");
  [[nodiscard]] bool link_is_up() const { return tokyo.wait_for_link("birl") && birl.wait_for_link("tokyo"); }

  /// A session at tokyo's endpoint for birl, greeted, and the latter EHLOed too.
  [[nodiscard]] Connection raw_session();
  [[nodiscard]] Connection session();
  /// From MAIL to the end of content on an open session; returns the final reply, or the first refusal.
  [[nodiscard]] static std::string send_mail(Connection& session, const std::string& content,
                                             const std::string& from = "a@tokyo.example",
                                             const std::string& to = "b@birl.example");
  /// MAIL, RCPT, DATA and the content up to, not including, the final dot.
  static void begin_mail(Connection& session, const std::string& content);

  /// Where tokyo's MTA hands mail for birl over.
  [[nodiscard]] static std::string endpoint_address();
  /// Where birl's MTA hands mail for tokyo over; the port is the same.
  [[nodiscard]] static std::string far_endpoint_address();
  /// For a further site.
  [[nodiscard]] static std::string third_address();

  std::string birl_site_keys;  ///< further ones of birl's [[site]] tokyo, for configure()
  std::uint16_t link_port = free_port();
  std::uint16_t proxy_port = free_port();
  std::uint16_t endpoint_port = free_port();
  std::uint16_t tokyo_mta_port = free_port();
  std::uint16_t birl_mta_port = free_port();
  FakeMta tokyo_mta{tokyo_mta_port};
  FakeMta birl_mta{birl_mta_port};
  TcpProxy path{proxy_port, link_port};
  Hub tokyo{"tokyo", 0};
  Hub birl{"birl", link_port};
};

}  // namespace tsmtp::support
