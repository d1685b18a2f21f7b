// The relayd that runs: whether it does, what it says of its links, its ledger and its records, and how it
// is started.
#include <algorithm>
#include <array>

#include "relayd/base/bytes.h"
#include "relayd/diagnosis/hub/checks.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

using control::Json;

constexpr std::uint64_t kFewDescriptors = 4096;
constexpr std::chrono::hours kRecentRefusal{1};

struct Remedy {
  std::string_view cause;  ///< is part of it
  std::string_view remedy;
};

// The first that fits; docs/operations.md says more of each.
constexpr std::array kRemedies{
    Remedy{"Connection refused",
           "start relayd there, and see that `listen` there and `dial` here are one port"},
    Remedy{"connection timed out",
           "the host is down, or a packet filter drops: let the port through at both ends"},
    Remedy{"No route to host", "a router or a packet filter refuses: let the port through"},
    Remedy{"Network is unreachable", "this host has no route there: see `ip route`"},
    Remedy{"not resolved", "mend the name in `dial`, the DNS or /etc/hosts; an address needs neither"},
    Remedy{"proxy", "see `dial_through` of the site; the proxy's own log says more"},
    Remedy{"refused our key", "the other hub must pin what `relayctl fingerprint` prints here"},
    Remedy{"revoked", "the two hubs must pair again with a new key"},
    Remedy{"has pinned",
           "pin it, once its administrator has confirmed what `relayctl fingerprint` prints there"},
    Remedy{"not pinned",
           "compare it with what `relayctl fingerprint` prints there; if it is that, write it as the site's "
           "pin"},
    Remedy{"no longer pinned", "put the pin back, if it was taken out by mistake"},
    Remedy{"does not speak TLS", "another service listens there: correct `dial`"},
    Remedy{"ALPN", "another service listens there: correct `dial`"},
    Remedy{"TLS handshake",
           "another service listens there, or something between the hubs breaks the connection"},
    Remedy{
        "waiting for it to dial us",
        "see `relayctl status` there; this hub's port must be reachable from there: open the packet filter, "
        "or write `dial` here"},
    Remedy{"no sign of life", "see the network between the hubs, and whether the other host is up"},
    Remedy{"shutting down", "start relayd there again"},
    Remedy{"closed by peer", "see the log of relayd there"},
};

std::string remedy_of(const std::string& cause) {
  const auto* const found = std::find_if(kRemedies.begin(), kRemedies.end(), [&](const Remedy& one) {
    return cause.find(one.cause) != cause.npos;
  });
  return found == kRemedies.end() ? "`relayctl status` here and there says more" : std::string(found->remedy);
}

const settings::Site* site_called(const HubFacts& facts, const std::string& name) {
  const auto found = std::find_if(facts.sites.begin(), facts.sites.end(),
                                  [&](const settings::Site& site) { return site.name == name; });
  return found == facts.sites.end() ? nullptr : &*found;
}

/// check_mta has the same of the MTA itself.
bool is_said_of_mta(const HubFacts& facts, const std::string& name) {
  const settings::Site* const site = site_called(facts, name);
  if (site == nullptr) return false;
  const auto port = facts.ports.find(site->deliver.to_string());
  return port != facts.ports.end() && port->second.greeting && !*port->second.greeting;
}

const Json& part_of(const Json& object, const char* name) {
  static const Json nothing = Json::object();
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : nothing;
}

std::vector<Json> list_in(const Json& object, const char* name) {
  std::vector<Json> out;
  const auto found = object.find(name);
  if (found != object.end() && found->is_array())
    for (const Json& one : *found)
      if (one.is_object()) out.push_back(one);
  return out;
}

std::string cause_of_link(const Json& link) {
  const std::string cause = text_in(link, "cause");
  return cause.empty() ? "no cause is known yet" : cause;
}

void check_hubs(const Json& site, Report& report) {
  const std::vector<Json> hubs = list_in(site, "hubs");
  if (hubs.size() < 2) return;
  for (const Json& hub : hubs) {
    const std::string place = "site " + text_in(site, "name") + ", hub " + text_in(hub, "name");
    if (text_in(hub, "state") != "up")
      report.warning(place, "its link is " + text_in(hub, "state") + ": " + cause_of_link(hub),
                     remedy_of(cause_of_link(hub)), time_in(hub, "since"));
    else if (const std::string refusal = text_in(hub, "refusal"); !refusal.empty())
      report.warning(place, "it takes no mail: " + refusal, "see relayd and the MTA there");
  }
}

/// Of one address it is the cause of the link.
std::string failures_text(const Json& site) {
  std::string out;
  const std::vector<Json> failures = list_in(site, "dial_failures");
  if (failures.size() < 2) return out;
  for (const Json& one : failures)
    out += (out.empty() ? "; dialled " : ", ") + text_in(one, "address") + " (" + text_in(one, "cause") + ')';
  return out;
}

}  // namespace

void check_running(const HubFacts& facts, Report& report) {
  if (facts.status || facts.status_trouble.empty()) return;
  const std::string& path = facts.hub.control;
  const auto service = std::find_if(facts.services.begin(), facts.services.end(),
                                    [](const ServiceFact& one) { return one.name == "relayd"; });
  const std::string start =
      service != facts.services.end() && !service->start.empty() ? service->start : "start it, relayd(8)";
  if (facts.relayd)
    report.wrong(path,
                 "relayd runs as process " + std::to_string(facts.relayd->pid) +
                     ", and does not answer here: " + facts.status_trouble,
                 "was it started with another `control`, or the socket removed? Restart relayd",
                 wall_time(facts.relayd->started));
  else if (facts.as_root || facts.status_trouble.find("denied") == std::string::npos)
    report.wrong(path, "no relayd is running: " + facts.status_trouble,
                 "relayd --check; then " + start + ", and read its log");
}

void check_binary(const HubFacts& facts, Report& report) {
  if (facts.relayd && facts.relayd->is_replaced)
    report.warning("process " + std::to_string(facts.relayd->pid),
                   "relayd still runs the program from before the last upgrade", "restart relayd",
                   wall_time(facts.relayd->started));
  const Json* const status = status_of(facts);
  if (status == nullptr || facts.version.empty()) return;
  const std::string running = text_in(*status, "version");
  const auto release = [](const std::string& version) { return version.substr(0, version.find(' ')); };
  if (!running.empty() && release(running) != release(facts.version) &&
      !(facts.relayd && facts.relayd->is_replaced))
    report.warning("relayd", "version " + running + " runs, and relayctl is " + facts.version,
                   "restart relayd, or see which of the two is an old one");
}

void check_links(const HubFacts& facts, Report& report) {
  for (const Json& site : sites_in(facts)) {
    const std::string name = text_in(site, "name");
    const std::string place = "site " + name;
    const std::string state = text_in(site, "state");
    if (!text_in(site, "revoked").empty())
      report.wrong(place, "all its keys are revoked, and it gets no link",
                   "pair again with a new key of that hub, or take the site out", time_in(site, "revoked"));
    else if (state == "draining")
      report.warning(place, "its link is being shut down: " + cause_of_link(site), "start relayd there again",
                     time_in(site, "since"));
    else if (state != "up")
      report.wrong(
          place,
          "its link is " + state + ", and mail for it waits: " + cause_of_link(site) + failures_text(site),
          remedy_of(cause_of_link(site) + failures_text(site)), time_in(site, "since"));
    else if (!text_in(site, "stands_still_since").empty())
      report.wrong(place, "its link is up, and nothing gets through",
                   "the line is cut, or the host there is gone: see the network between the hubs",
                   time_in(site, "stands_still_since"));
    check_hubs(site, report);
    if (!facts.sites.empty() && site_called(facts, name) != nullptr &&
        text_in(site, "peer_name") == facts.hub.name)
      report.warning(place, "the other hub calls itself " + in_quotes(facts.hub.name) + " as this one does",
                     "give one of them another `name` in [hub], lest the logs confuse them");
  }
}

void check_far_side(const HubFacts& facts, Report& report) {
  for (const Json& site : sites_in(facts)) {
    const std::string place = "site " + text_in(site, "name");
    const std::string far = text_in(site, "far_mta");
    if (text_in(site, "state") == "up" && far.find("not reachable") != far.npos)
      report.wrong(place, "the hub there does not reach its MTA: " + far,
                   "start or mend the MTA there, or correct `deliver` of the site there");
    if (const std::string trouble = text_in(part_of(site, "mta"), "trouble");
        !trouble.empty() && !is_said_of_mta(facts, text_in(site, "name")))
      report.wrong(place, "mail from it cannot be handed to our MTA: " + trouble,
                   "start our MTA, or correct `deliver` of the site");
    for (const char* direction : {"out", "in"}) {
      const Json& refused = part_of(part_of(site, direction), "last_refused");
      const std::string advice = text_in(refused, "advice");
      const auto when = time_in(refused, "when");
      if (advice.empty() || !when || facts.now - *when > kRecentRefusal) continue;
      report.warning(place,
                     "mail from <" + text_in(refused, "sender") + "> to <" + text_in(refused, "recipient") +
                         "> was refused: " + text_in(refused, "reply"),
                     advice, when);
    }
  }
}

void check_forwards(const HubFacts& facts, Report& report) {
  for (const Json& site : sites_in(facts)) {
    if (text_in(site, "state") != "up") continue;
    for (const Json& forward : list_in(site, "forwards"))
      if (const std::string cause = text_in(forward, "cause"); !cause.empty())
        report.wrong(
            "site " + text_in(site, "name"),
            "the forward to its service " + in_quotes(text_in(forward, "service")) + " is closed: " + cause,
            "see [[service]] there, and what it leads to", time_in(forward, "since"));
    for (const Json& service : list_in(site, "services"))
      if (const std::string cause = text_in(service, "cause"); !cause.empty())
        report.wrong(text_in(service, "to"),
                     "service " + in_quotes(text_in(service, "service")) + ", which site " +
                         text_in(site, "name") + " may reach, does not answer: " + cause,
                     "start what listens there, or correct `to` of the [[service]]",
                     time_in(service, "since"));
  }
}

void check_state(const HubFacts& facts, Report& report) {
  const Json* const status = status_of(facts);
  if (status == nullptr) return;
  const Json& ledger = part_of(*status, "ledger");
  if (const std::string trouble = text_in(ledger, "trouble"); !trouble.empty())
    report.wrong(facts.hub.state_dir, "the ledger cannot be written, and mails are put off: " + trouble,
                 "remove the cause; relayd tries every second and must not be restarted for it",
                 time_in(ledger, "since"));
  if (const std::string none = text_in(ledger, "no_witness"); !none.empty())
    report.warning(facts.hub.state_dir, "nobody would read the MTA's replies if relayd were killed: " + none,
                   "make room there, then restart relayd");
  for (const char* const name : {"shared_doubts", "site_ledger"}) {
    const Json& shared = part_of(*status, name);
    if (const std::string trouble = text_in(shared, "trouble"); !trouble.empty())
      report.wrong("[ledger]", "the hubs of our site cannot share what they know through etcd: " + trouble,
                   "see etcd: `etcdctl endpoint status`; and endpoints, user and files in [ledger]",
                   time_in(shared, "since"));
  }
  if (status->contains("endpoints_held") && (*status)["endpoints_held"] == false)
    report.warning(
        facts.hub.endpoint_holder,
        "nobody holds the endpoints while relayd does not run, and any local user could listen there",
        "systemctl enable --now tsmtp-endpoints, or as your init has it");
  if (status->contains("draining") && (*status)["draining"] == true)
    report.wrong("relayd", "it takes no new mail, because it is being stopped",
                 "start it again when it has ended");
}

void check_audit(const HubFacts& facts, Report& report) {
  const Json* const status = status_of(facts);
  if (status == nullptr) return;
  const Json& audit = part_of(*status, "audit");
  if (const std::string trouble = text_in(audit, "trouble"); !trouble.empty())
    report.wrong(text_in(audit, "target"), "the audit record cannot be written: " + trouble,
                 "make room, or let relayd's user write there; it goes on by itself");
  else if (number_in(audit, "lost") > 0)
    report.warning(text_in(audit, "target"),
                   std::to_string(number_in(audit, "lost")) + " audit records are lost",
                   "relayd's log says why; the count begins anew with a restart");
}

void check_descriptors(const HubFacts& facts, Report& report) {
  if (facts.relayd && facts.relayd->descriptors != 0 && facts.relayd->descriptors < kFewDescriptors)
    report.warning("process " + std::to_string(facts.relayd->pid),
                   "relayd may have only " + std::to_string(facts.relayd->descriptors) +
                       " descriptors, and a session takes one, a mail another",
                   "LimitNOFILE=65536 in its unit, or ulimit -n 65536 before it is started");
  const Json* const status = status_of(facts);
  if (status == nullptr) return;
  const Json& shortage = part_of(*status, "shortage");
  if (number_in(shortage, "times") > 0)
    report.warning(
        "relayd", text_in(shortage, "text") + ", " + std::to_string(number_in(shortage, "times")) + "x",
        "raise what there is too little of; the count begins anew with a restart", time_in(shortage, "last"));
}

void check_services(const HubFacts& facts, Report& report) {
  for (const ServiceFact& service : facts.services)
    if (!service.is_enabled)
      report.warning(service.name, "it is not started when this host boots", service.remedy);
}

}  // namespace tsmtp::diagnosis
