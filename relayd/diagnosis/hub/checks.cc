#include "relayd/diagnosis/hub/checks.h"

#include <algorithm>
#include <array>

namespace tsmtp::diagnosis {
namespace {

// In the order of what depends on what: the first finding is the one to begin with.
constexpr std::array kChecks{
    Check{"configuration", "relayd.toml and the files that it includes have no mistakes",
          check_configuration},
    Check{"included", "each file beside the included ones is read, too", check_included},
    Check{"overlaps", "no domain is behind two sites", check_overlaps},
    Check{"user", "there is the user that relayd is to be, and relayd is that user and not root", check_user},
    Check{"permissions",
          "configuration, key, state and control socket belong to those users, and are open to those, that "
          "they "
          "should",
          check_permissions},
    Check{"key", "this hub's key can be read, is the one that\n.Xr relayd 8\nshows, and is not old",
          check_key},
    Check{"pins", "no pin of a site is revoked, or this hub's own", check_pins},
    Check{"disks", "the file systems of state, queue and logs have room, and can be written", check_disks},
    Check{"clock", "the clock is right, is kept right, and has not jumped", check_clock},
    Check{"running", ".Xr relayd 8\nruns, and answers at its control socket", check_running},
    Check{"binary", "it is the program that is installed", check_binary},
    Check{"loaded", "it has read the configuration as it is now", check_loaded},
    Check{"state", "its ledger can be written, it is watched, and its endpoints are held", check_state},
    Check{"audit", "its audit record can be written", check_audit},
    Check{"descriptors", "it may have descriptors enough, and was short of nothing", check_descriptors},
    Check{"services", "what mail needs is started when the host boots", check_services},
    Check{"dial names", "the names in\n.Ic dial\nresolve, and not to this host", check_dial_names},
    Check{"site addresses", "no site's address is an alias on an interface", check_site_addresses},
    Check{"endpoints", "at each endpoint\n.Xr relayd 8\nlistens, and nobody else", check_endpoints},
    Check{"listen", "so it does at\n.Ic listen\nand\n.Ic metrics", check_listen},
    Check{"packet filter", "this host's packet filter lets the sites in", check_packet_filter},
    Check{"links", "the links are up", check_links},
    Check{"far side", "the sites' hubs and we reach our MTAs, and no mail was refused for want of a setting",
          check_far_side},
    Check{"versions", "the relayds at both ends know the same", check_versions},
    Check{"rotation", "the sites have this hub's present key", check_rotation},
    Check{"forwards", "forwards are open, and services answer", check_forwards},
    Check{"invitations", "no invitation has failed or expired", check_invitations},
    Check{"strangers", "nobody dials with a key that is pinned nowhere", check_strangers},
    Check{"mta", "our MTA answers where it should, and takes mail from the sites' addresses", check_mta},
    Check{"relaying", "it does not relay from there to anywhere", check_relaying},
    Check{"load", "the load lets sendmail deliver", check_load},
    Check{"sendmail.cf", "sendmail.cf is what m4 makes of sendmail.mc", check_cf},
    Check{"features", "sendmail.cf has the mailer tsmtp, fails closed, and knows the sites", check_features},
    Check{"restarted", "the sendmail that runs has read it, and the lists that it names", check_restarted},
    Check{"mailer", "its mailer goes to the port of the endpoints", check_mailer},
    Check{"mail files", "sendmail's files can be written by their owner only", check_mail_files},
    Check{"tables", "mailertable, access map and tsmtp-sites are built of their texts", check_tables_built},
    Check{"mailertable", "the mailertable leads each site's domains, and nothing else, to the site",
          check_mailertable},
    Check{"closed domains", "the list of tunnel-only domains has those of the sites, and no others",
          check_closed_domains},
    Check{"local names", "sendmail takes no site's domain for its own, and its own for its own",
          check_local_names},
    Check{"senders", "tsmtp-sites says which senders come from which site", check_senders},
    Check{"access", "the access map refuses no site, and lets none relay", check_access},
    Check{"site names", "/etc/hosts has a name for each site's address", check_site_names},
    Check{"host name", "this host's name has a domain", check_host_name},
    Check{"routes", "sendmail, if it is asked, sends mail for each domain of a site to the site",
          check_routes},
    Check{"queue", "no mail for a site waits in sendmail's queue with a reason", check_queue},
};

constexpr std::size_t kMostOfOne = 20;

/// A table with a thousand wrong lines has one cause.
void add_some(std::vector<Finding>& all, std::vector<Finding> found) {
  if (found.size() > kMostOfOne) {
    const std::size_t more = found.size() - kMostOfOne;
    found.resize(kMostOfOne);
    found.back().text += " (and " + std::to_string(more) + " more like this)";
  }
  all.insert(all.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
}

}  // namespace

std::span<const Check> checks() {
  return kChecks;
}

std::vector<Finding> examine(const HubFacts& facts) {
  std::vector<Finding> all;
  for (const Check& check : kChecks) {
    Report report;
    report.begin(check.name);
    check.judge(facts, report);
    add_some(all, report.take());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
  return all;
}

}  // namespace tsmtp::diagnosis
