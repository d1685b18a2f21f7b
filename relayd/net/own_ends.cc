#include "relayd/net/own_ends.h"

#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

using Kind = claims::OwnEnd::Kind;

// The ledger forgets after ten days.
constexpr std::chrono::hours kRemembered{24 * 9};

bool is_remembered(const EarlierCommits* earlier, const std::string& memory, const claims::Claim& claim) {
  const bool is_whole = earlier == nullptr || !earlier->is_incomplete();
  return is_whole && claim.is_witnessed && !claim.is_undecided && claim.memory == memory &&
         wall_now() - claim.since < kRemembered;
}

}  // namespace

claims::OwnEnd own_end(const SharedBySites& shared, const std::string& memory, const claims::Name& name,
                       const claims::Claim& claim) {
  if (shared.is_committing && shared.is_committing(name.transaction)) return {.kind = Kind::kUnderWay};
  if (const auto known = shared.ledger.find_outcome(name.site, name.transaction))
    return {.kind = Kind::kDelivered, .known = *known};
  if (shared.earlier != nullptr) {
    if (const auto earlier = shared.earlier->find(name.site, name.transaction)) {
      switch (earlier->kind) {
        case mail::Outcome::Kind::kKnown:
          return {.kind = Kind::kDelivered, .known = mail::encode_known(*earlier)};
        case mail::Outcome::Kind::kPending:
          return {.kind = Kind::kUnderWay};
        case mail::Outcome::Kind::kUnknown:
          return {.kind = Kind::kNotDelivered};  // its MTA refused it
      }
    }
    if (shared.earlier->is_unanswered(name.transaction)) return {.kind = Kind::kUndecided};
  }
  return {.kind = is_remembered(shared.earlier, memory, claim) ? Kind::kNotDelivered : Kind::kUndecided};
}

}  // namespace tsmtp::net
