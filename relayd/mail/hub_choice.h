// Which of a site's hubs a new mail goes to, and what may be announced to a client whose mails may go to any
// of them. Pure. It must never choose a hub that does not offer what was announced while another does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "relayd/settings/site_hub.h"
#include "relayd/smtp/extensions.h"

namespace tsmtp::mail {

/// How one hub stands when a mail comes.
struct HubStanding {
  enum class State {
    kTakesMail,
    kSlow,         ///< full, or its line stands still: a mail would wait
    kInterrupted,  ///< its link may be back in a moment
    kRefuses,      ///< its link is up; what speaks against it, it can say itself
    kAway,
  };
  State state = State::kAway;
  bool offers_enough = true;     ///< all that was announced to the client
  std::size_t under_way = 0;     ///< our mails to it
  std::uint64_t last_given = 0;  ///< when it was given one last: a count of all mails of the site
};

/// The index of the one that is to have it, of at least one. If none takes mail, that which comes nearest.
[[nodiscard]] std::size_t choose_hub(const std::vector<HubStanding>& hubs, settings::Prefer prefer);

/// What both offer.
[[nodiscard]] smtp::Extensions offered_by_both(const smtp::Extensions& one, const smtp::Extensions& other);

/// Whether a hub whose MTA offers `has` takes whatever a client may send to whom `announced` was said.
[[nodiscard]] bool offers_all(const smtp::Extensions& has, const smtp::Extensions& announced);

}  // namespace tsmtp::mail
