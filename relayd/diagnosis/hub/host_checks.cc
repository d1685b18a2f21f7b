// Our MTA as the sites' mail finds it, and the host below everything: its clock, its disks, its load.
#include <algorithm>
#include <charconv>
#include <set>

#include "relayd/control/phrases.h"
#include "relayd/control/time_text.h"
#include "relayd/diagnosis/hub/checks.h"
#include "relayd/diagnosis/hub/places.h"
#include "sendmail/plan/cf_maps.h"
#include "sendmail/plan/listeners.h"

namespace tsmtp::diagnosis {
namespace {

constexpr std::int64_t kBeforeAll = 1'735'689'600;  // 2025-01-01: no relayd is older
constexpr std::chrono::seconds kJump{120};
constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kFull = 16 * kMebibyte;
constexpr std::uint64_t kNearlyFull = 512 * kMebibyte;
constexpr std::uint64_t kFewInodes = 200;
constexpr std::uint64_t kPercent = 100;
constexpr std::uint64_t kFewPercent = 5;

bool is_reply(const std::optional<std::string>& reply, char kind) {
  return reply && reply->starts_with(kind);
}

/// No such mailbox is no mistake of a hub's.
bool is_about_mailbox(const std::string& reply) {
  return reply.find("5.1.1") != std::string::npos || reply.find("ser unknown") != std::string::npos;
}

std::string place_in_table(const HubFacts& facts, std::string_view map, const std::string& word) {
  const auto found = sendmail::map_in(text_of(facts, facts.cf_file), map);
  return found ? place_of(facts, found->path, word) : std::string();
}

std::string remedy_for_sender(const HubFacts& facts, const MtaFact& mta) {
  if (mta.sender && mta.sender->find("does not exist") != std::string::npos)
    return "its domain must be known to the DNS here, or say FEATURE(`accept_unresolvable_domains') in "
           "sendmail.mc";
  const std::string sites = place_in_table(facts, "tsmtpsite", mta.from);
  const std::string access = place_in_table(facts, "access", mta.from);
  std::string out = "see what our MTA's log says of it";
  if (!sites.empty()) out += ", and " + sites;
  if (!access.empty()) out += ", and " + access;
  return out;
}

void judge_mta(const HubFacts& facts, const MtaFact& mta, Report& report) {
  const std::string from = "mail from site " + in_quotes(mta.site) + ", which comes from " + mta.from + ", ";
  if (is_reply(mta.sender, '5') || is_reply(mta.sender, '4'))
    report.wrong(mta.deliver, from + "is not taken from <" + mta.sender_asked + ">: " + *mta.sender,
                 remedy_for_sender(facts, mta));
  else if (is_reply(mta.recipient, '5') && !is_about_mailbox(*mta.recipient))
    report.wrong(
        mta.deliver, from + "is not taken to <" + mta.recipient_asked + ">: " + *mta.recipient,
        mta.recipient->find("elaying") != std::string::npos
            ? "that domain into /etc/mail/local-host-names, or into relay-domains if this host hands its "
              "mail on; then restart sendmail"
            : remedy_for_sender(facts, mta));
}

}  // namespace

void check_mta(const HubFacts& facts, Report& report) {
  std::set<std::string> told;
  for (const settings::Site& site : facts.sites) {
    const std::string address = site.deliver.to_string();
    const auto found = facts.ports.find(address);
    if (found == facts.ports.end() || !found->second.greeting || !told.insert(address).second) continue;
    const base::Result<std::string>& greeting = *found->second.greeting;
    const std::string what = "mail from site " + in_quotes(site.name) + " is handed over here, and ";
    if (!greeting)
      report.wrong(address, what + "no MTA answers: " + greeting.error().message,
                   "start the MTA of this host, or correct `deliver` of the site");
    else if (greeting->starts_with('4') || greeting->starts_with("554") || greeting->starts_with("550"))
      report.wrong(address, what + "our MTA turns us away: " + *greeting,
                   greeting->find("ccess denied") != std::string::npos
                       ? "let 127.0.0.0/8 in: /etc/hosts.allow and hosts.deny, or the access map"
                       : "see its log");
    else if (!greeting->starts_with("220"))
      report.wrong(address, what + "what answers is no MTA: " + *greeting, "correct `deliver` of the site");
  }
  for (const MtaFact& mta : facts.mta) {
    if (is_reply(mta.greeting, '2') || !mta.greeting)
      judge_mta(facts, mta, report);
    else if (const auto port = facts.ports.find(mta.deliver);
             port != facts.ports.end() && port->second.greeting && *port->second.greeting &&
             (*port->second.greeting)->starts_with('2'))
      report.wrong(mta.deliver,
                   "our MTA turns away what comes from " + mta.from + ", the address of site " +
                       in_quotes(mta.site) + ": " + *mta.greeting,
                   "let 127.0.0.0/8 in: /etc/hosts.allow and hosts.deny, or the access map (" +
                       place_in_table(facts, "access", mta.from) + ')');
  }
  const std::string_view cf = text_of(facts, facts.cf_file);
  if (cf.empty()) return;
  for (const std::string& deaf : sendmail::unheard(cf, facts.for_sendmail.deliveries))
    report.wrong(facts.cf_file, deaf, "then make sendmail.cf anew and restart sendmail");
}

void check_relaying(const HubFacts& facts, Report& report) {
  for (const MtaFact& mta : facts.mta) {
    if (!is_reply(mta.foreign, '2')) continue;
    std::string place = place_in_table(facts, "access", mta.from);
    if (place.empty() || place.find(':') == std::string::npos)
      place = place_in_table(facts, "access", "connect:127");
    report.wrong(
        place.find(':') == std::string::npos ? mta.deliver : place,
        "our MTA relays to anywhere what comes from " + mta.from + ", the address of site " +
            in_quotes(mta.site),
        "FEATURE(`tsmtp_inbound') in sendmail.mc, or Connect:" + mta.from + "\tSKIP in the access map");
  }
}

void check_clock(const HubFacts& facts, Report& report) {
  if (facts.now < wall_time(kBeforeAll)) {
    report.wrong("clock", "it says " + control::rfc3339(facts.now) + ", when there was no relayd yet",
                 "set it: an NTP service such as chrony or systemd-timesyncd");
    return;
  }
  if (facts.clock_is_synchronised && !*facts.clock_is_synchronised)
    report.warning("clock", "no NTP service keeps it right, as the kernel says",
                   "start one: chrony, ntpsec or systemd-timesyncd; `timedatectl` shows it");
  const control::Json* const status = status_of(facts);
  if (status == nullptr || !facts.relayd) return;
  const auto said = time_in(*status, "started");
  if (!said) return;
  const auto jump =
      std::chrono::duration_cast<std::chrono::seconds>(wall_time(facts.relayd->started) - *said);
  if (jump > kJump || jump < -kJump)
    report.warning(
        "clock",
        "it was put " + std::string(jump.count() > 0 ? "forward" : "back") + " by " +
            control::span_text(std::chrono::abs(jump)) + " since relayd was started",
        "nothing for relayd; times in the logs of before are of the other clock. See that NTP runs");
}

void check_disks(const HubFacts& facts, Report& report) {
  for (const DiskFact& disk : facts.disks) {
    const std::string whose = "the file system of " + disk.purpose;
    if (disk.is_read_only)
      report.wrong(disk.path, whose + " is read only",
                   "see why in the kernel's log: dmesg; then mount -o remount,rw it");
    else if (disk.bytes_total > 0 && disk.bytes_free < kFull)
      report.wrong(disk.path, whose + " is full: " + control::bytes_text(disk.bytes_free) + " free",
                   "make room: du -x shows what takes it");
    else if (disk.bytes_total > 0 && disk.bytes_free < kNearlyFull &&
             disk.bytes_free < disk.bytes_total / kPercent * kFewPercent)
      report.warning(disk.path, whose + " is nearly full: " + control::bytes_text(disk.bytes_free) + " free",
                     "make room");
    if (disk.inodes_total > 0 && disk.inodes_free < kFewInodes)
      report.wrong(disk.path,
                   whose + " has no room for more files: " + std::to_string(disk.inodes_free) + " left",
                   "remove small files: df -i; du --inodes -x shows where they are");
  }
}

void check_load(const HubFacts& facts, Report& report) {
  const std::string_view cf = text_of(facts, facts.cf_file);
  if (cf.empty() || !facts.load || !facts.sendmail) return;
  const auto limit_of = [&](const char* option, double usual) {
    const std::string text = sendmail::option_in(cf, option);
    double limit = usual * facts.processors;
    const double usual_limit = limit;
    std::from_chars(text.data(), text.data() + text.size(), limit);
    return limit > 0 ? limit : usual_limit;
  };
  constexpr double kQueue = 8;
  constexpr double kRefuse = 12;
  const std::string load = std::to_string(static_cast<int>(*facts.load));
  if (*facts.load >= limit_of("RefuseLA", kRefuse))
    report.wrong(facts.cf_file,
                 "the load, " + load + ", is above RefuseLA, and sendmail refuses all connections",
                 "find what makes it: top; or raise confREFUSE_LA in sendmail.mc");
  else if (*facts.load >= limit_of("QueueLA", kQueue))
    report.warning(facts.cf_file, "the load, " + load + ", is above QueueLA, and sendmail only queues mail",
                   "find what makes it: top; or raise confQUEUE_LA in sendmail.mc");
}

}  // namespace tsmtp::diagnosis
