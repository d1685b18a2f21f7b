// The way of a mail, station by station, and the first thing that is in it: what `relayctl why` says. Judges
// facts; looks at nothing itself.
#pragma once

#include <string>
#include <vector>

#include "relayd/diagnosis/facts.h"

namespace tsmtp::diagnosis {

struct Station {
  enum class State {
    kClear,    ///< the mail passes
    kBlocked,  ///< it does not
    kUnknown,  ///< could not be looked at
  };
  std::string name;  ///< "sendmail", "table", "site", "relayd", "link", "far rules", "far MTA"
  State state = State::kClear;
  std::string text;      ///< what was found there
  std::string remedy{};  ///< what to do; empty where there is nothing to do
};

struct Explanation {
  enum class Fate {
    kArrives,      ///< as far as can be known
    kWaits,        ///< it stays in the queue until that is mended
    kBounces,      ///< it goes back to its sender
    kGoesInClear,  ///< it is for a site, and would leave by another way
    kNotForASite,  ///< it is none of tsmtp's mails
    kNotKnown,
  };
  Fate fate = Fate::kNotKnown;
  std::vector<Station> stations;  ///< up to the first that is blocked

  /// The first that is blocked; null if none is.
  [[nodiscard]] const Station* obstacle() const;
};

[[nodiscard]] Explanation explain(const Facts& facts);

/// For people: a line for each station, and the fate at the end.
[[nodiscard]] std::string explanation_text(const Facts& facts, const Explanation& explanation);
[[nodiscard]] std::string explanation_json(const Facts& facts, const Explanation& explanation);

}  // namespace tsmtp::diagnosis
