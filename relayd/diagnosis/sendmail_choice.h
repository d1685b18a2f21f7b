// What sendmail's rules choose for an address, read from the answers of its address test mode (`sendmail
// -bt`, sendmail(8)).
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::diagnosis {

struct SendmailChoice {
  std::string mailer;  ///< empty if the rules refuse the address
  std::string host;
  std::string user;
  std::string refusal{};  ///< the reply that the rules give instead

  friend bool operator==(const SendmailChoice&, const SendmailChoice&) = default;
};

/// The input that asks for that address, to be followed by the end of input. The address holds no line end.
[[nodiscard]] std::string question_of(std::string_view address);
/// Reads the answer to it.
[[nodiscard]] base::Result<SendmailChoice> read_choice(std::string_view answer);

}  // namespace tsmtp::diagnosis
