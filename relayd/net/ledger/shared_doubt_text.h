// How doubts stand in etcd, where all hubs of a site see them: a key for each recipient of each transaction,
//   PREFIX/doubts/SITE/MAIL/TRANSACTION/INDEX
// with the digest of its mail, so that all tries of a mail are one range, and a value in one line,
//   1 RECORDED RECIPIENTS ADDRESS HUB FARPIN FARHUB SHARED
// Digests and identifiers are hexadecimal, RECORDED is in microseconds since 1970, RECIPIENTS says how many
// the transaction has. FARPIN and FARHUB say which hub of the other site it went to, "-" where there is
// nothing to say, and SHARED is 1 if all hubs of that site know its outcome. A value may have more fields
// behind these; one that begins with another number is not understood.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/ledger/doubts.h"

namespace tsmtp::net {

/// Of all tries of a mail at that site, for one recipient. Ends in a slash.
[[nodiscard]] std::string shared_doubts_of_mail(std::string_view prefix, std::string_view site,
                                                std::string_view mail);
[[nodiscard]] std::string shared_doubt_key(std::string_view prefix, std::string_view site,
                                           std::string_view mail, const ledger::DoubtKey& key);

struct SharedDoubtValue {
  base::WallTime recorded;
  std::size_t recipients = 1;
  std::string address;
  std::string hub;
  ledger::DoubtPlace place{};
};
[[nodiscard]] std::string shared_doubt_value(const SharedDoubtValue& value);

/// `of_mail` is shared_doubts_of_mail() of the digest `mail`, with which `key` begins. nullopt: it cannot be
/// understood.
[[nodiscard]] std::optional<ledger::ForeignDoubt> read_shared_doubt(std::string_view of_mail,
                                                                    std::string_view mail,
                                                                    std::string_view key,
                                                                    std::string_view value);

/// The bytes that `text` is the hexadecimal of; nullopt: it is not that of so many.
[[nodiscard]] std::optional<std::string> bytes_of_hex(std::string_view text, std::size_t bytes);

}  // namespace tsmtp::net
