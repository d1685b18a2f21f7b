#include "relayd/etcd/refusal.h"

#include <array>

#include "relayd/base/bytes.h"
#include "relayd/etcd/json_fields.h"

namespace tsmtp::etcd {
namespace {

using Kind = Refusal::Kind;

constexpr std::size_t kMaxShownMessage = 160;

struct Known {
  std::string_view message;  // a part of it
  Kind kind;
  bool may_be_done;
  std::string_view advice;
};

// May be done: etcd can say so while or after the transaction is agreed upon. "database space exceeded" is
// among them: the transaction that meets the quota is done, and refused (its quotaApplierV3). A member that
// has found the data corrupt refuses what others do.
constexpr std::array kKnown = {
    Known{"request timed out", Kind::kMember, true, "do most of its members run, and reach each other?"},
    Known{"no leader", Kind::kMember, false, "do most of its members run, and reach each other?"},
    Known{"not leader", Kind::kMember, true, ""},
    Known{"leader changed", Kind::kMember, true, ""},
    Known{"server stopped", Kind::kMember, true, "is it being stopped?"},
    Known{"too many requests", Kind::kMember, false, "its members are too slow for what is asked of them"},
    Known{"not supported for learner", Kind::kMember, false, "name members that vote in ledger.endpoints"},
    Known{"unhealthy cluster", Kind::kMember, true, ""},
    Known{"database space exceeded", Kind::kFull, true,
          "etcd is full: compact it, defragment it, and disarm its alarm (etcdctl alarm disarm)"},
    Known{"corrupt cluster", Kind::kEngine, true, "see etcd's own log"},
    Known{"invalid auth token", Kind::kLogin, false, ""},
    Known{"revision of auth store is old", Kind::kLogin, false, ""},
    Known{"invalid user ID or password", Kind::kEngine, false,
          "is the password in ledger.password_file right?"},
    Known{"user name is empty", Kind::kEngine, false,
          "etcd wants a user: set ledger.user and ledger.password_file"},
    Known{"user name not found", Kind::kEngine, false, "does etcd know ledger.user?"},
    Known{"permission denied", Kind::kEngine, false,
          "give ledger.user a role that may read and write ledger.prefix"},
    Known{"Not Found", Kind::kMember, false,
          "is it etcd 3.4 or later, with its gateway (--enable-grpc-gateway)?"},
    Known{"requested lease not found", Kind::kRequest, false, ""},
    Known{"request is too large", Kind::kRequest, false, ""},
    Known{"too many operations", Kind::kRequest, false, ""},
    Known{"duplicate key", Kind::kRequest, false, ""},
    Known{"key is not provided", Kind::kRequest, false, ""},
};

// {"error":"…","message":"…","code":14}; in a stream {"error":{"message":"…"}}.
std::string message_in(std::string_view body) {
  const auto all = parse_object(body);
  if (!all) return {};
  const nlohmann::json* error = member(*all, "error");
  const nlohmann::json& from = error != nullptr && error->is_object() ? *error : *all;
  for (const char* key : {"message", "error"})
    if (auto text = text_at(from, key); text && !text->empty()) return *text;
  return {};
}

}  // namespace

Refusal refusal_of(std::string_view message) {
  for (const Known& known : kKnown) {
    if (message.find(known.message) == std::string_view::npos) continue;
    std::string text = "says: " + base::escaped(message, kMaxShownMessage);
    if (!known.advice.empty()) text += "; " + std::string(known.advice);
    return {.kind = known.kind, .text = std::move(text), .may_be_done = known.may_be_done};
  }
  return {.kind = Kind::kMember,
          .text = "says: " + base::escaped(message, kMaxShownMessage),
          .may_be_done = true};
}

Refusal refusal_of(unsigned status, std::string_view body) {
  const std::string message = message_in(body);
  if (!message.empty()) return refusal_of(message);
  constexpr unsigned kNotFound = 404;
  return {.kind = Kind::kMember,
          .text = "answers with HTTP status " + std::to_string(status) +
                  "; is it etcd 3.4 or later, with its gateway (--enable-grpc-gateway)?",
          .may_be_done = status != kNotFound};
}

bool needs_no_login(std::string_view body) {
  return message_in(body).find("authentication is not enabled") != std::string::npos;
}

}  // namespace tsmtp::etcd
