// The facts of relayd's configuration that sendmail has to know: the sites with their addresses and domains,
// and this hub's own domains.
#pragma once

#include <string>
#include <vector>

#include "relayd/settings/config.h"

namespace tsmtp::sendmail {

/// The place where relayd hands over mail from a site.
struct Delivery {
  std::string site;
  std::string address;
  unsigned port = 25;
};

struct SiteFacts {
  std::string name;
  std::string address;                ///< where its mail comes from: "127.0.5.2"
  std::string host;                   ///< where mail for it goes: the same, or its endpoint's
  std::string alias;                  ///< its address in /etc/hosts: "birl.tsmtp"
  std::vector<std::string> patterns;  ///< its domains, as relayd.toml has them: ".birl.example" too
  bool any_sender = false;

  /// Its domains, each once and without a leading dot.
  [[nodiscard]] std::vector<std::string> names() const;
};

struct HubFacts {
  std::vector<SiteFacts> sites;
  std::vector<std::string> own_domains;
  std::vector<Delivery> deliveries;   ///< to addresses and ports
  unsigned port = 5000;               ///< of the endpoints
  std::vector<std::string> findings;  ///< what one sendmail.cf cannot express
  std::vector<std::string> notes;     ///< of sites that are left out
};

[[nodiscard]] HubFacts facts_of(const settings::Config& config);

}  // namespace tsmtp::sendmail
