#include "relayd/daemon/probing.h"

#include "relayd/base/time_of_day.h"
#include "relayd/control/probe.h"
#include "relayd/control/request.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/recipient_probe.h"
#include "relayd/net/tls/identity.h"
#include "relayd/policy/site_rules.h"
#include "relayd/smtp/command.h"

namespace tsmtp::daemon {
namespace {

std::string link_text(const net::SiteLink& link) {
  const std::string to = link.peer_address();
  return "up since " + base::time_of_day(link.life().standing().since(), net::wall_now()) +
         (to.empty() ? "" : " to " + to);
}

std::optional<std::string> summary_of(const std::optional<smtp::Reply>& reply) {
  return reply ? std::optional(reply->summary()) : std::nullopt;
}

}  // namespace

void probe(const net::SharedBySites& shared, const net::Site* site, std::string_view argument,
           const net::RequestServer::Reply& reply) {
  const auto asked = control::parse_probe(argument);
  if (!asked) return reply(control::reply_error(asked.error().message));
  if (site == nullptr) return reply(control::reply_error("no site is called \"" + asked->site + '"'));
  const auto recipient = smtp::parse_rcpt("TO:<" + asked->recipient + '>', true);
  if (!recipient) return reply(control::reply_error(recipient.error().summary()));
  const auto sender = smtp::parse_mail("FROM:<" + asked->sender + '>');
  if (!sender) return reply(control::reply_error(sender.error().summary()));

  net::SiteHub& hub = site->hubs().for_mail({});
  control::ProbeAnswer answer;
  if (const auto rules =
          policy::check_outgoing_recipient(site->settings().rules, site->name(), recipient->path))
    answer.rules = rules->summary();
  if (const auto refusal = site->hubs().refusal()) {
    answer.refusal = refusal->summary();
    return reply(control::reply_ok(control::probe_json(answer)));
  }
  answer.link = link_text(hub.link());
  if (const net::LinkConnection* connection = hub.link().connection())
    answer.key = net::pin_text(connection->stream().peer_keys().pins.front());
  net::probe_recipient(shared, hub.link(), {.sender = asked->sender, .recipient = asked->recipient},
                       [answer, reply](const net::Probed& said) mutable {
                         answer.mail = summary_of(said.mail);
                         answer.recipient = summary_of(said.recipient);
                         answer.trouble = said.trouble;
                         reply(control::reply_ok(control::probe_json(answer)));
                       });
}

}  // namespace tsmtp::daemon
