// Makes a site of a hub that has been paired with: a file of its own in the folder of sites, an address that
// nobody uses, and a reload. All of it or nothing.
#pragma once

#include <functional>
#include <string>

#include "relayd/base/result.h"
#include "relayd/pairing/joiner.h"
#include "relayd/settings/config.h"

namespace tsmtp::daemon {

class SiteMaker {
 public:
  /// Lent by the running relayd.
  struct Host {
    std::string config_file;  ///< the whole path of relayd.toml
    std::function<const settings::Config&()> config;
    std::function<base::Result<void>()> can_reload;
    std::function<base::Result<std::string>()> reload;
    std::function<std::vector<std::string>()> revoked;  ///< pins
  };

  explicit SiteMaker(Host host) : host_(std::move(host)) {}

  /// The names, domains and keys that this hub has already.
  [[nodiscard]] pairing::Taken taken() const;
  /// Whether a site of this name could be made: its file is not there, its folder can be written, and what is
  /// on the disk can be taken into use. Makes the folder if it can.
  [[nodiscard]] base::Result<void> check(const std::string& name) const;
  /// Whether that site could be given a hub more: its file holds nothing else, and can be written.
  [[nodiscard]] base::Result<void> check_hub_of(const std::string& site) const;
  /// Makes it, or adds it to the hubs of a site; `by` is the command that it is written down to. Returns the
  /// file's path.
  [[nodiscard]] base::Result<std::string> make(const pairing::NewSite& site, const std::string& by) const;

 private:
  [[nodiscard]] base::Result<std::string> add_hub(const pairing::NewSite& hub) const;
  [[nodiscard]] base::Result<std::string> path_for(const std::string& name) const;

  Host host_;
};

}  // namespace tsmtp::daemon
