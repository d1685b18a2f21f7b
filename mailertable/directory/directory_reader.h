// Reads a directory's entries once, or keeps reading: by syncrepl (RFC 4533) where the server offers it, else
// by asking again every few seconds. It goes from server to server until one answers, and gives only whole
// contents away. It never gives up by itself and never waits for a server without a limit.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "mailertable/directory/access.h"
#include "mailertable/directory/connection.h"
#include "mailertable/routes/content.h"
#include "relayd/base/result.h"

namespace tsmtp::mailertable {

class DirectoryReader {
 public:
  using Clock = std::chrono::steady_clock;

  DirectoryReader(Access access, ContentBounds bounds)
      : access_(std::move(access)), bounds_(bounds), content_(bounds) {}
  DirectoryReader(const DirectoryReader&) = delete;
  DirectoryReader& operator=(const DirectoryReader&) = delete;

  /// All entries, from the first server that gives them.
  [[nodiscard]] base::Result<Content> read_once();

  /// Follows the directory for `wait` at most. True: content() is whole, and perhaps another than before.
  /// Fails when no server is of use at the moment; the next call tries again, and does not wait before it
  /// does.
  [[nodiscard]] base::Result<bool> follow(std::chrono::milliseconds wait);

  [[nodiscard]] const Content& content() const { return content_; }

  /// "ldaps://a.example, by syncrepl".
  [[nodiscard]] std::string how() const;

 private:
  enum class Way { kSync, kAskAgain };

  [[nodiscard]] base::Result<void> connect();
  [[nodiscard]] base::Result<void> begin(Way way, Clock::time_point now);
  [[nodiscard]] base::Result<bool> take(ServerMessage message, Clock::time_point now);
  [[nodiscard]] base::Result<bool> take_end(const ServerMessage& message, Clock::time_point now);
  /// What is due: another search, a sign of life; fails if the server has been silent for too long.
  [[nodiscard]] base::Result<void> look_at_the_clock(Clock::time_point now);
  [[nodiscard]] base::Result<bool> follow_connected(std::chrono::milliseconds wait);

  Access access_;
  ContentBounds bounds_;
  std::optional<Connection> connection_;
  std::size_t server_ = 0;  ///< index of its URL
  Way way_ = Way::kSync;
  int search_ = 0;           ///< 0: none under way
  int sign_of_life_ = 0;     ///< likewise
  Content content_;          ///< of the search under way or, between two, of the last
  Clock::time_point began_;  ///< the search
  Clock::time_point heard_;  ///< from the server, last
  Clock::time_point asked_;  ///< for a sign of life, last
  Clock::time_point again_;  ///< when to read all anew
};

}  // namespace tsmtp::mailertable
