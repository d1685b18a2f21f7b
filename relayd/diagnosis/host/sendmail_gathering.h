// What this host's sendmail is made of and does: its files, what m4 would make of them, its answers in
// address test mode, its queue.
#pragma once

#include "relayd/diagnosis/host/root.h"
#include "relayd/diagnosis/hub/facts.h"

namespace tsmtp::diagnosis {

/// Fills that in. Without a sendmail.cf there is no sendmail.
void gather_sendmail(const Root& root, HubFacts& facts);

}  // namespace tsmtp::diagnosis
