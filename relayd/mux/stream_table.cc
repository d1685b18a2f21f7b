#include "relayd/mux/stream_table.h"

#include <limits>
#include <string>
#include <utility>

namespace tsmtp::mux {

StreamTable::StreamTable(Role our_role)
    : our_parity_(our_role == Role::kDialer ? 1 : 0), next_ours_(our_role == Role::kDialer ? 1 : 2) {}

Opener StreamTable::opener(StreamId stream) const {
  return stream % 2 == our_parity_ ? Opener::kUs : Opener::kPeer;
}

base::Result<StreamId> StreamTable::next_number() {
  if (next_ours_ > std::numeric_limits<StreamId>::max())
    return base::Error{"the link has used up its stream numbers and must be made anew"};
  const auto number = static_cast<StreamId>(next_ours_);
  next_ours_ += 2;
  return number;
}

base::Result<void> StreamTable::take_number(StreamId stream) {
  if (opener(stream) != Opener::kPeer)
    return base::Error{"peer opened stream " + std::to_string(stream) + ", a number that is ours to open"};
  if (stream <= last_of_peer_)
    return base::Error{"peer opened stream " + std::to_string(stream) + " after stream " +
                       std::to_string(last_of_peer_)};
  last_of_peer_ = stream;
  return {};
}

Stream* StreamTable::find(StreamId stream) {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : &found->second;
}

const Stream* StreamTable::find(StreamId stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : &found->second;
}

void StreamTable::add(StreamId number, Stream stream) {
  const auto [added, is_new] = streams_.emplace(number, std::move(stream));
  if (is_new) ++count(number, added->second).all;
}

void StreamTable::erase(StreamId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  Count& count = this->count(stream, found->second);
  --count.all;
  if (std::erase(lingering_, stream) > 0) --count.lingering;
  streams_.erase(found);
}

void StreamTable::linger(StreamId stream) {
  lingering_.push_back(stream);
  ++count(stream, streams_.at(stream)).lingering;
}

void StreamTable::acknowledged(std::uint64_t acknowledged_by_peer) {
  std::erase_if(lingering_, [&](StreamId stream) {
    const auto found = streams_.find(stream);
    if (!found->second.settled(acknowledged_by_peer)) return false;
    Count& count = this->count(stream, found->second);
    --count.all;
    --count.lingering;
    streams_.erase(found);
    return true;
  });
}

std::vector<StreamId> StreamTable::with_stated_credit() const {
  std::vector<StreamId> out;
  for (const auto& [id, stream] : streams_)
    if (!stream.over() && stream.receiving.state() == ReceiveHalf::State::kOpen &&
        stream.receiving.has_stated_credit())
      out.push_back(id);
  return out;
}

void StreamTable::clear() {
  streams_.clear();
  lingering_.clear();
  counts_ = {};
}

std::size_t StreamTable::open_streams(Opener opener) const {
  return open_streams(opener, Precedence::kFirst) + open_streams(opener, Precedence::kOther);
}

std::size_t StreamTable::open_streams(Opener opener, Precedence precedence) const {
  const Count& count = this->count(opener, precedence);
  return count.all - count.lingering;
}

std::size_t StreamTable::lingering_streams(Opener opener) const {
  return lingering_streams(opener, Precedence::kFirst) + lingering_streams(opener, Precedence::kOther);
}

std::size_t StreamTable::lingering_streams(Opener opener, Precedence precedence) const {
  return count(opener, precedence).lingering;
}

}  // namespace tsmtp::mux
