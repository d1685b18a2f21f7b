// What checks know beside the text: the mailers, and what other files say if they were given.
#pragma once

#include <optional>

#include "mailertable/mailers.h"
#include "mailertable/sendmail_cf.h"
#include "mailertable/sites.h"

namespace tsmtp::mailertable {

struct Knowledge {
  Mailers mailers;
  std::optional<SendmailCf> cf;
  std::optional<Sites> sites;
};

}  // namespace tsmtp::mailertable
