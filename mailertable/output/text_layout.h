// The text of a table with its columns aligned. Comments, empty lines and lines that make no entry stay as
// they are; what the text builds stays the same but for blanks behind values, which sendmail does not see.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::mailertable {

/// `text` laid out: in each run of entries the values begin in one column.
[[nodiscard]] std::string laid_out(std::string_view text);

}  // namespace tsmtp::mailertable
