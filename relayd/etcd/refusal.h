// What it means that etcd did not do what was asked: whose trouble it is, whether it can have been done all
// the same, and what an administrator can do about it.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::etcd {

struct Refusal {
  enum class Kind {
    kMember,   ///< this member cannot: another may
    kLogin,    ///< the token has expired: log in, and ask again
    kEngine,   ///< every member would say so, of every request
    kFull,     ///< every member would say so, of everything that takes room
    kRequest,  ///< it is about this transaction
  };
  Kind kind = Kind::kMember;
  /// Goes on behind the name of the endpoint: "has no leader; …". Escaped.
  std::string text;
  bool may_be_done = true;
};

/// Of an answer that is not 200.
[[nodiscard]] Refusal refusal_of(unsigned status, std::string_view body);

/// By etcd's own words (its api/v3rpc/rpctypes), "etcdserver: no leader".
[[nodiscard]] Refusal refusal_of(std::string_view message);

/// Whether `body` is the answer to log_in() of a cluster in which nobody has to.
[[nodiscard]] bool needs_no_login(std::string_view body);

}  // namespace tsmtp::etcd
