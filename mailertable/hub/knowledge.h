// What checks know beside the text: the mailers, and what other files say if they were given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mailertable/hub/mailers.h"
#include "mailertable/hub/sendmail_cf.h"
#include "mailertable/hub/sites.h"

namespace tsmtp::mailertable {

/// What a build makes, for comparison with what sendmail reads.
struct Wanted {
  std::string path;       ///< "/etc/mail/mailertable.db"
  std::string_view type;  ///< "hash" or "btree"
};

struct Knowledge {
  Mailers mailers;
  std::optional<SendmailCf> cf;
  std::optional<Sites> sites;
  bool is_cf_named = false;  ///< by the administrator, and not merely found
  std::optional<Wanted> wanted = std::nullopt;
};

}  // namespace tsmtp::mailertable
