#include "relayd/net/key_notices.h"

#include <utility>

namespace tsmtp::net {
namespace {

const char* why(keys::Verdict verdict) {
  switch (verdict) {
    case keys::Verdict::kAccepted:
      return "is accepted";
    case keys::Verdict::kUnpinned:
      return "does not come from a key that is pinned for this site";
    case keys::Verdict::kRevoked:
      return "comes from a key that is revoked";
    case keys::Verdict::kReplaced:
      return "does not come from the last key that it has announced";
    case keys::Verdict::kForged:
      return "is not signed by the key before";
  }
  return "";
}

}  // namespace

void KeyNotices::announce() {
  const keys::Chain& chain = shared_.tls.keys().current->chain();
  const mux::Hello* const peer = link_.peer();
  if (peer == nullptr || !peer->knows_rotation() || chain.steps.empty() || shared_.keeper == nullptr ||
      shared_.keeper->has_confirmed(link_.hub()))
    return;
  link_.notice(keys::encode_notice(keys::Announcement{chain}));
}

base::Result<void> KeyNotices::heard(std::string_view notice) {
  auto said = keys::decode_notice(notice);
  if (!said) return said.error();
  if (auto* const announced = std::get_if<keys::Announcement>(&*said))
    return heard_chain(std::move(announced->chain));
  if (shared_.keeper != nullptr)
    shared_.keeper->confirmed(link_.hub(), std::get<keys::Acknowledgement>(*said).pin);
  return {};
}

base::Result<void> KeyNotices::heard_chain(keys::Chain chain) {
  keys::Shown shown{.pins = keys::pins_of(chain, shared_.crypto)};
  shown.chain = std::move(chain);
  const keys::Judgement judgement = link_.judge(shown);
  if (judgement.verdict != keys::Verdict::kAccepted)
    return base::Error{"it announces a new key, " + pin_text(shown.pin()) + ", which " +
                       why(judgement.verdict)};
  if (shared_.keeper != nullptr) shared_.keeper->learn(link_.hub(), shown);
  if (shared_.keys.book().head(judgement.pinned) != shown.pin())
    return base::Error{"it announces a new key, " + pin_text(shown.pin()) +
                       ", which cannot be remembered: it has had too many"};
  unconfirmed_ = shown.pin();
  tick();
  return {};
}

// Only what is on the disk: the peer may retire its earlier key for it.
void KeyNotices::tick() {
  if (unconfirmed_.empty() || !shared_.keys.is_written()) return;
  link_.notice(keys::encode_notice(keys::Acknowledgement{std::exchange(unconfirmed_, {})}));
}

}  // namespace tsmtp::net
