// The two blocks in sendmail.mc that make mail for the sites go by tsmtp: features before the mailers, and
// our mailer behind them. Nothing else of the file is touched. A line that does not go together with the
// blocks is a finding.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sendmail/plan/hub_facts.h"
#include "sendmail/plan/mc_calls.h"

namespace tsmtp::sendmail {

/// A map that the .mc has sendmail read.
struct MapPlace {
  std::string type = "hash";
  std::string text = "/etc/mail/mailertable";  ///< its database has .db behind it
  bool is_file = true;                         ///< and can be built here
};

/// The settings of the .mc itself, without our blocks.
struct McFacts {
  bool has_mailertable = false;
  MapPlace mailertable;
  std::optional<MapPlace> access;
  bool reads_local_names = false;  ///< FEATURE(`use_cw_file')
  std::string local_names = "/etc/mail/local-host-names";
  bool limits_clients = false;        ///< ratecontrol, conncontrol or greet_pause
  std::size_t features_at = 0;        ///< offset where our features go
  std::size_t mailer_at = 0;          ///< offset where our mailer goes
  std::vector<std::string> findings;  ///< why it cannot be done
  std::vector<std::string> notes;     ///< what an administrator should know
};

/// Looks at `mc`, the text without our blocks, of the file `name`, and at what it includes.
[[nodiscard]] McFacts look_at_mc(std::string_view mc, const std::string& name,
                                 const Included& included = nullptr);

/// The settings that the blocks have to make.
struct McWish {
  unsigned port = 5000;
  bool add_local_names = false;            ///< the file of names is to be read, and is not yet
  std::vector<std::string> local_domains;  ///< for class w, where the file of names is not to be read
  bool lists_for_all = false;  ///< option `lists' of the feature, where there is no access map for it
  struct Route {
    std::string user;
    std::string domain;
    std::string host;
  };
  std::vector<Route> only;  ///< not empty: these addresses, and nothing else, go by tsmtp
};

/// `mc` with the blocks. It must have no findings.
[[nodiscard]] std::string with_blocks(std::string_view mc, const McFacts& facts, const McWish& wish);

}  // namespace tsmtp::sendmail
