#include "relayd/control/site_hub_fields.h"

#include "relayd/base/bytes.h"
#include "relayd/control/field_forms.h"
#include "relayd/control/phrases.h"
#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

using base::escaped;
using base::WallTime;

enum class Told { kAlways, kOfSeveral };

const Fields<SiteHubStatus>& hub_of_site_fields() {
  static const Fields<SiteHubStatus> fields{
      plain("name", "as relayd.toml calls it", &SiteHubStatus::name),
      {"state", "of its link, as that of the site",
       [](const SiteHubStatus& hub) { return Json(to_string(hub.state)); }},
      time("since", "since when it has been so", &SiteHubStatus::since),
      text("cause", "why the link is not up", &SiteHubStatus::cause),
      text("peer_address", "address of the other end", &SiteHubStatus::peer_address),
      text("peer_version", "version of the relayd there; null where it does not tell",
           &SiteHubStatus::peer_version),
      plain("lacks", "list of what ours knows and that does not, in words", &SiteHubStatus::lacks),
      text("far_mta", "what the hub says of its MTA", &SiteHubStatus::far_mta),
      text("refusal", "why it is handed no mail now; null while it is", &SiteHubStatus::refusal),
      text("key", "the key by which the hub is known now; null if all are revoked", &SiteHubStatus::key),
      plain("mails_under_way", "mails of our MTA", &SiteHubStatus::mails_under_way),
      {"leaving_streams", "as that of the site",
       [](const SiteHubStatus& hub) { return number_or_null(hub.leaving_streams); }}};
  return fields;
}

// With one hub the line of the link says all of it.
std::string hubs_text(const SiteStatus& site, WallTime now) {
  std::string out;
  if (site.hubs.size() < 2) return out;
  for (const SiteHubStatus& hub : site.hubs) {
    out += "hub " + escaped(hub.name) + ": link " + to_string(hub.state) + ' ' + since(hub.since, now);
    if (!hub.peer_address.empty()) out += ", with " + escaped(hub.peer_address);
    if (!hub.peer_version.empty()) out += ", relayd " + escaped(hub.peer_version);
    if (hub.leaving_streams) out += leaving_link_text(*hub.leaving_streams);
    if (!hub.cause.empty()) out += ": " + escaped(hub.cause);
    if (hub.state == LinkState::kUp && !hub.refusal.empty())
      out += "; takes no mail: " + escaped(hub.refusal);
    if (hub.mails_under_way > 0) out += "; " + mails_text(hub.mails_under_way) + " under way";
    out += '\n';
  }
  return out;
}

// A site has forty series at most with two hubs. Of one hub two of these say what the site's own do.
bool is_told(const SiteStatus& site, Told told) {
  return told == Told::kAlways || site.hubs.size() > 1;
}

Metric<SiteStatus> of_each_hub(std::string_view name, std::string_view help,
                               std::uint64_t (*value)(const SiteHubStatus&), Told told) {
  return {name, kGauge, help, [value, told](const SiteStatus& site) {
            std::vector<Sample> out;
            if (!is_told(site, told)) return out;
            for (const SiteHubStatus& hub : site.hubs)
              out.push_back({.labels = "hub=" + label_value(hub.name), .value = value(hub)});
            return out;
          }};
}

}  // namespace

std::string leaving_link_text(std::uint64_t streams) {
  return ", and a leaving link of the process before, with " + std::to_string(streams) +
         (streams == 1 ? " stream" : " streams");
}

Field<SiteStatus> hubs_field() {
  return objects("hubs", "list of the hubs of the site", &SiteStatus::hubs, hub_of_site_fields())
      .measured(
          {of_each_hub(
               "tsmtp_hub_link_up", "1 while the link to that hub of a site with several is up.",
               [](const SiteHubStatus& hub) { return std::uint64_t{hub.state == LinkState::kUp}; },
               Told::kOfSeveral),
           of_each_hub(
               "tsmtp_hub_takes_mail", "1 while that hub of the site can be handed mail.",
               [](const SiteHubStatus& hub) { return std::uint64_t{hub.refusal.empty()}; }, Told::kAlways),
           of_each_hub(
               "tsmtp_hub_mails_under_way", "Mails under way to that hub of a site with several.",
               [](const SiteHubStatus& hub) { return hub.mails_under_way; }, Told::kOfSeveral)})
      .said(SiteLine::kHubs, hubs_text);
}

}  // namespace tsmtp::control
