// The stream of a watch: JSON objects, one a line, cut anywhere. Each watch is told where to go on after a
// lost connection, and to begin anew where changes are missing.
//
// Sans I/O: receive() bytes, then next() until there is none.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/etcd/gateway.h"
#include "relayd/etcd/store.h"

namespace tsmtp::etcd {

class WatchLines {
 public:
  /// A line that is longer than this is too much: its watches begin anew.
  static constexpr std::size_t kMaxLineBytes = 8UL << 20;

  struct BeginAnew {
    std::uint64_t watch;
  };
  struct Changed {
    std::uint64_t watch;
    std::vector<Change> changes;
  };
  using Event = std::variant<BeginAnew, Changed>;

  void add(std::uint64_t watch, Range range);
  void remove(std::uint64_t watch);
  [[nodiscard]] bool has_watches() const { return !watches_.empty(); }

  /// For a new connection, on which all of them go on.
  [[nodiscard]] Request begin();
  /// The error ends the connection: it goes on behind the name of the endpoint.
  [[nodiscard]] base::Result<void> receive(std::string_view bytes);
  [[nodiscard]] std::optional<Event> next();
  /// Whether etcd has said of every watch that it stands.
  [[nodiscard]] bool is_established() const;

 private:
  struct Watch {
    Range range;
    std::int64_t from = 0;  // the first revision that is not told yet; 0: it begins anew
    bool stands = false;
  };

  [[nodiscard]] base::Result<void> take_line(std::string_view line);
  [[nodiscard]] base::Result<void> take_result(std::uint64_t id, Watch& watch,
                                               const struct WatchAnswer& answer);

  std::map<std::uint64_t, Watch> watches_;
  std::string line_;  // as far as it has come
  std::deque<Event> events_;
  std::string cluster_;  // whose revisions these are
};

}  // namespace tsmtp::etcd
