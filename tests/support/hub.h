// A hub under test: a directory with relayd.toml, an identity, and a relayd that runs there.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::support {

/// A [[site]] of a hub. Domains are NAME.example and below, unless said otherwise.
struct SiteEntry {
  std::string name;
  std::string pin;
  std::vector<std::string> dial;  ///< HOST:PORT
  std::string address;            ///< 127.x.y.z, with `port` the endpoint
  std::uint16_t port = 0;
  std::uint16_t deliver = 0;
  std::string more;     ///< further keys, as TOML
  std::string local{};  ///< whose domain it accepts recipients of; empty: the hub's name
};

class Hub {
 public:
  /// `listen` 0: dials out only.
  Hub(std::string name, std::uint16_t listen);

  /// What it has logged is looked at: each line has a row in relayd/daemon/log_lines.h.
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  [[nodiscard]] std::string pin() const { return pin_; }
  [[nodiscard]] std::string file(const std::string& name) const { return directory_.file(name); }
  [[nodiscard]] std::string config() const { return file("relayd.toml"); }
  /// Writes relayd.toml.
  void configure(const std::vector<SiteEntry>& sites, const std::string& hub_keys = "");
  /// Starts relayd in the foreground and waits until it serves.
  void start();
  /// Starts it and does not wait.
  void launch(const std::vector<std::string>& arguments = {"--foreground"});
  [[nodiscard]] Process& process() { return *process_; }
  void kill();
  [[nodiscard]] std::string log() const { return read_file(file("log")); }
  [[nodiscard]] bool logs(const std::string& text) const;

  [[nodiscard]] Finished relayctl(std::vector<std::string> arguments) const;
  [[nodiscard]] nlohmann::json status() const;
  [[nodiscard]] nlohmann::json site_status(const std::string& site) const;
  /// Waits until the link is up and the far MTA known.
  [[nodiscard]] bool wait_for_link(const std::string& site) const;
  [[nodiscard]] bool wait_for_link_down(const std::string& site) const;

 private:
  std::string name_;
  std::uint16_t listen_;
  TemporaryDirectory directory_;
  std::string pin_;
  std::unique_ptr<Process> process_;
};

/// The first pin that no key has: 32 zero bytes.
[[nodiscard]] std::string nobodys_pin();

}  // namespace tsmtp::support
