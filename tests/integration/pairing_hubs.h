// Three hubs that do not know each other, tokyo being the one that listens, and behind a line that can be
// broken.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/connection.h"
#include "tests/support/hub.h"
#include "tests/support/tcp_proxy.h"

namespace tsmtp::support {

// Beside relayd.
inline std::string relayctl_path() {
  return std::filesystem::path(TSMTP_RELAYD).replace_filename("relayctl").string();
}

class PairingHubs : public ::testing::Test {
 protected:
  PairingHubs() {
    for (Hub* hub : {&tokyo, &birl, &osaka})
      introduce(*hub);
    tokyo.start();
    birl.start();
  }

  void introduce(Hub& hub, const std::string& more = "") {
    const std::string name = &hub == &tokyo ? "tokyo" : &hub == &birl ? "birl" : "osaka";
    hub.configure({}, "domains = [\"" + name + ".example\", \"." + name + ".example\"]\n" + more);
  }

  /// The line's last word: the token. Through the proxy.
  [[nodiscard]] std::string invite(const std::vector<std::string>& more = {}) const {
    return invite_at(proxy_port, more);
  }
  [[nodiscard]] std::string invite_at(std::uint16_t port, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"invite", "birl", "birl.example", "--at",
                                       "127.0.0.1:" + std::to_string(port)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished invited = tokyo.relayctl(arguments);
    EXPECT_EQ(invited.status, 0) << invited.output;
    const std::size_t begin = invited.output.find("relayctl join tsmtp1:");
    if (begin == invited.output.npos) return invited.output;
    const std::string line = invited.output.substr(begin, invited.output.find('\n', begin) - begin);
    EXPECT_LE(line.size(), 120U);
    return line.substr(14);
  }
  [[nodiscard]] static Finished join(const Hub& hub, const std::string& token) {
    return hub.relayctl({"join", token, "--yes"});
  }
  [[nodiscard]] static bool has_file(const Hub& hub, const std::string& site) {
    return std::filesystem::exists(hub.file("sites.d/" + site + ".toml"));
  }
  [[nodiscard]] static std::string words_of(const std::string& text) {
    const std::size_t begin = text.find("words");
    if (begin == text.npos) return "no words";
    const std::size_t first = text.find_first_not_of(' ', begin + 5);
    return text.substr(first, text.find('\n', first) - first);
  }
  [[nodiscard]] bool both_up() const { return is_up(tokyo, "birl") && is_up(birl, "tokyo"); }
  [[nodiscard]] static bool is_up(const Hub& hub, const std::string& site) {
    return wait_until([&] {
      const auto entry = hub.site_status(site);
      return entry.is_object() && entry["state"] == "up";
    });
  }
  /// Both without the site again.
  void part() {
    std::filesystem::remove(tokyo.file("sites.d/birl.toml"));
    std::filesystem::remove(birl.file("sites.d/tokyo.toml"));
    EXPECT_EQ(tokyo.relayctl({"reload"}).status, 0);
    EXPECT_EQ(birl.relayctl({"reload"}).status, 0);
  }

  std::uint16_t link_port = free_port();
  std::uint16_t proxy_port = free_port();
  TcpProxy path{proxy_port, link_port};
  Hub tokyo{"tokyo", link_port};
  Hub birl{"birl", 0};
  Hub osaka{"osaka", 0};
};

}  // namespace tsmtp::support
