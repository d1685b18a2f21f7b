// The fields of a site's status.
#include "relayd/control/field_forms.h"
#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

const Fields<DialFailure>& dial_failure_fields() {
  static const Fields<DialFailure> fields{plain("address", "what was dialled", &DialFailure::address),
                                          time("when", "when", &DialFailure::when),
                                          plain("cause", "why in vain", &DialFailure::cause)};
  return fields;
}

const Fields<MtaConnections>& mta_fields() {
  static const Fields<MtaConnections> fields{
      plain("in_use", "those with a mail, or given up and not yet answered", &MtaConnections::in_use),
      plain("idle", "those kept for the next mail", &MtaConnections::idle),
      plain("opening", "those that are being opened", &MtaConnections::opening),
      plain("closing", "those that are being closed", &MtaConnections::closing),
      plain("waiting", "mails that wait for one", &MtaConnections::waiting),
      plain("limit", "as configured", &MtaConnections::limit),
      {"learnt_limit", "the MTA takes no more; null while it has refused none",
       [](const MtaConnections& mta) { return mta.learnt ? Json(*mta.learnt) : Json(nullptr); }},
      text("trouble", "why it cannot be reached", &MtaConnections::trouble)};
  return fields;
}

const Fields<RefusedMail>& refused_mail_fields() {
  static const Fields<RefusedMail> fields{
      time("when", "", &RefusedMail::when), plain("sender", "", &RefusedMail::sender),
      plain("recipient", "", &RefusedMail::recipient), plain("reply", "", &RefusedMail::reply),
      text("advice", "", &RefusedMail::advice)};
  return fields;
}

const Fields<Traffic>& traffic_fields() {
  static const Fields<Traffic> fields{
      plain("ok", "mails delivered", &Traffic::ok),
      plain("refused", "mails refused, 5xx", &Traffic::refused),
      plain("deferred", "mails put off, 4xx", &Traffic::deferred),
      plain("bytes", "content of those delivered", &Traffic::bytes),
      plain("link_bytes", "what the content came to on the link; with\n.Ic compress\nit is less",
            &Traffic::link_bytes),
      object("last_refused",
             "the last mail, or recipient, that was refused for good:\n.Li when , sender , recipient "
             ",\nthe\n.Li "
             "reply\nof who refused it, and\n.Li advice ,\nwhat to do about it, if that is known",
             &Traffic::last_refused, refused_mail_fields())};
  return fields;
}

const Fields<mux::Counters>& frame_fields() {
  static const Fields<mux::Counters> fields = [] {
    Fields<mux::Counters> told;
    for (const mux::CounterRow& row : mux::kCounterRows)
      if (!row.name.empty()) told.push_back(plain(row.name, row.sentence, row.value));
    return told;
  }();
  return fields;
}

std::vector<std::pair<std::string, const Traffic*>> both_directions(const SiteStatus& site) {
  return {{"direction=\"out\"", &site.out}, {"direction=\"in\"", &site.in}};
}

std::vector<Sample> mails(const SiteStatus& site) {
  std::vector<Sample> out;
  for (const auto& [direction, traffic] : both_directions(site)) {
    out.push_back({direction + ",result=\"ok\"", traffic->ok});
    out.push_back({direction + ",result=\"refused\"", traffic->refused});
    out.push_back({direction + ",result=\"deferred\"", traffic->deferred});
  }
  return out;
}

template <std::uint64_t Traffic::*kMember>
std::vector<Sample> bytes(const SiteStatus& site) {
  std::vector<Sample> out;
  for (const auto& [direction, traffic] : both_directions(site))
    out.push_back({direction, traffic->*kMember});
  return out;
}

std::vector<Sample> mta_connections(const SiteStatus& site) {
  return {{"state=\"in_use\"", site.mta.in_use},
          {"state=\"idle\"", site.mta.idle},
          {"state=\"opening\"", site.mta.opening},
          {"state=\"closing\"", site.mta.closing}};
}

}  // namespace

const Fields<SiteStatus>& site_fields() {
  static const Fields<SiteStatus> fields{
      plain("name", "the site's", &SiteStatus::name),
      {"state",
       "of the link:\n.Qq down ,\n.Qq connecting ,\n.Qq up\nor\n.Qq draining",
       [](const SiteStatus& site) { return Json(to_string(site.state)); },
       {{"tsmtp_link_up", kGauge, "1 while the link to the site is up.",
         [](const SiteStatus& site) { return one(site.state == LinkState::kUp ? 1 : 0); }}}},
      {"since",
       "since when it is so",
       [](const SiteStatus& site) { return Json(rfc3339(site.since)); },
       {{"tsmtp_link_since_seconds", kGauge, "When the link came to be as it is, seconds since 1970.",
         [](const SiteStatus& site) { return at_time(site.since); }}}},
      text("cause", "why it is not up", &SiteStatus::cause),
      {"stands_still_since",
       "since when nothing that was sent on a link that is up has been acknowledged,\nalthough it was sent "
       "several times; null while it moves",
       [](const SiteStatus& site) { return time_or_null(site.stands_still_since); }},
      {"next_dial", "when we dial next", [](const SiteStatus& site) { return time_or_null(site.next_dial); }},
      objects("dial_failures", "list of what we dialled in vain since the link was last up",
              &SiteStatus::dial_failures, dial_failure_fields()),
      text("peer_address", "who is at the other end", &SiteStatus::peer_address),
      text("peer_name", "what it calls itself", &SiteStatus::peer_name),
      text("tls", "how the link is encrypted", &SiteStatus::tls),
      plain("compresses", "whether content is compressed on the link; false while it is down",
            &SiteStatus::compresses),
      plain("tls_key_updates", "how often we have replaced the keys of this connection",
            &SiteStatus::key_updates),
      text("congestion", "the kernel's congestion control of this connection", &SiteStatus::congestion),
      {"round_trip_us",
       "round trip in microseconds",
       [](const SiteStatus& site) {
         return site.round_trip ? Json(site.round_trip->count()) : Json(nullptr);
       },
       {{"tsmtp_round_trip_seconds", kGauge, "Round trip time of the link.",
         [](const SiteStatus& site) {
           std::vector<Sample> out;
           if (site.round_trip) out.push_back({{}, std::chrono::duration<double>(*site.round_trip).count()});
           return out;
         }}}},
      plain("endpoints", "list of addresses where the MTA hands mail for the site over",
            &SiteStatus::endpoints),
      text("far_mta", "what the site says of its MTA", &SiteStatus::far_mta),
      [] {
        auto field =
            object("mta", "connections to our MTA for mail from the site", &SiteStatus::mta, mta_fields());
        field.metrics = {
            {"tsmtp_mta_connections", kGauge, "Connections to our MTA for mail from the site, by state.",
             mta_connections},
            {"tsmtp_mta_connections_waiting", kGauge, "Mails that wait for a connection to our MTA.",
             [](const SiteStatus& site) { return one(site.mta.waiting); }},
            {"tsmtp_mta_connections_limit", kGauge,
             "Connections to our MTA at once, by configuration or as many as it takes.",
             [](const SiteStatus& site) {
               return one(std::min(site.mta.limit, site.mta.learnt.value_or(site.mta.limit)));
             }}};
        return field;
      }(),
      [] {
        auto field = object("out", "mails to the site", &SiteStatus::out, traffic_fields());
        field.metrics = {{"tsmtp_mails_total", kCounter, "Mails by direction and how they ended.", mails},
                         {"tsmtp_content_bytes_total", kCounter, "Bytes of mail content by direction.",
                          bytes<&Traffic::bytes>},
                         {"tsmtp_content_link_bytes_total", kCounter,
                          "What they came to on the link, compressed or not.", bytes<&Traffic::link_bytes>}};
        return field;
      }(),
      object("in", "mails from the site", &SiteStatus::in, traffic_fields()),
      counted("open_transactions", "mails under way", &SiteStatus::open_transactions,
              {"tsmtp_open_transactions", kGauge, "Mails under way, either way.", {}}),
      counted("in_doubt",
              "mails whose final reply our MTA may not have, and the site has not told how they ended",
              &SiteStatus::in_doubt,
              {"tsmtp_in_doubt", kGauge, "Mails whose final reply our MTA may not have.", {}}),
      {"streams_refused",
       "mails that the site sent beyond a limit",
       [](const SiteStatus& site) { return Json(site.counters.streams_refused); },
       {{"tsmtp_streams_refused_total", kCounter, "Streams that the site opened over a limit.",
         [](const SiteStatus& site) { return one(site.counters.streams_refused); }}}},
      object("frames", "frames of the link since the start", &SiteStatus::counters, frame_fields()),
      plain("connections", "how many connections of the link are open now", &SiteStatus::connections),
      {"resumptions", "how often an interrupted session went on on a new connection",
       [](const SiteStatus& site) { return Json(site.counters.resumptions); }},
      counted("links_up_total", "how often the link came up", &SiteStatus::links_up_total,
              {"tsmtp_links_up_total", kCounter, "How often the link to the site came up.", {}}),
  };
  return fields;
}

}  // namespace tsmtp::control
