// What is asked of etcd in one step, and what it answers: its own model (etcd's api/rpc.proto, KV.Txn), as
// far as relayd uses it. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/system/result.hpp>

namespace tsmtp::etcd {

/// One key, or with `end` all keys from `key` up to, and without, `end`.
struct Range {
  std::string key;
  std::string end{};

  friend bool operator==(const Range&, const Range&) = default;
};

/// All keys that begin so. `prefix` is not empty and does not end in 0xff.
[[nodiscard]] inline Range all_below(std::string prefix) {
  std::string end = prefix;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return {.key = std::move(prefix), .end = std::move(end)};
}

struct KeyValue {
  std::string key;
  std::string value;
  std::int64_t created = 0;   ///< the revision that made the key
  std::int64_t modified = 0;  ///< the revision of this value
};

/// Of one key that it has this value; without a value, of a key or a range that there is nothing.
struct Compare {
  Range range;
  std::optional<std::string> value{};
};

/// A lease's number; 0: none.
using Lease = std::int64_t;

struct Put {
  std::string key;
  std::string value;
  Lease lease = 0;  ///< with which the key goes
};
/// In the order of keys.
struct Get {
  Range range;
  std::int64_t limit = 0;  ///< of keys; 0: none
};
struct Delete {
  Range range;
};
using Operation = std::variant<Put, Get, Delete>;

/// All of `then` happens if all of `when` holds, else all of `otherwise`; nobody sees a part of it.
struct Transaction {
  std::vector<Compare> when{};
  std::vector<Operation> then{};
  std::vector<Operation> otherwise{};
};

struct Answer {
  bool held = false;  ///< `then` was done
  std::int64_t revision = 0;
  std::vector<std::vector<KeyValue>> got{};  ///< of each Get that was done, in order
};

/// Why there is no answer, as the end of a sentence for an administrator: names the engine and the endpoint.
struct Failure {
  std::string cause;
  bool may_be_done = true;  ///< the transaction may have happened, or may happen yet
};

using Result = boost::system::result<Answer, Failure>;

}  // namespace tsmtp::etcd
