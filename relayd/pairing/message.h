// The messages of two hubs that pair: one request and one answer a connection, each in one message. They are
// bounded, and their meaning is unchecked: of names and domains only the length is known here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "relayd/base/result.h"

namespace tsmtp::pairing {

inline constexpr std::size_t kMaxMessageBytes = 16 * 1024;
inline constexpr std::size_t kMaxDomains = 64;
inline constexpr std::size_t kMaxAddresses = 8;

/// A hub's introduction of itself.
struct Introduction {
  std::string name;
  std::vector<std::string> domains;  ///< of its own, as sendmail's tables have them; of a joiner, none: all
                                     ///< that the invitation names
  std::vector<std::string> dial;     ///< where it listens, HOST:PORT

  friend bool operator==(const Introduction&, const Introduction&) = default;
};

/// Of the joiner.
struct Request {
  std::string id;
  std::string proof;
  bool is_final = false;  ///< else it only wants to see what it would get
  Introduction joiner;

  friend bool operator==(const Request&, const Request&) = default;
};

/// The inviter agrees, and has noted it down if the request was final.
struct Offer {
  bool is_final = false;
  Introduction inviter;
  std::vector<std::string> your_domains;  ///< that it accepts from the joiner

  friend bool operator==(const Offer&, const Offer&) = default;
};

enum class Why {
  kUnknown = 1,  ///< or its secret is wrong
  kWrongSecret,  ///< heard, never said: it would tell that there is such an invitation
  kTooManyTries,
  kExpired,
  kUsed,
  kWithdrawn,
  kForeignDomain,
  kDomainTaken,
  kNameTaken,
  kKeyTaken,
  kKeyRevoked,
  kMalformed,
  kTrouble,
};

/// It does not.
struct Refusal {
  Why why = Why::kTrouble;
  std::string detail;  ///< which domain, name or site; of anything

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

using Answer = std::variant<Offer, Refusal>;

[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Answer& answer);

/// Read what has been received so far. nullopt: it is not complete, read on. An error: it never will be one.
[[nodiscard]] std::optional<base::Result<Request>> read_request(std::string_view received);
[[nodiscard]] std::optional<base::Result<Answer>> read_answer(std::string_view received);

}  // namespace tsmtp::pairing
