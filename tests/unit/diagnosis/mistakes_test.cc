// Sixty and more mistakes of administrators, each made on a healthy hub: the doctor finds it, and names the
// place. On the healthy hub it finds nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "relayd/control/time_text.h"
#include "relayd/diagnosis/hub/checks.h"
#include "tests/unit/diagnosis/prepared_hub.h"

namespace tsmtp::diagnosis {
namespace {

using control::Json;
using testing::HasSubstr;
using Severity = Finding::Severity;
using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* kToml = "/etc/tsmtp/relayd.toml";
constexpr const char* kSiteToml = "/etc/tsmtp/sites.d/birlinghoven.toml";
constexpr const char* kTable = "/etc/mail/mailertable";

Json& site_in_status(HubFacts& facts) {
  return (*facts.status)["sites"][0];
}
Json& hub_in_status(HubFacts& facts) {
  return site_in_status(facts)["hubs"][0];
}
Json& status_in(HubFacts& facts) {
  return *facts.status;
}

void nothing_in_files(PreparedHub& /*hub*/) {}
void nothing_in_facts(HubFacts& /*facts*/) {}

struct Mistake {
  const char* name;
  std::function<void(PreparedHub&)> in_files;
  std::function<void(HubFacts&)> in_facts;
  const char* check;
  Severity severity;
  const char* place;
  const char* text;
  const char* remedy;
};

TEST(HealthyHub, HasNoFindings) {
  const PreparedHub hub;
  const HubFacts facts = hub.facts();
  const std::vector<Finding> findings = examine(facts);
  EXPECT_TRUE(findings.empty()) << findings_text(facts, findings);
  EXPECT_TRUE(facts.not_looked_at.empty());
}

TEST(HealthyHub, AnyVersionOfTheSameReleaseWillDo) {
  const PreparedHub hub;
  for (const char* version :
       {"0.2.0", "0.2.17", "0.2", "0.2.0~rc1", "", "unknown", ".", "-1.2", "99999999999.1", "2"}) {
    HubFacts facts = hub.facts();
    hub_in_status(facts)["peer_version"] = version;
    const std::vector<Finding> findings = examine(facts);
    EXPECT_TRUE(findings.empty()) << version << findings_text(facts, findings);
  }
}

void expect_found(const Mistake& mistake, PreparedHub hub) {
  const testing::ScopedTrace trace(__FILE__, __LINE__, mistake.name);
  mistake.in_files(hub);
  HubFacts facts = hub.facts();
  mistake.in_facts(facts);
  const std::vector<Finding> findings = examine(facts);
  const auto fits = [&](const Finding& one) {
    return one.check == mistake.check && one.severity == mistake.severity &&
           one.place.find(mistake.place) != one.place.npos && one.text.find(mistake.text) != one.text.npos &&
           one.remedy.find(mistake.remedy) != one.remedy.npos;
  };
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), fits)) << findings_text(facts, findings);
  // One mistake may show in three places, not everywhere.
  EXPECT_LE(findings.size(), 6u) << findings_text(facts, findings);
}

const Mistake kMistakes[] = {
    // relayd.toml
    {"key_misspelt", [](PreparedHub& h) { h.replace(kToml, "listen", "lissen"); }, nothing_in_facts, "configuration",
     Severity::kWrong, "relayd.toml:4", "listen", "relayd --check"},
    {"quote_missing", [](PreparedHub& h) { h.replace(kToml, "\"tsmtp\"", "\"tsmtp"); }, nothing_in_facts,
     "configuration", Severity::kWrong, "relayd.toml:5", "", "relayd.toml(5)"},
    {"pin_cut_short", [](PreparedHub& h) { h.replace(kSiteToml, "AAAA=", "="); }, nothing_in_facts, "configuration",
     Severity::kWrong, "birlinghoven.toml:4", "is no pin", ""},
    {"site_without_domains",
     [](PreparedHub& h) { h.replace(kSiteToml, "domains = [\"birl.example\", \".birl.example\"]", ""); },
     nothing_in_facts, "configuration", Severity::kWrong, "birlinghoven.toml", "domains", ""},
    {"two_sites_with_one_address",
     [](PreparedHub& h) {
       h.write("/etc/tsmtp/sites.d/osaka.toml",
               "[[site]]\nname = \"osaka\"\npin = [\"sha256:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]\n"
               "address = \"127.0.5.2\"\ndomains = [\"osaka.example\"]\n");
     },
     nothing_in_facts, "configuration", Severity::kWrong, "osaka.toml:4", "127.0.5.2", ""},
    {"two_sites_with_one_domain",
     [](PreparedHub& h) {
       h.write("/etc/tsmtp/sites.d/osaka.toml",
               "[[site]]\nname = \"osaka\"\npin = [\"sha256:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]\n"
               "address = \"127.0.5.3\"\ndomains = [\"birl.example\"]\n");
     },
     [](HubFacts& f) {
       Json osaka = site_in_status(f);
       osaka["name"] = "osaka";
       status_in(f)["sites"].push_back(osaka);
       f.routes.reset();
       f.cf_file = "/nowhere";
     },
     "overlaps", Severity::kWrong, "sites.d/", "\"birl.example\" is behind site \"birlinghoven\"", "relayctl reload"},
    {"file_not_included", [](PreparedHub& h) { h.write("/etc/tsmtp/sites.d/osaka.conf", "[[site]]\n"); },
     nothing_in_facts, "included", Severity::kWarning, "/etc/tsmtp/sites.d/osaka.conf", "does not read", ".toml"},
    {"domain_is_ours_and_theirs", [](PreparedHub& h) { h.replace(kSiteToml, "\".birl.example\"", "\"tokyo.example\""); },
     nothing_in_facts, "configuration", Severity::kWarning, "birlinghoven.toml:7", "circles", ""},
    {"endpoint_for_everybody",
     [](PreparedHub& h) { h.add(kSiteToml, "endpoint = [\"192.0.2.10:5000\"]"); },
     [](HubFacts& f) { f.cf_file = "/nowhere"; }, "configuration", Severity::kWarning, "birlinghoven.toml:8",
     "no loopback address", ""},
    {"not_reloaded", [](PreparedHub& h) { h.shift_time(kSiteToml, 60); }, nothing_in_facts, "loaded",
     Severity::kWarning, kSiteToml, "after relayd had read it", "relayctl reload"},
    {"reload_failed", nothing_in_files,
     [](HubFacts& f) { status_in(f)["last_reload_error"] = "relayd.toml:3: unknown key"; }, "loaded",
     Severity::kWrong, kToml, "relayd.toml:3: unknown key", "relayctl reload"},
    {"needs_a_restart", nothing_in_files,
     [](HubFacts& f) { status_in(f)["last_reload_error"] = "ledger.engine has changed, which a reload cannot do: restart relayd"; },
     "loaded", Severity::kWrong, kToml, "a reload cannot do", "restart relayd"},
    {"new_site_not_loaded", nothing_in_files, [](HubFacts& f) { status_in(f)["sites"] = Json::array(); }, "loaded",
     Severity::kWrong, "birlinghoven.toml:3", "does not know site", "relayctl reload"},
    {"site_file_removed", [](PreparedHub& h) { h.remove(kSiteToml); },
     [](HubFacts& f) { f.cf_file = "/nowhere"; }, "loaded", Severity::kWarning, kToml, "in no file any more", "put its file back"},
    {"another_file_runs", nothing_in_files, [](HubFacts& f) { status_in(f)["config_file"] = "/root/test.toml"; },
     "loaded", Severity::kWarning, "/root/test.toml", "was started with this file", ""},

    // users and permissions
    {"no_such_user", [](PreparedHub& h) { h.replace(kToml, "\"tsmtp\"", "\"tsmpt\""); }, nothing_in_facts, "user",
     Severity::kWrong, "relayd.toml:5", "there is no user \"tsmpt\"", "useradd"},
    {"runs_as_root", nothing_in_files, [](HubFacts& f) { f.relayd->uid = 0; }, "user", Severity::kWarning,
     "process 500", "runs as root", "user = \"tsmtp\""},
    {"configuration_world_writable", [](PreparedHub& h) { h.set_mode(kToml, 0666); }, nothing_in_facts, "permissions",
     Severity::kWrong, kToml, "may write it (mode 0666)", "chmod go-w"},
    {"folder_world_writable", [](PreparedHub& h) { h.set_mode("/etc/tsmtp/sites.d", 0777); }, nothing_in_facts,
     "permissions", Severity::kWrong, "/etc/tsmtp/sites.d", "replace what is in it", "chmod go-w"},
    {"configuration_not_readable", nothing_in_files,
     [](HubFacts& f) { f.unreadable[kSiteToml] = "Permission denied"; }, "permissions", Severity::kWrong, kSiteToml,
     "user tsmtp, cannot read it", "chmod o+r"},
    {"state_open_to_others", [](PreparedHub& h) { h.set_mode("/var/lib/tsmtp", 0755); }, nothing_in_facts,
     "permissions", Severity::kWrong, "/var/lib/tsmtp", "mode 0755", "chmod 700"},
    {"state_file_of_root", nothing_in_files,
     [](HubFacts& f) {
       FileFact& file = f.files["/var/lib/tsmtp/ledger/log.0000000001"];
       file.uid = 0;
       file.owner = "root";
     },
     "permissions", Severity::kWrong, "/var/lib/tsmtp/ledger/log.0000000001", "belongs to root", "chown -R tsmtp"},
    {"state_gone", [](PreparedHub& h) { h.remove("/var/lib/tsmtp"); }, nothing_in_facts, "permissions",
     Severity::kWrong, "/var/lib/tsmtp", "is gone while relayd runs", "install -d -o tsmtp"},
    {"key_open_to_others", [](PreparedHub& h) { h.set_mode("/etc/tsmtp/identity.pem", 0644); }, nothing_in_facts,
     "permissions", Severity::kWrong, "/etc/tsmtp/identity.pem", "private key", "chmod 600"},
    {"control_socket_open", nothing_in_files,
     [](HubFacts& f) {
       f.files["/run/tsmtp/control.sock"] = {.kind = FileFact::Kind::kSocket, .mode = 0666, .uid = 990, .owner = "tsmtp"};
     },
     "permissions", Severity::kWrong, "/run/tsmtp/control.sock", "give it orders", "chmod 600"},
    {"sites_folder_of_root", nothing_in_files,
     [](HubFacts& f) {
       f.files["/etc/tsmtp/sites.d"].uid = 0;
     },
     "permissions", Severity::kWarning, "/etc/tsmtp/sites.d", "may not make sites here", "chown tsmtp"},

    // keys
    {"key_missing", [](PreparedHub& h) { h.remove("/etc/tsmtp/identity.pem"); }, nothing_in_facts, "key",
     Severity::kWrong, "/etc/tsmtp/identity.pem", "would not start", "from your backup"},
    {"key_damaged", [](PreparedHub& h) { h.write("/etc/tsmtp/identity.pem", "-----BEGIN"); }, nothing_in_facts, "key",
     Severity::kWrong, "/etc/tsmtp/identity.pem", "cannot use this hub's key", "chmod 600"},
    {"key_replaced_under_relayd", nothing_in_files, [](HubFacts& f) { status_in(f)["fingerprint"] = "sha256:other"; },
     "key", Severity::kWrong, "/etc/tsmtp/identity.pem", "the sites would refuse it", "from your backup"},
    {"key_old", nothing_in_files, [](HubFacts& f) { (**f.key).made -= 3L * 365 * 86400; }, "key", Severity::kWarning,
     "/etc/tsmtp/identity.pem", "1095 d", "relayctl rotate"},
    {"own_pin_at_site", nothing_in_files, [](HubFacts& f) { f.sites[0].hubs[0].pins = {(**f.key).digest}; }, "pins",
     Severity::kWrong, kToml, "is this hub's own key", "fingerprint"},
    {"pin_revoked", nothing_in_files,
     [](HubFacts& f) { f.pin_findings = {"site birlinghoven: pin sha256:x is revoked since 12:00:00"}; }, "pins",
     Severity::kWrong, kToml, "is revoked", "pair again"},
    {"rotation_left_behind", nothing_in_files, [](HubFacts& f) { site_in_status(f)["own_key"] = "left behind"; },
     "rotation", Severity::kWarning, "site birlinghoven", "too old", "upgrade relayd there"},
    {"rotation_awaited_for_long", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["own_key"] = "awaited";
       status_in(f)["own_key"]["made"] = control::rfc3339(f.now - hours(24 * 30));
     },
     "rotation", Severity::kWarning, "site birlinghoven", "has not confirmed", "take the site out"},
    {"rotation_in_trouble", nothing_in_files,
     [](HubFacts& f) { status_in(f)["own_key"]["trouble"] = "osaka could not follow"; }, "rotation",
     Severity::kWarning, "/etc/tsmtp/identity.pem", "osaka could not follow", "relayctl rotate"},
    {"stranger_dials", nothing_in_files,
     [](HubFacts& f) {
       status_in(f)["refused_keys"].push_back(
           {{"pin", "sha256:z"}, {"address", "192.0.2.20:4000"}, {"last", control::rfc3339(f.now)}, {"times", 7}});
     },
     "strangers", Severity::kWarning, "192.0.2.20", "sha256:z, has dialled 7x", "pin it"},
    {"invitation_expired", nothing_in_files,
     [](HubFacts& f) {
       f.invitations->push_back(
           {{"site", "osaka"}, {"state", "expired"}, {"expires", control::rfc3339(f.now - hours(5))}});
     },
     "invitations", Severity::kWarning, "site osaka", "nobody has joined", "relayctl uninvite osaka"},
    {"site_cannot_be_made", nothing_in_files,
     [](HubFacts& f) {
       f.invitations->push_back({{"site", "osaka"}, {"state", "accepted"}, {"trouble", "Read-only file system"}});
     },
     "invitations", Severity::kWrong, "site osaka", "Read-only file system", ""},

    // relayd
    {"relayd_not_running", [](PreparedHub& h) { h.remove("/proc/500"); },
     [](HubFacts& f) {
       f.status.reset();
       f.status_trouble = "Connection refused";
       f.relayd.reset();
       f.ports["127.0.5.2:5000"] = {.greeting = base::Error{"Connection refused"}};
     },
     "running", Severity::kWrong, "/run/tsmtp/control.sock", "no relayd is running", "systemctl start relayd"},
    {"control_socket_removed", nothing_in_files,
     [](HubFacts& f) {
       f.status.reset();
       f.status_trouble = "No such file or directory";
     }, "running", Severity::kWrong,
     "/run/tsmtp/control.sock", "runs as process 500", "Restart relayd"},
    {"upgraded_not_restarted", [](PreparedHub& h) { h.link("/proc/500/exe", "/usr/sbin/relayd (deleted)"); },
     nothing_in_facts, "binary", Severity::kWarning, "process 500", "before the last upgrade", "restart relayd"},
    {"two_versions", nothing_in_files, [](HubFacts& f) { status_in(f)["version"] = "0.1.0"; }, "binary",
     Severity::kWarning, "relayd", "version 0.1.0 runs", ""},
    {"ledger_disk_full", nothing_in_files,
     [](HubFacts& f) { status_in(f)["ledger"]["trouble"] = "No space left on device"; }, "state", Severity::kWrong,
     "/var/lib/tsmtp", "No space left", "must not be restarted"},
    {"no_witness", nothing_in_files, [](HubFacts& f) { status_in(f)["ledger"]["no_witness"] = "no book"; }, "state",
     Severity::kWarning, "/var/lib/tsmtp", "no book", "restart relayd"},
    {"etcd_away", nothing_in_files,
     [](HubFacts& f) { status_in(f)["site_ledger"] = {{"trouble", "connection refused"}}; }, "state",
     Severity::kWrong, "[ledger]", "connection refused", "etcdctl"},
    {"endpoints_not_held", nothing_in_files, [](HubFacts& f) { status_in(f)["endpoints_held"] = false; }, "state",
     Severity::kWarning, "/run/tsmtp-endpoints/holder.sock", "any local user", "tsmtp-endpoints"},
    {"draining", nothing_in_files, [](HubFacts& f) { status_in(f)["draining"] = true; }, "state", Severity::kWrong,
     "relayd", "takes no new mail", "start it again"},
    {"audit_not_writable", nothing_in_files,
     [](HubFacts& f) {
       status_in(f)["audit"] = {{"target", "/var/log/tsmtp/audit"}, {"lost", 3}, {"trouble", "Permission denied"}};
     },
     "audit", Severity::kWrong, "/var/log/tsmtp/audit", "Permission denied", "relayd's user"},
    {"few_descriptors",
     [](PreparedHub& h) { h.write("/proc/500/limits", "Max open files            1024  4096  files\n"); },
     nothing_in_facts, "descriptors", Severity::kWarning, "process 500", "only 1024", "LimitNOFILE"},
    {"shortage", nothing_in_files,
     [](HubFacts& f) {
       status_in(f)["shortage"] = {{"times", 4}, {"text", "no descriptor for a client"}, {"last", control::rfc3339(f.now)}};
     },
     "descriptors", Severity::kWarning, "relayd", "no descriptor for a client, 4x", ""},
    {"not_enabled",
     [](PreparedHub& h) { h.remove("/etc/systemd/system/multi-user.target.wants/relayd.service"); },
     nothing_in_facts, "services", Severity::kWarning, "relayd", "not started when this host boots",
     "systemctl enable relayd"},
    {"sendmail_not_enabled",
     [](PreparedHub& h) { h.remove("/etc/systemd/system/multi-user.target.wants/sendmail.service"); },
     nothing_in_facts, "services", Severity::kWarning, "sendmail", "not started", "systemctl enable sendmail"},
    {"unit_masked", [](PreparedHub& h) { h.link("/etc/systemd/system/tsmtp-endpoints.service", "/dev/null"); },
     nothing_in_facts, "services", Severity::kWarning, "tsmtp-endpoints", "not started", "unmask"},

    // links
    {"link_refused", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["state"] = "down";
       site_in_status(f)["cause"] = "Connection refused, 192.0.2.20:5443";
     },
     "links", Severity::kWrong, "site birlinghoven", "Connection refused, 192.0.2.20:5443", "start relayd there"},
    {"link_dropped_by_packet_filter", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["state"] = "down";
       site_in_status(f)["cause"] = "connection timed out";
     },
     "links", Severity::kWrong, "site birlinghoven", "connection timed out", "packet filter"},
    {"pin_of_another_key", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["state"] = "down";
       site_in_status(f)["cause"] = "peer's key is not pinned for this site: sha256:q";
     },
     "links", Severity::kWrong, "site birlinghoven", "sha256:q", "fingerprint"},
    {"our_pin_missing_there", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["state"] = "down";
       site_in_status(f)["cause"] = "peer refused our key: it must pin what relayctl fingerprint prints here";
     },
     "links", Severity::kWrong, "site birlinghoven", "refused our key", "the other hub must pin"},
    {"nobody_dials", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["state"] = "down";
       site_in_status(f)["cause"] = "waiting for it to dial us";
     },
     "links", Severity::kWrong, "site birlinghoven", "waiting for it", "packet filter"},
    {"other_service_at_dial", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["state"] = "down";
       site_in_status(f)["cause"] = "peer does not speak TLS 1.3 (wrong version number)";
     },
     "links", Severity::kWrong, "site birlinghoven", "does not speak TLS", "correct `dial`"},
    {"line_cut", nothing_in_files,
     [](HubFacts& f) { site_in_status(f)["stands_still_since"] = control::rfc3339(f.now - seconds(9)); }, "links",
     Severity::kWrong, "site birlinghoven", "nothing gets through", "network"},
    {"one_of_two_hubs_down", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["hubs"].push_back({{"name", "second"}, {"state", "down"}, {"cause", "no sign of life for 20 s"}});
     },
     "links", Severity::kWarning, "site birlinghoven, hub second", "no sign of life", "network"},
    {"both_hubs_one_name", nothing_in_files, [](HubFacts& f) { site_in_status(f)["peer_name"] = "tokyo"; }, "links",
     Severity::kWarning, "site birlinghoven", "calls itself \"tokyo\"", "another `name`"},
    {"far_mta_down", nothing_in_files,
     [](HubFacts& f) { site_in_status(f)["far_mta"] = "not reachable: Connection refused, 127.0.0.1:25"; },
     "far side", Severity::kWrong, "site birlinghoven", "not reachable", "the MTA there"},
    {"far_hub_does_not_know_its_domain", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["out"]["last_refused"] = {{"when", control::rfc3339(f.now - seconds(60))},
                                                   {"sender", "a@tokyo.example"},
                                                   {"recipient", "b@birl.example"},
                                                   {"reply", "550 5.7.1 Relaying denied"},
                                                   {"advice", "the MTA of hub birlinghoven does not know birl.example"}};
     },
     "far side", Severity::kWarning, "site birlinghoven", "Relaying denied", "does not know birl.example"},
    {"far_relayd_older", nothing_in_files,
     [](HubFacts& f) {
       hub_in_status(f)["peer_version"] = "0.1.9";
       hub_in_status(f)["lacks"] = {"traces", "versions"};
     },
     "versions", Severity::kWarning, "site birlinghoven",
     "its relayd (0.1.9) is older than ours (0.2.0), and does not know: traces, versions", "upgrade tsmtp on that hub"},
    {"far_relayd_so_old_that_it_does_not_say", nothing_in_files,
     [](HubFacts& f) {
       hub_in_status(f)["peer_version"] = nullptr;
       hub_in_status(f)["lacks"] = {"rotation of keys", "forwards", "versions"};
       f.hub.rotate_every = std::chrono::hours(24 * 30);
     },
     "versions", Severity::kWarning, "site birlinghoven",
     "its relayd is older than ours (0.2.0), and does not know what this hub uses: rotation of keys",
     "upgrade tsmtp on that hub"},
    {"far_relayd_lacks_what_a_forward_needs", nothing_in_files,
     [](HubFacts& f) {
       hub_in_status(f)["lacks"] = {"forwards"};
       site_in_status(f)["forwards"].push_back({{"service", "pop3"}, {"cause", nullptr}});
     },
     "versions", Severity::kWarning, "site birlinghoven", "what this hub uses: forwards", "upgrade tsmtp on that hub"},
    {"far_relayd_of_an_earlier_release", nothing_in_files,
     [](HubFacts& f) { hub_in_status(f)["peer_version"] = "0.1.0"; }, "versions", Severity::kWarning,
     "site birlinghoven", "its relayd (0.1.0) is older than ours (0.2.0)", "upgrade tsmtp on that hub"},
    {"own_relayd_of_an_earlier_release", nothing_in_files,
     [](HubFacts& f) { hub_in_status(f)["peer_version"] = "0.10"; }, "versions", Severity::kWarning,
     "site birlinghoven", "our relayd (0.2.0) is older than that there (0.10)", "upgrade tsmtp here"},
    {"forward_closed", nothing_in_files,
     [](HubFacts& f) { site_in_status(f)["forwards"].push_back({{"service", "pop3"}, {"cause", "no such service"}}); },
     "forwards", Severity::kWrong, "site birlinghoven", "\"pop3\" is closed: no such service", "[[service]]"},
    {"service_down", nothing_in_files,
     [](HubFacts& f) {
       site_in_status(f)["services"].push_back(
           {{"service", "imap"}, {"to", "127.0.0.1:143"}, {"cause", "Connection refused"}});
     },
     "forwards", Severity::kWrong, "127.0.0.1:143", "\"imap\"", "start what listens there"},

    // names, addresses, ports
    {"dial_name_misspelt", [](PreparedHub& h) { h.replace(kSiteToml, "hub.birl.example", "hub.bril.example"); },
     nothing_in_facts, "dial names", Severity::kWarning, "birlinghoven.toml:5", "does not resolve", "getent hosts"},
    {"dial_name_is_loopback", [](PreparedHub& h) { h.replace("/etc/hosts", "192.0.2.20", "127.0.1.1"); },
     nothing_in_facts, "dial names", Severity::kWrong, "birlinghoven.toml:5", "this host itself", "/etc/hosts"},
    {"dial_leads_to_ourselves", [](PreparedHub& h) { h.replace("/etc/hosts", "192.0.2.20", "192.0.2.10"); },
     nothing_in_facts, "dial names", Severity::kWrong, "birlinghoven.toml:5", "192.0.2.10", "the other hub's address"},
    {"site_without_name", [](PreparedHub& h) { h.replace("/etc/hosts", "127.0.5.2\tbirlinghoven.tsmtp\n", ""); },
     nothing_in_facts, "site names", Severity::kWarning, "/etc/hosts", "no name for 127.0.5.2",
     "127.0.5.2\tbirlinghoven.tsmtp"},
    {"site_name_elsewhere", [](PreparedHub& h) { h.replace("/etc/hosts", "127.0.5.2", "127.0.5.9"); },
     nothing_in_facts, "site names", Severity::kWrong, "/etc/hosts:4", "birlinghoven.tsmtp is 127.0.5.9",
     "127.0.5.2\tbirlinghoven.tsmtp"},
    {"site_address_named_as_we", [](PreparedHub& h) { h.replace("/etc/hosts", "birlinghoven.tsmtp", "localhost"); },
     nothing_in_facts, "site names", Severity::kWrong, "/etc/hosts:4", "name of this host itself", "leave there only"},
    {"host_name_without_domain",
     [](PreparedHub& h) {
       h.write("/etc/hostname", "hub\n");
       h.replace("/etc/hosts", "hub.tokyo.example hub", "hub");
     },
     nothing_in_facts, "host name", Severity::kWarning, "/etc/hosts", "\"hub\", has no domain", "YOUR.DOMAIN"},
    {"alias_on_lo", nothing_in_files, [](HubFacts& f) { f.own_addresses.emplace_back("127.0.5.2"); },
     "site addresses", Severity::kWrong, "birlinghoven.toml:6", "alias on an interface", "ip address del 127.0.5.2"},
    {"debians_own_address", [](PreparedHub& h) {
       h.replace(kSiteToml, "127.0.5.2", "127.0.1.1");
     },
     [](HubFacts& f) { f.cf_file = "/nowhere"; }, "site addresses", Severity::kWarning, "birlinghoven.toml:6",
     "127.0.1.1", "such as 127.0.5.2"},
    {"endpoint_taken", [](PreparedHub& h) {
       h.link("/proc/400/fd/4", "socket:[71]");
       h.remove("/proc/500/fd/5");
     },
     nothing_in_facts, "endpoints", Severity::kWrong, "127.0.5.2:5000", "sendmail (process 400) listens", "stop that"},
    {"endpoint_answers_as_another", nothing_in_files,
     [](HubFacts& f) {
       f.ports["127.0.5.2:5000"] = {.greeting = base::Result<std::string>(boost::system::in_place_value, "220 evil")};
     },
     "endpoints", Severity::kWrong, "127.0.5.2:5000", "something else than relayd answers: 220 evil", "ss -ltnp"},
    {"endpoint_not_bound", nothing_in_files,
     [](HubFacts& f) { f.ports["127.0.5.2:5000"] = {.greeting = base::Error{"Connection refused"}}; }, "endpoints",
     Severity::kWrong, "127.0.5.2:5000", "nobody listens", "restart relayd"},
    {"endpoint_dropped", nothing_in_files,
     [](HubFacts& f) { f.ports["127.0.5.2:5000"] = {.greeting = base::Error{"connection timed out"}}; }, "endpoints",
     Severity::kWrong, "127.0.5.2:5000", "nobody answers in time", "nft list ruleset"},
    {"link_port_taken", [](PreparedHub& h) {
       h.link("/proc/400/fd/4", "socket:[72]");
       h.remove("/proc/500/fd/6");
     },
     nothing_in_facts, "listen", Severity::kWrong, "0.0.0.0:5443", "sendmail (process 400) listens here", "another port"},
    {"port_closed_by_nft", nothing_in_files,
     [](HubFacts& f) {
       f.packet_filter =
           "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n"
           "\t\ttcp dport { 22, 25 } accept\n\t}\n}\n";
     },
     "packet filter", Severity::kWarning, "0.0.0.0:5443", "no rule has port 5443", "tcp dport 5443 accept"},

    // our MTA
    {"mta_not_running", nothing_in_files,
     [](HubFacts& f) {
       f.ports["127.0.0.1:25"] = {.greeting = base::Error{"Connection refused"}};
       f.mta.clear();
     },
     "mta", Severity::kWrong, "127.0.0.1:25", "no MTA answers", "start the MTA"},
    {"deliver_is_no_mta", nothing_in_files,
     [](HubFacts& f) {
       f.ports["127.0.0.1:25"] = {
           .greeting = base::Result<std::string>(boost::system::in_place_value, "SSH-2.0-OpenSSH_9.2")};
       f.mta.clear();
     },
     "mta", Severity::kWrong, "127.0.0.1:25", "what answers is no MTA: SSH-2.0", "correct `deliver`"},
    {"mta_refuses_the_site",nothing_in_files,
     [](HubFacts& f) {
       f.mta[0].greeting = "550 5.0.0 Access denied";
     },
     "mta", Severity::kWrong, "127.0.0.1:25", "turns away what comes from 127.0.5.2", "hosts.allow"},
    {"mta_refuses_the_sender", nothing_in_files,
     [](HubFacts& f) { f.mta[0].sender = "553 5.1.8 Domain of sender address does not exist"; }, "mta",
     Severity::kWrong, "127.0.0.1:25", "<postmaster@birl.example>", "accept_unresolvable_domains"},
    {"relaying_denied_to_our_domain", nothing_in_files,
     [](HubFacts& f) { f.mta[0].recipient = "550 5.7.1 Relaying denied"; }, "mta", Severity::kWrong, "127.0.0.1:25",
     "<postmaster@tokyo.example>: 550 5.7.1", "local-host-names"},
    {"mta_wants_login",
     [](PreparedHub& h) { h.replace("/etc/mail/sendmail.cf", "Port=smtp", "Port=smtp, M=a"); }, nothing_in_facts,
     "mta", Severity::kWrong, "/etc/mail/sendmail.cf", "log in", ""},
    {"mta_listens_elsewhere",
     [](PreparedHub& h) { h.replace("/etc/mail/sendmail.cf", "Port=smtp", "Port=smtp, Addr=192.0.2.10"); },
     nothing_in_facts, "mta", Severity::kWrong, "/etc/mail/sendmail.cf", "does not listen: add DAEMON_OPTIONS", ""},
    {"relays_for_the_site", [](PreparedHub& h) {
       h.replace("/etc/mail/access", "Connect:127.0.5.2\tSKIP", "Connect:127\tRELAY");
       h.build("/etc/mail/access");
     },
     [](HubFacts& f) { f.mta[0].foreign = "250 2.1.5 Recipient ok"; }, "relaying", Severity::kWrong,
     "/etc/mail/access:2", "relays to anywhere", "Connect:127.0.5.2\tSKIP"},
    {"load_too_high", nothing_in_files, [](HubFacts& f) { f.load = 20; }, "load", Severity::kWarning,
     "/etc/mail/sendmail.cf", "only queues mail", "confQUEUE_LA"},

    // the machine
    {"year_1970", nothing_in_files, [](HubFacts& f) {
       f.now = base::WallTime(seconds(86400));
       (**f.key).made = 0;
       for (auto& [path, file] : f.files) file.changed = 0;
     },
     "clock", Severity::kWrong, "clock", "1970-01-02", "NTP"},
    {"clock_not_kept", nothing_in_files, [](HubFacts& f) { f.clock_is_synchronised = false; }, "clock",
     Severity::kWarning, "clock", "no NTP service", "chrony"},
    {"clock_jumped", nothing_in_files,
     [](HubFacts& f) { status_in(f)["started"] = control::rfc3339(f.now - hours(30)); }, "clock", Severity::kWarning,
     "clock", "put forward by 1 d 5 h", "NTP"},
    {"disk_full", nothing_in_files, [](HubFacts& f) { f.disks[0].bytes_free = 4096; }, "disks", Severity::kWrong,
     "/var/lib/tsmtp", "relayd's state is full", "make room"},
    {"disk_nearly_full", nothing_in_files, [](HubFacts& f) { f.disks[0].bytes_free = 100 << 20; }, "disks",
     Severity::kWarning, "/var/lib/tsmtp", "nearly full: 100", "make room"},
    {"inodes_used_up", nothing_in_files, [](HubFacts& f) { f.disks[0].inodes_free = 0; }, "disks", Severity::kWrong,
     "/var/lib/tsmtp", "no room for more files", "df -i"},
    {"disk_read_only", nothing_in_files, [](HubFacts& f) { f.disks[0].is_read_only = true; }, "disks",
     Severity::kWrong, "/var/lib/tsmtp", "read only", "remount,rw"},

    // sendmail.cf
    {"cf_older_than_mc", [](PreparedHub& h) { h.shift_time("/etc/mail/sendmail.cf", -600); },
     [](HubFacts& f) { f.cf_edit = base::Result<std::string>(boost::system::in_place_value, "Mtsmtp"); }, "sendmail.cf",
     Severity::kWrong, "/etc/mail/sendmail.cf", "it is older than /etc/mail/sendmail.mc", "m4 /etc/mail/sendmail.mc"},
    {"cf_edited", nothing_in_files,
     [](HubFacts& f) { f.cf_edit = base::Result<std::string>(boost::system::in_place_value, "O MaxHopCount=17"); },
     "sendmail.cf", Severity::kWarning, "/etc/mail/sendmail.cf", "MaxHopCount=17", "put edits into"},
    {"mc_broken", nothing_in_files,
     [](HubFacts& f) { f.cf_edit = base::Error{"m4 complains of /etc/mail/sendmail.mc: FEATURE() should be before MAILER()"}; },
     "sendmail.cf", Severity::kWrong, "/etc/mail/sendmail.mc", "should be before MAILER", "mend what m4"},
    {"sendmail_not_restarted", [](PreparedHub& h) { h.shift_time("/run/sendmail/mta/sendmail.pid", -600); },
     nothing_in_facts, "restarted", Severity::kWrong, "/etc/mail/", "after sendmail had read it", "systemctl restart sendmail"},
    {"no_mailer", [](PreparedHub& h) { h.replace("/etc/mail/sendmail.cf", "Mtsmtp", "Mother"); }, nothing_in_facts,
     "features", Severity::kWrong, "/etc/mail/sendmail.cf", "no mailer tsmtp", "MAILER(`tsmtp')"},
    {"no_mailertable", [](PreparedHub& h) { h.replace("/etc/mail/sendmail.cf", "Kmailertable", "Kothertable"); },
     nothing_in_facts, "features", Severity::kWrong, "/etc/mail/sendmail.cf", "reads no mailertable",
     "FEATURE(`mailertable')"},
    {"not_fail_closed", [](PreparedHub& h) { h.replace("/etc/mail/sendmail.cf", "F{TsmtpDomain}", "F{Other}"); },
     nothing_in_facts, "features", Severity::kWrong, "/etc/mail/sendmail.cf", "does not fail closed",
     "FEATURE(`tsmtp')"},
    {"inbound_not_checked", [](PreparedHub& h) { h.replace("/etc/mail/sendmail.cf", "Ktsmtpsite", "Kothersite"); },
     nothing_in_facts, "features", Severity::kWrong, "/etc/mail/sendmail.cf", "in a site's name",
     "FEATURE(`tsmtp_inbound')"},
    {"fallback_mx", [](PreparedHub& h) { h.add("/etc/mail/sendmail.cf", "O FallbackMXhost=mx.provider.example"); },
     nothing_in_facts, "features", Severity::kWrong, "/etc/mail/sendmail.cf:17", "mx.provider.example",
     "confFALLBACK_MX"},
    {"mailer_of_another_port", [](PreparedHub& h) { h.replace("/etc/mail/sendmail.cf", "$h 5000", "$h 5001"); },
     nothing_in_facts, "mailer", Severity::kWrong, "/etc/mail/sendmail.cf:16", "goes to port 5001", "TSMTP_PORT"},
    {"mailer_asks_for_mx", [](PreparedHub& h) { h.replace("/etc/mail/sendmail.cf", "mDFMuXa80", "mDFMuXa8"); },
     nothing_in_facts, "mailer", Severity::kWarning, "/etc/mail/sendmail.cf", "no flag 0", "MAILER(`tsmtp')"},
    {"mail_folder_group_writable", [](PreparedHub& h) { h.set_mode("/etc/mail", 0775); }, nothing_in_facts,
     "mail files", Severity::kWrong, "/etc/mail", "does not trust", "chmod go-w"},
    {"queue_gone", [](PreparedHub& h) { h.remove("/var/spool/mqueue"); }, nothing_in_facts, "mail files",
     Severity::kWrong, "/var/spool/mqueue", "is not there", "install -d"},

    // tables
    {"table_not_built", [](PreparedHub& h) { h.add(kTable, "more.birl.example\ttsmtp:[127.0.5.2]"); },
     nothing_in_facts, "tables", Severity::kWrong, "/etc/mail/mailertable:3", "is not in /etc/mail/mailertable.db",
     "mailertable build"},
    {"table_of_before_a_change", [](PreparedHub& h) {
       h.replace(kTable, "birl.example\ttsmtp:[127.0.5.2]", "birl.example\ttsmtp:[127.0.5.9]");
       h.build(kTable);
       h.replace(kTable, "127.0.5.9", "127.0.5.2");
     },
     nothing_in_facts, "tables", Severity::kWrong, "/etc/mail/mailertable:1", "is another in", "mailertable build"},
    {"table_has_a_line_more", [](PreparedHub& h) {
       h.add(kTable, "old.example\tesmtp:[192.0.2.3]");
       h.build(kTable);
       h.replace(kTable, "old.example\tesmtp:[192.0.2.3]\n", "");
     },
     nothing_in_facts, "tables", Severity::kWrong, "/etc/mail/mailertable.db", "old.example", "mailertable build"},
    {"table_missing", [](PreparedHub& h) { h.remove("/etc/mail/mailertable.db"); }, nothing_in_facts, "tables",
     Severity::kWrong, "/etc/mail/mailertable.db", "is not there", "mailertable build"},
    {"table_damaged", [](PreparedHub& h) { h.write("/etc/mail/mailertable.db", "garbage"); }, nothing_in_facts,
     "tables", Severity::kWrong, "/etc/mail/mailertable.db", "cannot read it", "mailertable build"},
    {"access_not_built", [](PreparedHub& h) { h.add("/etc/mail/access", "From:spam.example\tREJECT"); },
     nothing_in_facts, "tables", Severity::kWrong, "/etc/mail/access:3", "spam.example", "makemap hash /etc/mail/access"},
    {"senders_not_built", [](PreparedHub& h) { h.remove("/etc/mail/tsmtp-sites.db"); }, nothing_in_facts, "tables",
     Severity::kWrong, "/etc/mail/tsmtp-sites.db", "is not there", "makemap hash /etc/mail/tsmtp-sites"},
    {"unknown_mailer", [](PreparedHub& h) {
       h.replace(kTable, "birl.example\ttsmtp", "birl.example\ttsmpt");
       h.build(kTable);
     },
     nothing_in_facts, "mailertable", Severity::kWrong, "/etc/mail/mailertable:1", "tsmpt", "mailertable build"},
    {"route_past_the_link", [](PreparedHub& h) {
       h.add(kTable, "special.birl.example\tesmtp:[mx.birl.example]");
       h.build(kTable);
     },
     nothing_in_facts, "mailertable", Severity::kWrong, "/etc/mail/mailertable:3", "past the link",
     "mailertable build"},
    {"route_to_no_site", [](PreparedHub& h) {
       h.replace(kTable, ".birl.example\ttsmtp:[127.0.5.2]", ".birl.example\ttsmtp:[127.0.5.22]");
       h.build(kTable);
     },
     nothing_in_facts, "mailertable", Severity::kWrong, "/etc/mail/mailertable:2", "no site of", "mailertable build"},
    {"domain_without_route", [](PreparedHub& h) {
       h.write(kTable, ".birl.example\ttsmtp:[127.0.5.2]\n");
       h.build(kTable);
     },
     nothing_in_facts, "mailertable", Severity::kWrong, kTable, "no line routes", "mailertable build"},
    {"mailertable_optional", [](PreparedHub& h) {
       h.replace("/etc/mail/sendmail.cf", "Kmailertable hash", "Kmailertable hash -o");
     },
     nothing_in_facts, "mailertable", Severity::kWarning, "/etc/mail/sendmail.cf:4", "with -o", ""},
    {"domain_not_closed", [](PreparedHub& h) { h.write("/etc/mail/tsmtp-domains", "other.birl.example\n"); },
     nothing_in_facts, "closed domains", Severity::kWrong, "/etc/mail/tsmtp-domains", "birl.example, a domain of site",
     "add the line birl.example"},
    {"closed_list_gone", [](PreparedHub& h) { h.remove("/etc/mail/tsmtp-domains"); }, nothing_in_facts,
     "closed domains", Severity::kWrong, "/etc/mail/tsmtp-domains", "is not there", "one a line"},
    {"closed_list_with_addresses", [](PreparedHub& h) { h.add("/etc/mail/tsmtp-domains", "anna@birl.example"); },
     nothing_in_facts, "closed domains", Severity::kWrong, "/etc/mail/tsmtp-domains:2", "", "make sendmail.cf anew"},
    {"closed_for_no_site", [](PreparedHub& h) { h.add("/etc/mail/tsmtp-domains", "gone.example"); },
     nothing_in_facts, "closed domains", Severity::kWarning, "/etc/mail/tsmtp-domains:2", "belongs to no site",
     "--release gone.example"},
    {"site_domain_is_local", [](PreparedHub& h) { h.add("/etc/mail/local-host-names", "birl.example"); },
     nothing_in_facts, "local names", Severity::kWrong, "/etc/mail/local-host-names:3", "this host's own (class w)",
     "take it out"},
    {"site_domain_is_relayed", [](PreparedHub& h) { h.add("/etc/mail/relay-domains", "birl.example"); },
     nothing_in_facts, "local names", Severity::kWarning, "/etc/mail/relay-domains:2", "relays for it", "take it out"},
    {"own_domain_unknown", [](PreparedHub& h) { h.write("/etc/mail/local-host-names", "localhost\n"); },
     nothing_in_facts, "mailertable", Severity::kWarning, "/etc/mail/sendmail.cf", "Relaying denied", ""},
    {"sender_of_another_address", [](PreparedHub& h) {
       h.replace("/etc/mail/tsmtp-sites", "birl.example\t127.0.5.2", "birl.example\t127.0.5.3");
       h.build("/etc/mail/tsmtp-sites");
     },
     nothing_in_facts, "senders", Severity::kWrong, "/etc/mail/tsmtp-sites:1", "said to come from 127.0.5.3",
     "makemap hash"},
    {"address_of_nobody", [](PreparedHub& h) {
       h.replace("/etc/mail/tsmtp-sites", "127.0.5.2\tbirlinghoven\n", "");
       h.build("/etc/mail/tsmtp-sites");
     },
     nothing_in_facts, "senders", Severity::kWrong, "/etc/mail/tsmtp-sites", "does not know whose mail",
     "127.0.5.2\tbirlinghoven"},
    {"access_refuses_the_site", [](PreparedHub& h) {
       h.replace("/etc/mail/access", "SKIP", "REJECT");
       h.build("/etc/mail/access");
     },
     nothing_in_facts, "access", Severity::kWrong, "/etc/mail/access:2", "refuses all mail from site", "SKIP"},
    {"access_refuses_its_domain", [](PreparedHub& h) {
       h.add("/etc/mail/access", "From:birl.example\t550 no");
       h.build("/etc/mail/access");
     },
     nothing_in_facts, "access", Severity::kWrong, "/etc/mail/access:3", "refuses mail of birl.example", "makemap"},
    {"route_leaves_in_clear", nothing_in_files,
     [](HubFacts& f) {
       f.routes = base::Result<std::string>(
           boost::system::in_place_value,
           "mailer esmtp, host mx.birl.example., user x\nmailer tsmtp, host [127.0.5.2], user x\n");
     },
     "routes", Severity::kWrong, "/etc/mail/mailertable:1", "leave in clear by mailer esmtp to mx.birl.example.",
     "tsmtp-sendmail on"},
    {"route_is_held", nothing_in_files,
     [](HubFacts& f) {
       f.routes = base::Result<std::string>(boost::system::in_place_value,
                                            "mailer *error*, host 4.7.0, user \"451 birl.example is tunnel-only, but "
                                            "would leave by mailer esmtp\"\nmailer tsmtp, host [127.0.5.2], user x\n");
     },
     "routes", Severity::kWrong, "/etc/mail/mailertable:1", "would not leave: 451 4.7.0", "birl.example\ttsmtp:[127.0.5.2]"},
    {"mail_waits", nothing_in_files,
     [](HubFacts& f) {
       f.queue =
           "\t\t/var/spool/mqueue (1 request)\n"
           "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n"
           "6AU0abcd000123       12 Mon Nov 30 06:00 <hans@tokyo.example>\n"
           "                 (Deferred: 421 4.4.1 birlinghoven: link down since 05:59:01)\n"
           "\t\t\t\t\t <anna@birl.example>\n";
     },
     "queue", Severity::kWarning, "site birlinghoven", "1 recipient in sendmail's queue, the last (Deferred: 421 4.4.1",
     "sendmail -qRbirl.example"},
};

TEST(Mistakes, AreFoundAndNamed) {
  ASSERT_GE(std::size(kMistakes), 60u);
  const PreparedHub healthy;
  for (const Mistake& mistake : kMistakes)
    expect_found(mistake, healthy);
}

TEST(Doctor, SaysWhatWhereSinceWhenAndWhatToDo) {
  const PreparedHub hub;
  HubFacts facts = hub.facts();
  site_in_status(facts)["state"] = "down";
  site_in_status(facts)["cause"] = "Connection refused, 192.0.2.20:5443";
  facts.not_looked_at = {"sendmail's queue: mailq does not end in time"};
  const std::vector<Finding> findings = examine(facts);
  const std::string text = findings_text(facts, findings);
  EXPECT_THAT(text,
              HasSubstr("WRONG    site birlinghoven: its link is down, and mail for it waits: Connection "
                        "refused, 192.0.2.20:5443, since "));
  EXPECT_THAT(text, HasSubstr("\n         to do: start relayd there"));
  EXPECT_THAT(text,
              HasSubstr("\n?        sendmail's queue: mailq does not end in time\n1 wrong, 0 warnings.\n"));
  const Json json = Json::parse(findings_json(facts, findings));
  EXPECT_EQ(json["wrong"], 1);
  EXPECT_EQ(json["findings"][0]["check"], "links");
  EXPECT_EQ(json["findings"][0]["severity"], "wrong");
  EXPECT_EQ(json["not_looked_at"].size(), 1u);
}

TEST(Doctor, ThousandWrongLinesAreToldInTwenty) {
  PreparedHub hub;
  for (int i = 0; i < 1000; ++i)
    hub.add(kTable, "d" + std::to_string(i) + ".birl.example\tesmtp:[mx.example]");
  const HubFacts facts = hub.facts();
  const std::vector<Finding> findings = examine(facts);
  EXPECT_LT(findings.size(), 40u);
  EXPECT_THAT(findings_text(facts, findings), HasSubstr("more like this)"));
}

}  // namespace
}  // namespace tsmtp::diagnosis
