// What is said to etcd's gateway for HTTP and JSON (grpc-gateway; etcd 3.4 and later, /v3/), and what its
// answers say. Whatever a server sends is checked field by field: an answer that is not the one to what was
// asked is an error, never half an answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/etcd/transaction.h"

namespace tsmtp::etcd {

/// One POST.
struct Request {
  std::string_view path;  ///< static
  std::string body;
};

/// Several transactions become one whose operations they are. etcd judges all their compares by what was
/// there before any of them (its server/etcdserver/txn, compareToPath), and their operations happen in
/// order: so they must not touch what an earlier one writes. Borrowed for the call.
using Batch = std::vector<const Transaction*>;
[[nodiscard]] Request transact(const Batch& batch);
/// One answer for each.
[[nodiscard]] base::Result<std::vector<Answer>> answers_to(const Batch& batch, std::string_view body);

[[nodiscard]] Request grant(std::chrono::seconds time_to_live);
[[nodiscard]] base::Result<Lease> granted(std::string_view body);

[[nodiscard]] Request keep_alive(Lease lease);
/// `lease`, or 0 if it has ended.
[[nodiscard]] base::Result<Lease> kept(Lease lease, std::string_view body);

[[nodiscard]] Request revoke(Lease lease);

[[nodiscard]] Request log_in(std::string_view user, std::string_view password);
/// What goes into the header Authorization from then on.
[[nodiscard]] base::Result<std::string> token(std::string_view body);

/// Changes of `range` from revision `from` on, or without one, from now on.
struct WatchRequest {
  std::uint64_t id = 0;
  Range range;
  std::int64_t from = 0;
};
/// The answer is a stream of lines (watch_lines.h). Several watches share it.
[[nodiscard]] Request watch(const std::vector<WatchRequest>& watches);

}  // namespace tsmtp::etcd
