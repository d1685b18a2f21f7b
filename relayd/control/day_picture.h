// The picture of a day, as inline SVG: mails out above the line, mails in below it, and how the link was.
#pragma once

#include <string>

#include "relayd/control/last_day.h"

namespace tsmtp::control {

/// `title` is what it says to who cannot see it; escaped already.
[[nodiscard]] std::string day_picture(const LastDay::Points& points, const std::string& title);

}  // namespace tsmtp::control
