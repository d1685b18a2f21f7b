#include "relayd/control/status_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/control/sample.h"

namespace tsmtp::control {
namespace {

TEST(StatusJson, SurvivesAnyBytes) {
  HubStatus hub = sample_hub();
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    bytes += static_cast<char>(byte);
  hub.name = hub.config_file = hub.last_reload_error = hub.version = hub.fingerprint = bytes;
  hub.listen = {bytes};
  hub.refused_keys = {{.pin = bytes, .address = bytes, .last = hub.now, .times = 1}};
  SiteStatus& site = hub.sites[0];
  site.name = site.cause = site.peer_address = site.peer_name = site.tls = site.far_mta = bytes;
  site.endpoints = {bytes};
  hub.audit->target = hub.audit->trouble = bytes;
  const auto parsed = nlohmann::json::parse(status_json(hub), nullptr, false);
  ASSERT_FALSE(parsed.is_discarded());
  EXPECT_EQ(parsed["sites"][0]["cause"].get<std::string>().substr(0, 128), bytes.substr(0, 128));
}

TEST(StatusJson, EmptyHub) {
  const auto parsed = nlohmann::json::parse(status_json(HubStatus{}), nullptr, false);
  ASSERT_TRUE(parsed.is_object());
  EXPECT_TRUE(parsed["sites"].is_array());
  EXPECT_TRUE(parsed["listen"].is_array());
  EXPECT_TRUE(parsed["audit"].is_null());
}

TEST(StatusJson, TheLastRefusedMail) {
  HubStatus hub = sample_hub();
  hub.sites[0].in.last_refused = {
      .when = hub.now, .sender = "a@b", .recipient = "c@d", .reply = "550 no", .advice = ""};
  const auto site = nlohmann::json::parse(status_json(hub))["sites"][0];
  EXPECT_EQ(site["out"]["last_refused"], nullptr);
  EXPECT_EQ(site["in"]["last_refused"], (nlohmann::json{{"when", "2026-03-01T12:03:04Z"},
                                                        {"sender", "a@b"},
                                                        {"recipient", "c@d"},
                                                        {"reply", "550 no"},
                                                        {"advice", nullptr}}));
}

}  // namespace
}  // namespace tsmtp::control
