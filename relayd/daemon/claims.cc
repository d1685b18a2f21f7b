#include "relayd/daemon/claims.h"

#include <sysexits.h>

#include <memory>

#include "relayd/base/bytes.h"
#include "relayd/control/claims.h"
#include "relayd/control/request.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::daemon {
namespace {

using Decision = net::ClaimReview::Decision;
using ClaimState = net::StandingClaim::State;

const char* state_text(ClaimState state) {
  switch (state) {
    case ClaimState::kUnderWay:
      return "under way";
    case ClaimState::kAway:
      return "hub away";
    case ClaimState::kUndecided:
      return "undecided";
  }
  return "";
}

std::string no_etcd(const std::string& cause) {
  return control::reply_error("the site's ledger cannot be asked: " + cause, EX_TEMPFAIL);
}

std::string meaning(Decision decision) {
  return decision == Decision::kDelivered ? "counts as delivered: the near hub's MTA will be told so"
                                          : "counts as not delivered: when its MTA tries it again it is "
                                            "delivered, and comes twice if our MTA "
                                            "had it";
}

struct Resolving {
  std::string id;
  Decision decision;
  std::string user;
  base::Logger& log;
  ClaimsReply reply;

  void done(const std::string& site, const std::string& whole_id, const base::Result<bool>& result) const {
    if (!result) return reply(no_etcd(result.error().message));
    const std::string shown = "mail " + whole_id.substr(0, 12) + " from " + site;
    if (!*result)
      return reply(control::reply_error(
          shown + ": another hub has settled it just now; look at relayctl claims", EX_TEMPFAIL));
    log.log(base::LogLevel::kWarning, user + ": " + shown + ' ' + meaning(decision));
    reply(control::reply_ok(shown + ' ' + meaning(decision) + '\n'));
  }
};

// Whoever can name it whole has it from the near hub. Of which site it is, that hub did not say.
void resolve_unclaimed(net::ClaimReview& review, const std::vector<std::string>& sites,
                       const std::shared_ptr<Resolving>& about) {
  const auto name = claims::Keys("").name_in("/transactions/any/" + about->id);
  if (!name || sites.empty())
    return about->reply(
        control::reply_error("no mail that waits for a decision has an ID that begins with \"" +
                                 base::escaped(about->id) + "\"; relayctl claims lists them",
                             EX_DATAERR));
  const auto left = std::make_shared<std::size_t>(sites.size());
  const auto first = std::make_shared<std::optional<base::Error>>();
  for (const std::string& site : sites)
    review.resolve_absent({.site = site, .transaction = name->transaction}, about->decision,
                          [about, left, first](const base::Result<bool>& result) {
                            if (!result) *first = result.error();
                            if (--*left > 0) return;
                            if (*first) return about->reply(no_etcd((*first)->message));
                            about->done("whichever site", about->id, true);
                          });
}

}  // namespace

void list_claims(net::ClaimReview& review, bool as_json, const ClaimsReply& reply) {
  review.look([as_json, reply](const net::ClaimReview::Seen& seen) {
    if (seen.failure) return reply(no_etcd(*seen.failure));
    control::ClaimsShown shown{.now = net::wall_now(), .claims = {}, .total = seen.total};
    for (const net::StandingClaim& claim : seen.claims)
      shown.claims.push_back({.id = base::hex(claim.name.transaction),
                              .site = claim.name.site,
                              .hub = claim.claim.hub,
                              .since = claim.claim.since,
                              .state = state_text(claim.state)});
    reply(control::reply_ok(as_json ? control::claims_json(shown) : control::claims_text(shown)));
  });
}

void resolve_claim(net::ClaimReview& review, const std::vector<std::string>& sites, base::Logger& log,
                   std::string_view asked, const std::string& user, const ClaimsReply& reply) {
  const std::size_t blank = asked.find(' ');
  const std::string_view word = blank == asked.npos ? std::string_view() : asked.substr(blank + 1);
  const std::string id = base::ascii_lower(asked.substr(0, blank));
  if (id.empty() || (word != "delivered" && word != "resend"))
    return reply(control::reply_error("an ID was expected, and delivered or resend behind it", EX_USAGE));
  const auto about = std::make_shared<Resolving>(
      Resolving{.id = id,
                .decision = word == "resend" ? Decision::kResend : Decision::kDelivered,
                .user = user,
                .log = log,
                .reply = reply});
  review.look([&review, sites, about](const net::ClaimReview::Seen& seen) {
    if (seen.failure) return about->reply(no_etcd(*seen.failure));
    const net::StandingClaim* found = nullptr;
    for (const net::StandingClaim& claim : seen.claims) {
      if (!base::hex(claim.name.transaction).starts_with(about->id)) continue;
      if (found != nullptr)
        return about->reply(control::reply_error("more than one mail has an ID that begins with " +
                                                     about->id + "; relayctl claims --json shows them all",
                                                 EX_DATAERR));
      found = &claim;
    }
    if (found == nullptr) return resolve_unclaimed(review, sites, about);
    const std::string whole = base::hex(found->name.transaction);
    if (found->state == ClaimState::kUnderWay)
      return about->reply(control::reply_error(
          "mail " + whole.substr(0, 12) + " is being delivered by hub " + base::escaped(found->claim.hub) +
              ", which is there and will say how it ends; nothing is decided",
          EX_TEMPFAIL));
    review.resolve(*found, about->decision,
                   [about, site = found->name.site, whole](const base::Result<bool>& result) {
                     about->done(site, whole, result);
                   });
  });
}

}  // namespace tsmtp::daemon
