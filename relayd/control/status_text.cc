#include "relayd/control/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "relayd/base/bytes.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

using base::escaped;

std::string span_since(base::WallTime then, base::WallTime now) {
  return span_text(std::chrono::duration_cast<std::chrono::seconds>(now - then));
}

std::string since(base::WallTime then, base::WallTime now) {
  return fmt::format("since {} ({})", local_time(then, now), span_since(then, now));
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit)
    amount /= 1024;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts)
    out += (out.empty() ? "" : ", ") + escaped(part);
  return out;
}

std::string mails(std::uint64_t count) {
  return fmt::format("{} mail{}", count, count == 1 ? "" : "s");
}

std::string saved_text(const Traffic& traffic) {
  if (traffic.link_bytes >= traffic.bytes) return {};
  return ", on the link " + bytes_text(traffic.link_bytes);
}

std::string traffic_text(const Traffic& traffic, std::string_view verb) {
  std::string out = fmt::format("{} {}", mails(traffic.ok), verb);
  if (traffic.bytes > 0) out += " (" + bytes_text(traffic.bytes) + saved_text(traffic) + ")";
  if (traffic.refused > 0) out += fmt::format(", {} refused", traffic.refused);
  if (traffic.deferred > 0) out += fmt::format(", {} deferred", traffic.deferred);
  return out;
}

// The one line that answers "does mail flow, and if not, why not".
std::string link_text(const SiteStatus& site, base::WallTime now) {
  std::string out = fmt::format("link {} {}", to_string(site.state), since(site.since, now));
  if (!site.cause.empty()) out += ": " + escaped(site.cause);
  if (site.stands_still_since) out += ", STANDS STILL " + since(*site.stands_still_since, now);
  if (!site.peer_address.empty()) out += ", with " + escaped(site.peer_address);
  if (!site.peer_name.empty() && site.peer_name != site.name)
    out += fmt::format(", which calls itself \"{}\"", escaped(site.peer_name));
  if (site.round_trip)
    out += fmt::format(", round trip {:.1f} ms", static_cast<double>(site.round_trip->count()) / 1000);
  if (site.next_dial && site.state == LinkState::kDown)
    out += "; next try in " + span_since(now, *site.next_dial);
  return out;
}

std::string endpoints_text(const SiteStatus& site) {
  return "mail for it is taken at " + (site.endpoints.empty() ? "no endpoint" : joined(site.endpoints));
}

std::string troubles(const SiteStatus& site) {
  std::string out;
  if (site.open_transactions > 0) out += "; " + mails(site.open_transactions) + " under way";
  if (site.in_doubt > 0) out += "; " + mails(site.in_doubt) + " in doubt";
  if (site.counters.streams_refused > 0)
    out += fmt::format("; {} streams refused", site.counters.streams_refused);
  return out;
}

// One that stands alone is told as the link's cause already.
void put_dial_failures(std::string& out, const SiteStatus& site, base::WallTime now,
                       const std::string& indent) {
  if (site.dial_failures.size() < 2) return;
  for (const DialFailure& failure : site.dial_failures)
    out += fmt::format("{}  dialled {} at {}: {}\n", indent, escaped(failure.address),
                       local_time(failure.when, now), escaped(failure.cause));
}

// Nothing while there is nothing to say.
std::string mta_text(const MtaConnections& mta) {
  if (!mta.trouble.empty()) return "not reachable: " + escaped(mta.trouble);
  if (mta.in_use + mta.idle + mta.opening + mta.closing + mta.waiting == 0) return {};
  std::string out = fmt::format("{} in use, {} idle", mta.in_use, mta.idle);
  if (mta.opening > 0) out += fmt::format(", {} opening", mta.opening);
  if (mta.closing > 0) out += fmt::format(", {} closing", mta.closing);
  if (mta.waiting > 0) out += fmt::format(", {} waiting for one", mails(mta.waiting));
  const bool is_learnt = mta.learnt && *mta.learnt < mta.limit;
  if (is_learnt) return out + fmt::format("; it takes no more than {}", *mta.learnt);
  return mta.waiting > 0 ? out + fmt::format("; mta_connections is {}", mta.limit) : out;
}

void put_refused(std::string& out, const Traffic& traffic, std::string_view what, base::WallTime now,
                 const std::string& indent) {
  if (!traffic.last_refused) return;
  const RefusedMail& mail = *traffic.last_refused;
  out += fmt::format("{}  last refused, {}, at {}: from <{}> to <{}>: {}\n", indent, what,
                     local_time(mail.when, now), escaped(mail.sender), escaped(mail.recipient),
                     escaped(mail.reply));
  if (!mail.advice.empty()) out += fmt::format("{}    {}\n", indent, escaped(mail.advice));
}

void put_site(std::string& out, const SiteStatus& site, base::WallTime now, std::size_t name_width) {
  const std::string name = escaped(site.name);
  const std::string indent(name_width, ' ');
  out += fmt::format("{:<{}}  {}\n", name, name_width, link_text(site, now));
  put_dial_failures(out, site, now, indent);
  out += fmt::format("{}  {}\n", indent, endpoints_text(site));
  if (!site.far_mta.empty()) out += fmt::format("{}  the MTA there: {}\n", indent, escaped(site.far_mta));
  if (const std::string mta = mta_text(site.mta); !mta.empty())
    out += fmt::format("{}  connections to our MTA: {}\n", indent, mta);
  out += fmt::format("{}  {}; {}{}\n", indent, traffic_text(site.out, "sent"),
                     traffic_text(site.in, "received"), troubles(site));
  put_refused(out, site.out, "sent", now, indent);
  put_refused(out, site.in, "received", now, indent);
  if (!site.tls.empty())
    out += fmt::format("{}  {}encrypted with {}\n", indent, site.compresses ? "compressed, " : "",
                       escaped(site.tls));
}

std::string audit_text(const AuditStatus& audit) {
  std::string out = escaped(audit.target);
  if (audit.lost > 0) out += fmt::format(", {} RECORD{} LOST", audit.lost, audit.lost == 1 ? "" : "S");
  if (!audit.trouble.empty()) out += ": " + escaped(audit.trouble);
  return out;
}

void put_hub(std::string& out, const HubStatus& hub) {
  out += fmt::format("hub {}: relayd {}, process {}, running {}{}\n", escaped(hub.name), escaped(hub.version),
                     hub.pid, since(hub.started, hub.now), hub.draining ? ", DRAINING" : "");
  out += fmt::format("  configuration  {}, loaded {} ({} ago)\n", escaped(hub.config_file),
                     local_time(hub.config_loaded, hub.now), span_since(hub.config_loaded, hub.now));
  if (!hub.last_reload_error.empty())
    out += fmt::format("  LAST RELOAD FAILED, still running the one before: {}\n",
                       escaped(hub.last_reload_error));
  out += fmt::format("  key            {}\n", escaped(hub.fingerprint));
  out += fmt::format("  listening on   {}\n",
                     hub.listen.empty() ? "nothing, dials out only" : joined(hub.listen));
  if (hub.endpoints_held)
    out +=
        fmt::format("  endpoints      {}\n",
                    *hub.endpoints_held
                        ? "held while relayd does not run"
                        : "NOT HELD while relayd does not run: start `relayd --hold-endpoints`, relayd(8)");
  if (hub.audit) out += fmt::format("  audit record   {}\n", audit_text(*hub.audit));
  if (hub.shortage)
    out += fmt::format("  SHORTAGE       {}, {}x, last {}\n", escaped(hub.shortage->text),
                       hub.shortage->times, local_time(hub.shortage->last, hub.now));
  if (!hub.ledger.trouble.empty())
    out += fmt::format("  LEDGER         CANNOT BE WRITTEN {}, mails are put off: {}\n",
                       since(hub.ledger.since, hub.now), escaped(hub.ledger.trouble));
  if (!hub.ledger.no_witness.empty())
    out += fmt::format(
        "  NO WITNESS     {}: a mail that is being delivered when relayd is killed may come twice\n",
        escaped(hub.ledger.no_witness));
  if (hub.sessions_refused > 0)
    out += fmt::format("  refused        {} at endpoints, connections of MTAs\n", hub.sessions_refused);
  if (hub.connections_refused > 0)
    out += fmt::format("  refused        {} at the link port, {} of them because of too many at once\n",
                       hub.connections_refused, hub.unauthenticated_driven_out);
  for (const RefusedKey& key : hub.refused_keys)
    out += fmt::format("  unknown key    {} from {}, {}x, last {}: no site has this pin\n", escaped(key.pin),
                       escaped(key.address), key.times, local_time(key.last, hub.now));
}

}  // namespace

std::string status_text(const HubStatus& status) {
  std::string out;
  put_hub(out, status);
  out += '\n';
  if (status.sites.empty()) out += "no sites are configured\n";
  std::size_t name_width = 0;
  for (const SiteStatus& site : status.sites)
    name_width = std::max(name_width, escaped(site.name).size());
  for (const SiteStatus& site : status.sites)
    put_site(out, site, status.now, name_width);
  return out;
}

}  // namespace tsmtp::control
