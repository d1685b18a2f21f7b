// A site of several hubs: tokyo dials each hub of the site birl, and each has an MTA that does what the test
// says.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/connection.h"
#include "tests/support/fake_mta.h"
#include "tests/support/hub.h"
#include "tests/support/tcp_proxy.h"

namespace tsmtp::support {

class SeveralHubs : public ::testing::Test {
 protected:
  /// A hub of birl: mail1, mail2, …
  struct FarHub {
    explicit FarHub(const std::string& its_name) : name(its_name), hub(its_name, link_port) {}

    std::string name;
    std::uint16_t link_port = free_port();
    std::uint16_t path_port = free_port();
    std::uint16_t endpoint_port = free_port();
    std::uint16_t mta_port = free_port();
    FakeMta mta{mta_port};
    TcpProxy path{path_port, link_port};
    Hub hub;
  };

  void TearDown() override;

  /// Makes and configures so many, starts all and waits for their links. `keys`: further ones of tokyo's
  /// [[site]] birl.
  void start(std::size_t hubs, const std::string& keys = "");
  FarHub& add_hub();
  /// Tokyo's [[site]] with all of far, or the hubs of these numbers.
  void configure_tokyo(const std::string& keys, const std::vector<std::size_t>& which = {});
  void configure(FarHub& far) const;

  /// Tokyo's status of that hub.
  [[nodiscard]] nlohmann::json status_of(const std::string& hub) const;
  /// Waits until that hub takes mail, as tokyo sees it; until it does not.
  [[nodiscard]] bool takes_mail(const std::string& hub) const;
  [[nodiscard]] bool takes_no_mail(const std::string& hub) const;

  [[nodiscard]] Connection session() const;
  /// From MAIL to the end of content on an open session; returns the final reply, or the first refusal.
  [[nodiscard]] static std::string send_mail(Connection& session, const std::string& content);
  /// Tries it as an MTA does, until it is answered with 2yz or 5yz.
  [[nodiscard]] std::string deliver(const std::string& content) const;
  /// How often it came, at all hubs together.
  [[nodiscard]] std::size_t copies(const std::string& content) const;

  std::string far_site_keys;  ///< further ones of each far hub's [[site]] tokyo
  std::uint16_t tokyo_mta_port = free_port();
  std::uint16_t endpoint_port = free_port();
  FakeMta tokyo_mta{tokyo_mta_port};
  Hub tokyo{"tokyo", 0};
  std::vector<std::unique_ptr<FarHub>> far;
};

}  // namespace tsmtp::support
