// Relay's answers to what relayctl asks: which part of it answers what.
#include <sysexits.h>

#include "relayd/control/request.h"
#include "relayd/control/status_json.h"
#include "relayd/control/status_text.h"
#include "relayd/daemon/claims.h"
#include "relayd/daemon/consent.h"
#include "relayd/daemon/doubts.h"
#include "relayd/daemon/probing.h"
#include "relayd/daemon/relay.h"
#include "relayd/daemon/tracing.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::daemon {

std::optional<std::string> Relay::answer_control(const net::RequestServer::Received& received) {
  const auto request = control::parse_request(received.text);
  if (!request) return {};
  if (!*request) return control::reply_error(request->error().message);
  if (handover_.is_under_way() && control::changes_state((*request)->request))
    return control::reply_error("an upgrade is under way: say it again in a moment", EX_TEMPFAIL);
  switch ((*request)->request) {
    case control::Request::kStatus:
      return control::reply_ok(control::status_text(status()));
    case control::Request::kStatusJson:
      return control::reply_ok(control::status_json(status()));
    case control::Request::kStatusHtml:
      return control::reply_ok(page());
    case control::Request::kReload:
      return reload_reply();
    case control::Request::kDrain:
      drain();
      return control::reply_ok("draining: relayd stops when the transactions under way have ended\n");
    case control::Request::kDoubts:
      return control::reply_ok(control::doubts_text(mails_in_doubt(state_.ledger(), net::wall_now())));
    case control::Request::kDoubtsJson:
      return control::reply_ok(control::doubts_json(mails_in_doubt(state_.ledger(), net::wall_now())));
    case control::Request::kForget:
      return forget_mail(state_.ledger(), log_, (*request)->argument);
    case control::Request::kRevoke:
      return revoke((*request)->argument);
    case control::Request::kRotate:
      return draining_ ? control::reply_error("relayd is shutting down")
                       : rotation_.rotate((*request)->argument);
    case control::Request::kInvite:
      return pairing_->invite((*request)->argument);
    case control::Request::kInvitations:
      return pairing_->list(false);
    case control::Request::kInvitationsJson:
      return pairing_->list(true);
    case control::Request::kUninvite:
      return pairing_->uninvite((*request)->argument);
    case control::Request::kApprovals:
      return control::reply_ok(
          control::approvals_text(approvals_shown(consent_.approvals(), net::now(), net::wall_now())));
    case control::Request::kApprovalsJson:
      return control::reply_ok(
          control::approvals_json(approvals_shown(consent_.approvals(), net::now(), net::wall_now())));
    case control::Request::kApprove:
      return approve(consent_, log_, (*request)->argument, received.user);
    case control::Request::kDeny:
      return deny(consent_, log_, (*request)->argument, received.user);
    case control::Request::kClaims:
    case control::Request::kClaimsJson:
    case control::Request::kResolve:
      return control::reply_error("[ledger] engine is local: there are no claims");  // else answer_later()
    case control::Request::kJoin:
    case control::Request::kProbe:
    case control::Request::kTrace:
    case control::Request::kUpgrade:
    case control::Request::kReloadOrUpgrade:
      break;  // answer_later()
  }
  return {};
}

bool Relay::answer_later(const net::RequestServer::Received& received,
                         const net::RequestServer::Reply& reply) {
  const auto request = control::parse_request(received.text);
  if (!request || !*request) return false;
  if (handover_.is_under_way() && control::changes_state((*request)->request)) return false;
  switch ((*request)->request) {
    case control::Request::kUpgrade:
      when_alone([this, reply] { handover_.ask(reply); });
      return true;
    case control::Request::kReloadOrUpgrade:
      when_alone([this, reply] { reload_or_upgrade(reply); });
      return true;
    case control::Request::kJoin:
      joining_->join((*request)->argument, reply);
      return true;
    case control::Request::kProbe: {
      const std::string& argument = (*request)->argument;
      probe(*shared_, find_site(argument.substr(0, argument.find('\t'))), argument, reply);
      return true;
    }
    case control::Request::kTrace:
      trace(*shared_, sites_, (*request)->argument, reply);
      return true;
    case control::Request::kClaims:
    case control::Request::kClaimsJson:
      if (!site_ledger_) return false;
      list_claims(site_ledger_->claims(), (*request)->request == control::Request::kClaimsJson, reply);
      return true;
    case control::Request::kResolve: {
      if (!site_ledger_) return false;
      std::vector<std::string> sites;
      for (const settings::Site& site : config_.sites)
        sites.push_back(site.name);
      resolve_claim(site_ledger_->claims(), sites, log_, (*request)->argument, person(received.user), reply);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace tsmtp::daemon
