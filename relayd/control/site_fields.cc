// The fields of a site's status.
#include <fmt/format.h>

#include "relayd/base/bytes.h"
#include "relayd/control/counter_fields.h"
#include "relayd/control/delay_fields.h"
#include "relayd/control/field_forms.h"
#include "relayd/control/forward_fields.h"
#include "relayd/control/phrases.h"
#include "relayd/control/site_hub_fields.h"
#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

using base::escaped;
using base::WallTime;

const Fields<DialFailure>& dial_failure_fields() {
  static const Fields<DialFailure> fields{
      plain("address", "the address that was dialled", &DialFailure::address),
      time("when", "time of the failure", &DialFailure::when),
      plain("cause", "why it failed", &DialFailure::cause)};
  return fields;
}

const mail::MtaConnectionCounters& mta_counters(const MtaConnections& mta) {
  return mta.counts.connections;
}

bool takes_no_more(const MtaConnections& mta) {
  return mta.counts.learnt && *mta.counts.learnt < mta.limit;
}

std::string waiting_text(const MtaConnections& mta) {
  return mta.counts.waiting == 0 ? "" : ", " + mails_text(mta.counts.waiting) + " waiting for one";
}

std::string limit_text(const MtaConnections& mta) {
  if (takes_no_more(mta)) return fmt::format("; it takes no more than {}", *mta.counts.learnt);
  return mta.counts.waiting == 0 ? "" : fmt::format("; mta_connections is {}", mta.limit);
}

const Fields<MtaConnections>& mta_fields() {
  static const Fields<MtaConnections> fields = [] {
    auto rows = counter_fields<MtaConnections>(mail::kMtaConnectionRows, mta_counters);
    rows.push_back(Field<MtaConnections>{
        "waiting", "mails that wait for one", [](const MtaConnections& mta) {
          return Json(mta.counts.waiting);
        }}.said(kOnlyLine, waiting_text));
    rows.push_back(plain("limit", "as configured", &MtaConnections::limit).said(kOnlyLine, limit_text));
    rows.push_back({"learnt_limit", "the MTA takes no more; null while it has refused none",
                    [](const MtaConnections& mta) {
                      return mta.counts.learnt ? Json(*mta.counts.learnt) : Json(nullptr);
                    }});
    rows.push_back(text("trouble", "why it cannot be reached", &MtaConnections::trouble));
    return rows;
  }();
  return fields;
}

std::vector<Labelled<mail::MtaConnectionCounters>> mta_counters_of(const SiteStatus& site) {
  return {{.labels = {}, .counters = &site.mta.counts.connections}};
}

// Nothing while there is nothing to say.
std::string mta_text(const SiteStatus& site, WallTime now) {
  const MtaConnections& mta = site.mta;
  if (!mta.trouble.empty()) return "connections to our MTA: not reachable: " + escaped(mta.trouble);
  if (mta.counts.all() + mta.counts.waiting == 0) return {};
  return fmt::format("connections to our MTA: {} in use, {} idle", mta.counts.connections.in_use,
                     mta.counts.connections.idle) +
         in_words(mta, mta_fields(), now);
}

Field<SiteStatus> mta_field() {
  return object("mta", "connections to our MTA for mail from the site", &SiteStatus::mta, mta_fields())
      .measured(counter_metrics<SiteStatus>(mail::kMtaConnectionRows, mta_counters_of))
      .measured({{"tsmtp_mta_connections_waiting", kGauge, "Mails that wait for a connection to our MTA.",
                  [](const SiteStatus& site) { return one(site.mta.counts.waiting); }},
                 {"tsmtp_mta_connections_limit", kGauge,
                  "Connections to our MTA at once, by configuration or as many as it takes.",
                  [](const SiteStatus& site) {
                    return one(takes_no_more(site.mta) ? *site.mta.counts.learnt : site.mta.limit);
                  }}})
      .said(SiteLine::kMta, mta_text);
}

const Fields<RefusedMail>& refused_mail_fields() {
  static const Fields<RefusedMail> fields{
      time("when", "", &RefusedMail::when), plain("sender", "", &RefusedMail::sender),
      plain("recipient", "", &RefusedMail::recipient), plain("reply", "", &RefusedMail::reply),
      text("advice", "", &RefusedMail::advice)};
  return fields;
}

const Fields<Traffic>& traffic_fields() {
  static const Fields<Traffic> fields = [] {
    auto rows = counter_fields<Traffic>(mail::kTrafficRows, &Traffic::counters);
    rows.push_back(object(
        "last_refused",
        "the last mail, or recipient, that was refused for good:\n.Li when , sender , recipient ,\nthe\n.Li "
        "reply\nof who refused it, and\n.Li advice ,\nwhat to do about it, if that is known",
        &Traffic::last_refused, refused_mail_fields()));
    rows.push_back(took_field());
    rows.push_back({"last", "when one was delivered last",
                    [](const Traffic& traffic) { return time_or_null(traffic.last_ok); }});
    return rows;
  }();
  return fields;
}

std::vector<Labelled<mail::TrafficCounters>> both_directions(const SiteStatus& site) {
  return {{.labels = "direction=\"out\"", .counters = &site.out.counters},
          {.labels = "direction=\"in\"", .counters = &site.in.counters}};
}

std::string traffic_text(const Traffic& traffic, std::string_view verb, WallTime now) {
  const mail::TrafficCounters& counters = traffic.counters;
  std::string out = mails_text(counters.ok).append(" ").append(verb);
  if (counters.bytes > 0) {
    out += " (" + bytes_text(counters.bytes);
    if (counters.link_bytes < counters.bytes) out += ", on the link " + bytes_text(counters.link_bytes);
    out += ')';
  }
  return out + in_words(traffic, traffic_fields(), now);
}

std::string last_refused_text(const Traffic& traffic, std::string_view verb, WallTime now) {
  if (!traffic.last_refused) return {};
  const RefusedMail& mail = *traffic.last_refused;
  std::string out =
      fmt::format("last refused, {}, at {}: from <{}> to <{}>: {}\n", verb, local_time(mail.when, now),
                  escaped(mail.sender), escaped(mail.recipient), escaped(mail.reply));
  if (!mail.advice.empty()) out += "  " + escaped(mail.advice) + '\n';
  return out;
}

std::vector<Sample> last_mails(const SiteStatus& site) {
  std::vector<Sample> out;
  for (const auto& [labels, traffic] :
       {std::pair{"direction=\"out\"", &site.out}, std::pair{"direction=\"in\"", &site.in}})
    if (traffic->last_ok) out.push_back({.labels = labels, .value = seconds_since_epoch(*traffic->last_ok)});
  return out;
}

// Both directions are one metric; it stands at the first.
Field<SiteStatus> out_field() {
  return object("out", "mails to the site", &SiteStatus::out, traffic_fields())
      .measured(counter_metrics<SiteStatus>(mail::kTrafficRows, both_directions))
      .measured(
          {took_metric(),
           {"tsmtp_last_mail_timestamp_seconds", kGauge,
            "When a mail was delivered last, seconds since 1970; nothing before the first.", last_mails}})
      .said(SiteLine::kMails,
            [](const SiteStatus& site, WallTime now) { return traffic_text(site.out, "sent", now); })
      .said(SiteLine::kRefusedMails,
            [](const SiteStatus& site, WallTime now) { return last_refused_text(site.out, "sent", now); });
}

Field<SiteStatus> in_field() {
  return object("in", "mails from the site", &SiteStatus::in, traffic_fields())
      .said(SiteLine::kMails, [](const SiteStatus& site,
                                 WallTime now) { return "; " + traffic_text(site.in, "received", now); })
      .said(SiteLine::kRefusedMails,
            [](const SiteStatus& site, WallTime now) { return last_refused_text(site.in, "received", now); });
}

// One that stands alone is told as the link's cause already.
std::string dial_failures_text(const SiteStatus& site, WallTime now) {
  if (site.dial_failures.size() < 2) return {};
  std::string out;
  for (const DialFailure& failure : site.dial_failures)
    out += fmt::format("dialled {} at {}: {}\n", escaped(failure.address), local_time(failure.when, now),
                       escaped(failure.cause));
  return out;
}

std::string stands_still_text(const SiteStatus& site, WallTime now) {
  return site.stands_still_since ? ", STANDS STILL " + since(*site.stands_still_since, now) : std::string();
}

std::string leaving_text(const SiteStatus& site) {
  return site.leaving_streams ? leaving_link_text(*site.leaving_streams) : std::string();
}

std::string next_dial_text(const SiteStatus& site, WallTime now) {
  if (!site.next_dial || site.state != LinkState::kDown) return {};
  return "; next try in " + span_since(now, *site.next_dial);
}

std::string peer_name_text(const SiteStatus& site) {
  if (site.peer_name.empty() || site.peer_name == site.name) return {};
  return fmt::format(", which calls itself \"{}\"", escaped(site.peer_name));
}

std::string peer_version_text(const SiteStatus& site) {
  std::string out = site.peer_version.empty() ? std::string() : ", relayd " + escaped(site.peer_version);
  if (site.is_older) out += site.peer_version.empty() ? ", an OLDER relayd than ours" : ", OLDER than ours";
  return out;
}

std::string round_trip_text(const SiteStatus& site) {
  if (!site.round_trip) return {};
  return fmt::format(", round trip {:.1f} ms", static_cast<double>(site.round_trip->count()) / 1000);
}

std::string endpoints_text(const SiteStatus& site) {
  return "mail for it is taken at " + (site.endpoints.empty() ? "no endpoint" : list_text(site.endpoints));
}

std::string tls_text(const SiteStatus& site) {
  if (site.tls.empty()) return {};
  return fmt::format("{}encrypted with {}", site.compresses ? "compressed, " : "", escaped(site.tls));
}

std::string own_key_text(const SiteStatus& site) {
  if (site.own_key == "awaited") return "has NOT CONFIRMED our present key";
  if (site.own_key == "left behind")
    return "its relayd knows nothing of rotation: it is LEFT BEHIND when our earlier key is retired";
  return {};
}

std::string earlier_keys_text(const SiteStatus& site) {
  if (site.earlier_keys.empty()) return {};
  return fmt::format("{}its pinned key has led to {}", own_key_text(site).empty() ? "" : "; ",
                     escaped(site.key));
}

std::string streams_refused_text(const SiteStatus& site) {
  const std::uint64_t count = site.counters.streams_refused;
  return count == 0 ? std::string() : fmt::format("; {} streams refused", count);
}

const Fields<mux::Counters>& frame_fields() {
  static const Fields<mux::Counters> fields =
      counter_fields<mux::Counters>(mux::kCounterRows, std::identity{});
  return fields;
}

std::vector<Labelled<mux::Counters>> frame_counters(const SiteStatus& site) {
  return {{.labels = {}, .counters = &site.counters}};
}

}  // namespace

const Fields<SiteStatus>& site_fields() {
  static const Fields<SiteStatus> fields{
      plain("name", "the site's", &SiteStatus::name),
      Field<SiteStatus>{"state",
                        "of the link:\n.Qq down ,\n.Qq connecting ,\n.Qq up\nor\n.Qq draining",
                        [](const SiteStatus& site) { return Json(to_string(site.state)); },
                        {{"tsmtp_link_up", kGauge, "1 while the link to the site is up.",
                          [](const SiteStatus& site) { return one(site.state == LinkState::kUp ? 1 : 0); }}}}
          .said(SiteLine::kLink,
                [](const SiteStatus& site) { return std::string("link ") + to_string(site.state); }),
      Field<SiteStatus>{
          "since",
          "since when it has been so",
          [](const SiteStatus& site) { return Json(rfc3339(site.since)); },
          {{"tsmtp_link_since_seconds", kGauge, "When the link came to be as it is, seconds since 1970.",
            [](const SiteStatus& site) { return at_time(site.since); }}}}
          .said(SiteLine::kLink,
                [](const SiteStatus& site, WallTime now) { return ' ' + since(site.since, now); }),
      text("cause", "why the link is not up", &SiteStatus::cause)
          .said(SiteLine::kLink,
                [](const SiteStatus& site) {
                  return site.cause.empty() ? std::string() : ": " + escaped(site.cause);
                }),
      Field<SiteStatus>{"revoked",
                        "since when all keys of the site are revoked; null unless they are",
                        [](const SiteStatus& site) { return time_or_null(site.revoked); },
                        {{"tsmtp_site_revoked", kGauge, "1 if all keys of the site are revoked.",
                          [](const SiteStatus& site) { return one(site.revoked ? 1 : 0); }}}},
      Field<SiteStatus>{"own_key",
                        "how our present key stands with the site:\n.Qq confirmed ,\n.Qq awaited\nor, where "
                        "its relayd knows "
                        "nothing of rotation,\n.Qq left behind ;\nnull while this hub has had one key only",
                        [](const SiteStatus& site) { return text_or_null(site.own_key); },
                        {{"tsmtp_site_has_key", kGauge,
                          "1 if the site has confirmed our present key, or there was no other.",
                          [](const SiteStatus& site) {
                            return one(site.own_key.empty() || site.own_key == "confirmed" ? 1 : 0);
                          }}}}
          .said(SiteLine::kKeys, own_key_text),
      text("key", "the key by which the site is known now; null if all are revoked", &SiteStatus::key),
      plain("earlier_keys", "list of the keys from which that comes, the pinned one first",
            &SiteStatus::earlier_keys)
          .said(SiteLine::kKeys, earlier_keys_text),
      Field<SiteStatus>{
          "stands_still_since",
          "since when nothing that was sent on a link that is up has been "
          "acknowledged,\nalthough it was sent "
          "several times; null while it moves",
          [](const SiteStatus& site) { return time_or_null(site.stands_still_since); },
          {{"tsmtp_link_still_timestamp_seconds", kGauge,
            "Since when a link that is up moves nothing, seconds since 1970; nothing while it moves.",
            [](const SiteStatus& site) { return at_time(site.stands_still_since); }}}}
          .said(SiteLine::kLink, stands_still_text),
      Field<SiteStatus>{"next_dial", "when we dial next",
                        [](const SiteStatus& site) { return time_or_null(site.next_dial); }}
          .said(SiteLine::kLink, next_dial_text),
      objects("dial_failures", "list of the addresses that failed since the link was last up",
              &SiteStatus::dial_failures, dial_failure_fields())
          .said(SiteLine::kDialled, dial_failures_text),
      text("peer_address", "address of the other end", &SiteStatus::peer_address)
          .said(SiteLine::kLink,
                [](const SiteStatus& site) {
                  return site.peer_address.empty() ? std::string() : ", with " + escaped(site.peer_address);
                }),
      plain("older",
            "whether the relayd there is older, and does not know all that ours could tell it; false while "
            "the link is down",
            &SiteStatus::is_older),
      text("dialled_through", "the proxy through which it was dialled; empty if there is none",
           &SiteStatus::dialled_through)
          .said(SiteLine::kLink,
                [](const SiteStatus& site) {
                  return site.dialled_through.empty() ? std::string()
                                                      : ", dialled through " + escaped(site.dialled_through);
                }),
      text("peer_name", "name that the other end gives itself", &SiteStatus::peer_name)
          .said(SiteLine::kLink, peer_name_text),
      text("peer_version", "version of the relayd there; null where it does not tell",
           &SiteStatus::peer_version)
          .said(SiteLine::kLink, peer_version_text),
      text("tls", "how the link is encrypted", &SiteStatus::tls).said(SiteLine::kTls, tls_text),
      plain("compresses", "whether content is compressed on the link; false while it is down",
            &SiteStatus::compresses),
      plain("tls_key_updates", "how often we have replaced the keys of this connection",
            &SiteStatus::key_updates),
      text("congestion", "the kernel's congestion control of this connection", &SiteStatus::congestion),
      Field<SiteStatus>{"round_trip_us",
                        "round trip in microseconds",
                        [](const SiteStatus& site) {
                          return site.round_trip ? Json(site.round_trip->count()) : Json(nullptr);
                        },
                        {{"tsmtp_round_trip_seconds", kGauge, "Round trip time of the link.",
                          [](const SiteStatus& site) {
                            std::vector<Sample> out;
                            if (site.round_trip)
                              out.push_back({{}, std::chrono::duration<double>(*site.round_trip).count()});
                            return out;
                          }}}}
          .said(SiteLine::kLink, round_trip_text),
      Field<SiteStatus>{
          "leaving_streams",
          "streams on the link of the far relayd's process before,\nwhich goes on to its end beside "
          "that of its successor; null if there is none",
          [](const SiteStatus& site) { return number_or_null(site.leaving_streams); }}
          .said(SiteLine::kLink, leaving_text),
      plain("endpoints", "list of addresses where the MTA hands mail for the site over",
            &SiteStatus::endpoints)
          .said(SiteLine::kEndpoints, endpoints_text),
      text("far_mta", "what the site says of its MTA", &SiteStatus::far_mta)
          .said(SiteLine::kFarMta,
                [](const SiteStatus& site) {
                  return site.far_mta.empty() ? std::string() : "the MTA there: " + escaped(site.far_mta);
                }),
      mta_field(),
      out_field(),
      in_field(),
      hubs_field(),
      forwards_field(),
      services_field(),
      counted("open_transactions", "mails under way", &SiteStatus::open_transactions,
              {"tsmtp_open_transactions", kGauge, "Mails under way, either way.", {}})
          .said(SiteLine::kMails,
                [](const SiteStatus& site) {
                  return site.open_transactions == 0
                             ? std::string()
                             : "; " + mails_text(site.open_transactions) + " under way";
                }),
      {"oldest_open", "when the first of them began",
       [](const SiteStatus& site) { return time_or_null(site.oldest_open); }},
      counted("in_doubt",
              "mails whose final reply our MTA may not have, and the site has not told how they ended",
              &SiteStatus::in_doubt,
              {"tsmtp_in_doubt", kGauge, "Mails whose final reply our MTA may not have.", {}})
          .said(SiteLine::kMails,
                [](const SiteStatus& site) {
                  return site.in_doubt == 0 ? std::string() : "; " + mails_text(site.in_doubt) + " in doubt";
                }),
      Field<SiteStatus>{
          "oldest_doubt",
          "when the oldest of them was committed",
          [](const SiteStatus& site) { return time_or_null(site.oldest_doubt); },
          {{"tsmtp_oldest_doubt_timestamp_seconds", kGauge,
            "When the oldest mail in doubt was committed, seconds since 1970; nothing while none is.",
            [](const SiteStatus& site) { return at_time(site.oldest_doubt); }}}}
          .said(SiteLine::kMails,
                [](const SiteStatus& site, WallTime now) {
                  return site.oldest_doubt
                             ? fmt::format(", the oldest for {}", span_since(*site.oldest_doubt, now))
                             : std::string();
                }),
      Field<SiteStatus>{
          "streams_refused",
          "mails that the site sent beyond a limit",
          [](const SiteStatus& site) { return Json(site.counters.streams_refused); },
          {{"tsmtp_streams_refused_total", kCounter, "Streams that the site opened over a limit.",
            [](const SiteStatus& site) { return one(site.counters.streams_refused); }}}}
          .said(SiteLine::kMails, streams_refused_text),
      object("frames", "frames of the link since the start", &SiteStatus::counters, frame_fields())
          .measured(counter_metrics<SiteStatus>(mux::kCounterRows, frame_counters)),
      plain("connections", "how many connections of the link are open now", &SiteStatus::connections),
      {"resumptions", "how often an interrupted session went on on a new connection",
       [](const SiteStatus& site) { return Json(site.counters.resumptions); }},
      counted("links_up_total", "how often the link came up", &SiteStatus::links_up_total,
              {"tsmtp_links_up_total", kCounter, "How often the link to the site came up.", {}}),
  };
  return fields;
}

}  // namespace tsmtp::control
