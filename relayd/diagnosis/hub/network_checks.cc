// Names, addresses and ports: whether they lead where the configuration means, and who is there.
#include <algorithm>
#include <set>

#include "relayd/base/bytes.h"
#include "relayd/base/host_port.h"
#include "relayd/diagnosis/hub/checks.h"
#include "relayd/diagnosis/hub/places.h"
#include "sendmail/plan/cf_maps.h"

namespace tsmtp::diagnosis {
namespace {

constexpr const char* kHosts = "/etc/hosts";

struct HostsLine {
  int line;
  std::string address;
  std::vector<std::string> names;
};

std::vector<HostsLine> hosts_lines(const HubFacts& facts) {
  std::vector<HostsLine> lines;
  for_lines(text_of(facts, kHosts), [&](std::string_view text, int number) {
    std::vector<std::string> words = words_in(base::ascii_lower(text));
    if (words.size() < 2) return;
    lines.push_back({.line = number, .address = words.front(), .names = {words.begin() + 1, words.end()}});
  });
  return lines;
}

std::string hosts_place(int line) {
  return std::string(kHosts) + ':' + std::to_string(line);
}

bool holds(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// sendmail is what the names of site addresses are for.
bool has_sendmail(const HubFacts& facts) {
  return !text_of(facts, facts.cf_file).empty();
}

bool is_link_up(const HubFacts& facts, const std::string& site) {
  for (const control::Json& one : sites_in(facts))
    if (text_in(one, "name") == site) return text_in(one, "state") == "up";
  return false;
}

bool is_ours(const std::string& holder) {
  return holder.starts_with("relayd") || holder.starts_with("tsmtp");
}

bool is_relayds_greeting(const std::string& greeting) {
  return greeting.ends_with("ESMTP tsmtp") || greeting.starts_with('4');
}

std::string words_of_error(const PortFact& port) {
  return port.greeting && !*port.greeting ? port.greeting->error().message : std::string();
}

bool is_refused(const PortFact& port) {
  return words_of_error(port).find("refused") != std::string::npos;
}

bool is_timed_out(const PortFact& port) {
  return words_of_error(port).find("timed out") != std::string::npos;
}

void check_one_endpoint(const HubFacts& facts, const settings::Site& site, const std::string& address,
                        const PortFact& port, Report& report) {
  const std::string what = "where mail for site " + in_quotes(site.name) + " is handed over, ";
  const auto stranger =
      std::find_if(port.holders.begin(), port.holders.end(), [](const auto& one) { return !is_ours(one); });
  if (stranger != port.holders.end()) {
    report.wrong(address, what + *stranger + " listens, and not relayd",
                 "stop that, or give it another port; then restart relayd and tsmtp-endpoints");
    return;
  }
  if (!port.greeting) return;
  if (*port.greeting) {
    if (!is_relayds_greeting(**port.greeting))
      report.wrong(address, what + "something else than relayd answers: " + **port.greeting,
                   "see who it is: ss -ltnp; stop that, then restart relayd");
    return;
  }
  if (status_of(facts) == nullptr && !is_timed_out(port)) return;  // said by check_running
  if (is_timed_out(port))
    report.wrong(address, what + "nobody answers in time",
                 "a packet filter on this host drops it: see `nft list ruleset`; or relayd hangs");
  else
    report.wrong(address, what + "nobody listens: " + words_of_error(port),
                 "relayctl reload; if that does not help, restart relayd");
}

}  // namespace

void check_dial_names(const HubFacts& facts, Report& report) {
  std::set<std::string> listens;
  for (const base::HostPort& listen : facts.hub.listen)
    listens.insert(std::to_string(listen.port));
  for (const settings::Site& site : facts.sites)
    for (const settings::SiteHub& hub : site.hubs)
      for (const base::HostPort& dial : hub.dial) {
        const auto found = facts.addresses.find(dial.host);
        if (found == facts.addresses.end()) continue;
        const std::string place = config_place(facts, dial.host);
        if (!found->second) {
          const std::string text = "site " + in_quotes(site.name) + " is dialled at " + in_quotes(dial.host) +
                                   ", a name that does not resolve: " + found->second.error().message;
          const std::string remedy =
              "correct the name, or mend the DNS or /etc/hosts: getent hosts " + dial.host;
          if (is_link_up(facts, site.name))
            report.warning(place, text, remedy);
          else
            report.wrong(place, text, remedy);
          continue;
        }
        for (const std::string& address : *found->second) {
          const bool is_loopback = base::is_loopback(address) && !base::is_loopback(dial.host);
          const bool is_own =
              holds(facts.own_addresses, address) && listens.contains(std::to_string(dial.port));
          if (!is_loopback && !is_own) continue;
          report.wrong(place,
                       "site " + in_quotes(site.name) + " is dialled at " + in_quotes(dial.host) +
                           ", which is " + address + ", this host itself",
                       is_loopback
                           ? "take the name out of the line in /etc/hosts, or write the other hub's address"
                           : "write the other hub's address");
          break;
        }
      }
}

void check_site_names(const HubFacts& facts, Report& report) {
  if (!has_sendmail(facts) || !facts.texts.contains(kHosts)) return;
  const std::vector<HostsLine> lines = hosts_lines(facts);
  for (const sendmail::SiteFacts& site : facts.for_sendmail.sites) {
    if (site.address.empty()) continue;
    const auto named = std::find_if(lines.begin(), lines.end(),
                                    [&](const HostsLine& one) { return one.address == site.address; });
    const auto elsewhere = std::find_if(lines.begin(), lines.end(), [&](const HostsLine& one) {
      return one.address != site.address && holds(one.names, site.alias);
    });
    if (elsewhere != lines.end())
      report.wrong(hosts_place(elsewhere->line),
                   site.alias + " is " + elsewhere->address + " here, and the address of site " +
                       in_quotes(site.name) + " is " + site.address + ": sendmail's logs name the wrong one",
                   "write there: " + site.address + '\t' + site.alias);
    else if (named == lines.end())
      report.warning(kHosts,
                     "no name for " + site.address + ", the address of site " + in_quotes(site.name) +
                         ": sendmail's logs and Received lines do not name the site",
                     "add the line: " + site.address + '\t' + site.alias);
    else if (holds(named->names, "localhost") || holds(named->names, base::ascii_lower(facts.host_name)))
      report.wrong(
          hosts_place(named->line),
          site.address + ", the address of site " + in_quotes(site.name) +
              ", has a name of this host itself, so that sendmail takes the site for its own programs",
          "leave there only: " + site.address + '\t' + site.alias);
  }
}

void check_host_name(const HubFacts& facts, Report& report) {
  if (!has_sendmail(facts) || facts.host_name.empty()) return;
  if (facts.host_name.find('.') != std::string::npos) return;
  const std::string own = base::ascii_lower(facts.host_name);
  for (const HostsLine& line : hosts_lines(facts))
    if (holds(line.names, own))
      for (const std::string& name : line.names)
        if (name.starts_with(own + '.')) return;
  if (!facts.texts.contains(kHosts)) return;
  report.warning(
      kHosts,
      "this host's name, " + in_quotes(facts.host_name) +
          ", has no domain here: unless the DNS knows it, sendmail waits a minute at its start, and "
          "bad HELO names are refused elsewhere",
      "add to its line the whole name: ADDRESS\t" + facts.host_name + ".YOUR.DOMAIN " + facts.host_name);
}

void check_site_addresses(const HubFacts& facts, Report& report) {
  const bool probes = sendmail::option_in(text_of(facts, facts.cf_file), "DontProbeInterfaces").empty();
  for (const settings::Site& site : facts.sites) {
    if (site.address.empty()) continue;
    const std::string place = config_place(facts, site.address);
    if (holds(facts.own_addresses, site.address) && site.address != "127.0.0.1")
      report.wrong(place,
                   site.address + ", the address of site " + in_quotes(site.name) +
                       ", is an alias on an interface of this host" +
                       (probes ? ": sendmail takes it for itself, and relays what comes from there" : ""),
                   "ip address del " + site.address +
                       "/8 dev lo, and take it out of the network's configuration: 127/8 needs no alias");
    else if (site.address == "127.0.0.1" || site.address == "127.0.1.1" || site.address == "127.0.0.2")
      report.warning(place,
                     site.address +
                         " is used for this host itself on many systems, and is the address of site " +
                         in_quotes(site.name),
                     "take another, such as 127.0.5.2, in relayd.toml and in sendmail's tables");
  }
}

void check_endpoints(const HubFacts& facts, Report& report) {
  for (const settings::Site& site : facts.sites)
    for (const base::HostPort& endpoint : site.endpoints) {
      const std::string address = endpoint.to_string();
      const auto port = facts.ports.find(address);
      if (port != facts.ports.end()) check_one_endpoint(facts, site, address, port->second, report);
    }
}

void check_listen(const HubFacts& facts, Report& report) {
  std::vector<base::HostPort> all = facts.hub.listen;
  if (facts.hub.metrics) all.push_back(*facts.hub.metrics);
  for (const base::HostPort& listen : all) {
    const std::string address = listen.to_string();
    const auto found = facts.ports.find(address);
    if (found == facts.ports.end()) continue;
    const PortFact& port = found->second;
    const auto stranger =
        std::find_if(port.holders.begin(), port.holders.end(), [](const auto& one) { return !is_ours(one); });
    if (stranger != port.holders.end())
      report.wrong(address, *stranger + " listens here, and relayd cannot",
                   "stop that, or write another port into relayd.toml (and into `dial` of the other hubs)");
    else if (is_refused(port) && status_of(facts) != nullptr)
      report.wrong(address, "relayd runs, and does not listen here", "restart relayd");
    else if (is_timed_out(port))
      report.wrong(address, "a connection from this host itself is not answered",
                   "a packet filter drops it: see `nft list ruleset`");
  }
}

void check_packet_filter(const HubFacts& facts, Report& report) {
  if (facts.packet_filter.empty() || facts.hub.listen.empty()) return;
  bool in_input = false;
  bool drops = false;
  for_lines(facts.packet_filter, [&](std::string_view line, int) {
    if (line.find("chain ") != line.npos || line.starts_with(':')) in_input = false;
    in_input = in_input || line.find("hook input") != line.npos || line.starts_with(":INPUT");
    if (in_input && (line.find("policy drop") != line.npos || line.starts_with(":INPUT DROP"))) drops = true;
  });
  if (!drops) return;
  std::set<std::string> told;
  for (const base::HostPort& listen : facts.hub.listen) {
    const std::string port = std::to_string(listen.port);
    if (facts.packet_filter.find(port) != std::string::npos || !told.insert(port).second) continue;
    report.warning(
        listen.to_string(),
        "this host's packet filter drops what no rule lets in, and no rule has port " + port +
            ": the sites cannot dial in",
        "nft add rule inet filter input tcp dport " + port + " accept, as far as your table is called so");
  }
}

}  // namespace tsmtp::diagnosis
