// What an administrator may say about the connections of a link.
#pragma once

#include "relayd/settings/link.h"

namespace tsmtp::net {

using LinkSettings = settings::Link;

}  // namespace tsmtp::net
