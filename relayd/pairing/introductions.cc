#include "relayd/pairing/introductions.h"

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/base/host_port.h"

namespace tsmtp::pairing {

base::Result<std::vector<std::string>> checked_domains(const std::vector<std::string>& domains) {
  base::DomainSet set;
  for (const std::string& domain : domains) {
    if (domain == ".") return base::Error{"\".\" would be every domain there is"};
    if (std::count(set.patterns().begin(), set.patterns().end(), base::ascii_lower(domain)) > 0) continue;
    if (auto ok = set.add(domain); !ok) return ok.error();
  }
  return set.patterns();
}

base::Result<void> check_addresses(const std::vector<std::string>& addresses) {
  // They will stand in a file of ours.
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]%";
  for (const std::string& address : addresses) {
    if (auto ok = base::parse_host_port(address); !ok) return ok.error();
    if (address.find_first_not_of(kPlain) != address.npos)
      return base::Error{"\"" + base::escaped(address) + "\" is no address"};
  }
  return {};
}

std::string first_label(std::string_view domain) {
  if (domain.starts_with('.')) domain.remove_prefix(1);
  return std::string(domain.substr(0, domain.find('.')));
}

bool is_site_name(std::string_view name) {
  constexpr std::size_t kMost = 63;
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= kMost && name.front() != '.' && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), is_plain);
}

bool covers(std::string_view invited, std::string_view domain) {
  if (invited == domain) return true;
  const std::string below = invited.starts_with('.') ? std::string(invited) : '.' + std::string(invited);
  return domain == below || domain.ends_with(below);
}

std::optional<Conflict> conflict_of(const std::vector<std::string>& domains, const Taken& taken) {
  const auto has = [](const base::DomainSet& set, const std::string& domain) {
    return std::count(set.patterns().begin(), set.patterns().end(), domain) > 0;
  };
  for (const std::string& domain : domains) {
    if (has(taken.own_domains, domain)) return Conflict{domain, "this hub"};
    for (const settings::Site& site : taken.sites)
      if (has(site.rules.domains, domain)) return Conflict{domain, "site \"" + site.name + '"'};
  }
  return std::nullopt;
}

std::vector<std::string> notes_on(const std::vector<std::string>& domains, const Taken& taken) {
  std::vector<std::string> notes;
  const auto note_those_below = [&](const std::string& domain, const base::DomainSet& others,
                                    const std::string& owner) {
    for (const std::string& other : others.patterns())
      if (domain != other && domain.starts_with('.') && covers(domain, other))
        notes.push_back(domain + " takes in " + other + ", which is a domain of " + owner);
  };
  for (const std::string& domain : domains) {
    if (first_label(domain).size() + (domain.starts_with('.') ? 1 : 0) == domain.size())
      notes.push_back(domain + " is a top-level domain" +
                      (domain.starts_with('.') ? ", the whole of it" : ""));
    note_those_below(domain, taken.own_domains, "this hub");
    for (const settings::Site& site : taken.sites)
      note_those_below(domain, site.rules.domains, "site \"" + site.name + '"');
  }
  return notes;
}

const settings::Site* site_of_key(std::string_view pin, const Taken& taken) {
  const auto found = std::find_if(taken.sites.begin(), taken.sites.end(), [&](const settings::Site& site) {
    const std::vector<std::string> pins = site.pins();
    return std::find(pins.begin(), pins.end(), pin) != pins.end();
  });
  return found == taken.sites.end() ? nullptr : &*found;
}

bool is_revoked(std::string_view pin, const Taken& taken) {
  return std::find(taken.revoked.begin(), taken.revoked.end(), pin) != taken.revoked.end();
}

bool is_dead(const settings::Site& site, const Taken& taken) {
  const std::vector<std::string> pins = site.pins();
  return std::all_of(pins.begin(), pins.end(),
                     [&](const std::string& pin) { return is_revoked(pin, taken); });
}

const settings::Site* site_of_name(std::string_view name, const Taken& taken) {
  const auto found = std::find_if(taken.sites.begin(), taken.sites.end(),
                                  [&](const settings::Site& site) { return site.name == name; });
  return found == taken.sites.end() ? nullptr : &*found;
}

Taken without(const Taken& taken, std::string_view site) {
  Taken others = taken;
  std::erase_if(others.sites, [&](const settings::Site& one) { return one.name == site; });
  return others;
}

bool has_hub(const settings::Site& site, std::string_view name) {
  return std::any_of(site.hubs.begin(), site.hubs.end(),
                     [&](const settings::SiteHub& hub) { return hub.name == name; });
}

bool is_name_taken(std::string_view name, const Taken& taken) {
  return name == taken.hub_name || std::any_of(taken.sites.begin(), taken.sites.end(),
                                               [&](const settings::Site& site) { return site.name == name; });
}

}  // namespace tsmtp::pairing
