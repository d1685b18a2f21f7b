// Whether a hub's introduction can be believed and used here: the checks that each side makes of the other,
// by the sites that there are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "relayd/base/domain.h"
#include "relayd/pairing/message.h"
#include "relayd/settings/site.h"

namespace tsmtp::pairing {

/// The names, domains and keys that this hub has already.
struct Taken {
  std::string hub_name;
  bool is_named = true;  ///< else the name is only that of the machine, such as "mail"
  base::DomainSet own_domains;
  std::vector<settings::Site> sites;
  std::vector<std::string> revoked{};  ///< keys that are refused here, for good
};

/// The domain patterns, checked and folded, each once; an error names the first that is wrong.
[[nodiscard]] base::Result<std::vector<std::string>> checked_domains(const std::vector<std::string>& domains);
/// HOST:PORT each.
[[nodiscard]] base::Result<void> check_addresses(const std::vector<std::string>& addresses);
/// "tokyo" of "tokyo.example" and ".tokyo.example".
[[nodiscard]] std::string first_label(std::string_view domain);
/// Of a site, and of the file that it gets.
[[nodiscard]] bool is_site_name(std::string_view name);

/// Whether `invited`, a domain, or one that begins with a dot, covers the pattern `domain`: `birl.example`
/// covers itself and all names below it.
[[nodiscard]] bool covers(std::string_view invited, std::string_view domain);

/// Of `domains` the first that is ours or a site's already; and whose.
struct Conflict {
  std::string domain;
  std::string owner;  ///< "this hub", or "site \"birl\""
};
[[nodiscard]] std::optional<Conflict> conflict_of(const std::vector<std::string>& domains,
                                                  const Taken& taken);

/// What an administrator may overlook in the domains of a hub that is to become a site, a sentence each:
/// whole top-level domains, and what is ours or another site's and lies below one of them.
[[nodiscard]] std::vector<std::string> notes_on(const std::vector<std::string>& domains, const Taken& taken);

/// The site that has pinned this key; null if none has.
[[nodiscard]] const settings::Site* site_of_key(std::string_view pin, const Taken& taken);
[[nodiscard]] bool is_revoked(std::string_view pin, const Taken& taken);
/// All keys of the site are revoked.
[[nodiscard]] bool is_dead(const settings::Site& site, const Taken& taken);
/// Whether a site, or this hub, has this name.
/// The site of that name; null if there is none.
[[nodiscard]] const settings::Site* site_of_name(std::string_view name, const Taken& taken);
/// For a hub more of that site: all but what it shares with the site.
[[nodiscard]] Taken without(const Taken& taken, std::string_view site);
/// Whether one of the site's hubs is called so.
[[nodiscard]] bool has_hub(const settings::Site& site, std::string_view name);
[[nodiscard]] bool is_name_taken(std::string_view name, const Taken& taken);

}  // namespace tsmtp::pairing
