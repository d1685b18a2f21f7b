#include "relayd/mail/turns.h"

#include <algorithm>
#include <iterator>

namespace tsmtp::mail {

// A connection that has shown what it is counts as that. A new one is what its like have been: to come anew
// makes nobody any better.
Turns::Rank Turns::rank(const std::string& source, Rank own, base::TimePoint now) const {
  if (own != Rank::kUnknown) return own;
  const auto known = sources_.find(source);
  if (known == sources_.end()) return own;
  ClientStanding standing = known->second;
  standing.forgive(now);
  return standing.rank() == Rank::kWasteful ? Rank::kWasteful : own;
}

bool Turns::stand_in_line(Client client, const std::string& source, Rank rank) {
  const auto [standing, is_new] = places_.try_emplace(client, Standing{rank, {}});
  Line& line = lines_[static_cast<std::size_t>(standing->second.line)];
  if (is_new) {
    std::uint64_t& last = line.last_rounds[source];
    last = std::max(last, line.round) + 1;
    standing->second.place = {last, ++arrivals_};
    line.places.insert(standing->second.place);
  }
  const std::size_t first = line.overtook < kFirst ? kFirst : 1;
  if (line.places.size() <= first) return true;
  return standing->second.place < *std::next(line.places.begin(), static_cast<std::ptrdiff_t>(first));
}

void Turns::leave(Client client) {
  const auto standing = places_.find(client);
  if (standing == places_.end()) return;
  Line& line = lines_[static_cast<std::size_t>(standing->second.line)];
  line.overtook = standing->second.place == *line.places.begin() ? 0 : line.overtook + 1;
  line.places.erase(standing->second.place);
  places_.erase(standing);
  if (line.places.empty()) {
    line = {};
    return;
  }
  line.round = std::max(line.round, line.places.begin()->first - 1);
  std::erase_if(line.last_rounds, [&](const auto& source) { return source.second <= line.round; });
}

void Turns::gave_up(const std::string& source, base::TimePoint now) {
  if (sources_.size() >= kMaxSourcesKnown && !sources_.contains(source)) {
    for (auto& [name, standing] : sources_)
      standing.forgive(now);
    std::erase_if(sources_, [](const auto& known) { return known.second.is_clean(); });
    if (sources_.size() >= kMaxSourcesKnown) return;
  }
  sources_[source].gave_up(now);
}

void Turns::finished_mail(const std::string& source) {
  if (const auto known = sources_.find(source); known != sources_.end()) known->second.finished_mail();
}

}  // namespace tsmtp::mail
