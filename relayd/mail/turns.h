// In which order the clients of a site begin their mails while the link is short of Resets (mux/session.h):
// each source, a user of this machine or an address, gets as many turns as any other, and within a source the
// client that has waited longest is next. A source that comes with many connections, or again and again,
// waits for its own.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "relayd/base/clock.h"
#include "relayd/mail/client_standing.h"

namespace tsmtp::mail {

class Turns {
 public:
  using Rank = ClientStanding::Rank;
  using Client = const void*;  ///< any address that only this client has

  /// The rank with which a client of `source` stands in line: `own`, by which its connection is known, or the
  /// source's if nothing is known of the connection.
  [[nodiscard]] Rank rank(const std::string& source, Rank own, base::TimePoint now) const;
  /// Enters it into the line of that rank, at its end, unless it stands in one. Whether it is among the
  /// first.
  [[nodiscard]] bool stand_in_line(Client client, const std::string& source, Rank rank);
  /// Its turn has come, or it has gone; without effect if it stands in no line.
  void leave(Client client);

  /// Mails of the source.
  void gave_up(const std::string& source, base::TimePoint now);
  void finished_mail(const std::string& source);

  [[nodiscard]] std::size_t waiting() const { return places_.size(); }

 private:
  // They look again by themselves, every now and then: whichever of the first looks first is served. When so
  // many others have been, the very first is.
  static constexpr std::size_t kFirst = 8;
  static constexpr std::size_t kMaxSourcesKnown = 1024;

  using Place = std::pair<std::uint64_t, std::uint64_t>;  // round, and number of arrival in all
  // Start-time fair queueing, each turn costing the same: a source's next turn is a round after its last.
  struct Line {
    std::set<Place> places{};
    std::uint64_t round = 0;
    std::size_t overtook = 0;                            // the first one
    std::map<std::string, std::uint64_t> last_rounds{};  // of the sources that wait
  };
  struct Standing {
    Rank line;
    Place place;
  };

  std::array<Line, 3> lines_;
  std::map<Client, Standing> places_;
  std::map<std::string, ClientStanding> sources_;  // that have given up mails
  std::uint64_t arrivals_ = 0;
};

}  // namespace tsmtp::mail
