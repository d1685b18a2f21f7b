// The words of a link's life: what the peer, the log, replies and status are told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "relayd/link/election.h"
#include "relayd/link/lane.h"
#include "relayd/link/standing.h"

namespace tsmtp::link {

// To the peer.
inline constexpr char kUnpinned[] = "your key is no longer pinned here";
inline constexpr char kRevoked[] = "your key has been revoked here, for good: pair again with a new one";
inline constexpr char kRestarted[] = "you have been restarted";
inline constexpr char kReplaced[] = "replaced by a newer connection";
inline constexpr char kFewer[] = "fewer connections are configured here";
inline constexpr char kTooMany[] = "too many connections at once";
inline constexpr char kHandedOver[] = "this process has a successor, with which new sessions begin";
inline constexpr char kSucceededTwice[] = "your successor has a successor itself";
inline constexpr char kFailedSuccessor[] = "the successor of this process has failed";
inline constexpr char kGone[] = "your process counts as ended";

// For us.
inline constexpr char kWaitingCause[] = "waiting for it to dial us";
inline constexpr char kNotYetDialledCause[] = "not yet dialled";
inline constexpr char kUnpinnedCause[] = "its key is no longer pinned in the configuration";
inline constexpr char kRemovedCause[] = "the site is no longer in the configuration";
inline constexpr char kRestartedCause[] = "the far relayd has been restarted";
inline constexpr char kFewerCause[] = "fewer connections are configured";
inline constexpr char kHandedOverCause[] = "it cannot go on: the successor of this relayd has the link";
inline constexpr char kGoneCause[] = "the process of the far relayd has ended";
inline constexpr char kSucceededTwiceCause[] = "the far relayd has been replaced twice";
inline constexpr char kStoodStillCause[] = "the connection stood still";

/// Which of several lanes: ", connection 2 of 4"; empty if there is one.
[[nodiscard]] std::string which_lane(LaneNumber lane, std::size_t lanes);
/// "link down since 12:03:04 (connection timed out)".
[[nodiscard]] std::string down_text(const Standing& standing, base::WallTime now);
/// To the users of one of several sessions.
[[nodiscard]] std::string session_lost_text(const std::string& cause, base::WallTime now);
/// "12.3 s".
[[nodiscard]] std::string seconds_text(base::Duration time);

struct Arrival {
  bool resumed = false;
  bool beside = false;      ///< the process before is still there, on its own link
  std::string peer_name{};  ///< as the peer sent it
  bool wants_compression = false;
  std::string which{};  ///< which_lane()
  std::optional<base::Duration> stood_still{};
};
/// "link up: to 192.0.2.1:5443, TLSv1.3 …, peer calls itself tokyo".
[[nodiscard]] std::string arrival_text(const Lane& lane, const Arrival& arrival);
[[nodiscard]] std::string interrupted_text(const Lane& lane, const std::string& cause);
[[nodiscard]] std::string not_resumed_text(std::chrono::seconds window);
/// `dials_beside`: whether we look for another connection.
[[nodiscard]] std::string standstill_text(const Lane& lane, base::Duration silence, bool dials_beside);

// For status.
/// The earliest of all lanes; nothing while none waits to dial.
[[nodiscard]] std::optional<base::WallTime> next_dial(const std::vector<Lane>& lanes);
/// Why each address that we dial has failed; empty while the link is up.
[[nodiscard]] std::vector<Dialling::Failure> dial_failures(const std::vector<Lane>& lanes);
/// Since when the line under one of its connections stands still; nothing while none does.
[[nodiscard]] std::optional<base::TimePoint> stands_still_since(const std::vector<Lane>& lanes);

}  // namespace tsmtp::link
