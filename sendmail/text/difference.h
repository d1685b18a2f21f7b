// The changes of a file, as `diff -u` shows them.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::sendmail {

/// The difference between two texts of the file `name`, with three lines around each change; empty if there
/// is none. Meant for a few changes; a text that has changed all over is shown as replaced.
[[nodiscard]] std::string difference(const std::string& name, std::string_view before,
                                     std::string_view after);

}  // namespace tsmtp::sendmail
