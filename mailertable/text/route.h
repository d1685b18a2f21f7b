// A value as sendmail's rules take it apart: `mailer : the rest`. Says only where the parts are; whether they
// make sense is the business of the checks.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace tsmtp::mailertable {

/// The parts of a value, without the blanks around them. Views into the value.
struct Route {
  std::string_view mailer;
  std::size_t mailer_offset = 0;  ///< bytes from the start of the value
  std::string_view rest;          ///< what follows the colon
  std::size_t rest_offset = 0;
};

/// Takes `value` apart; nothing when sendmail would not find a mailer in it. It looks for one token before a
/// colon (`R< $~[ : $* > $*` in proto.m4), so `tsm.tp:` and `[h]:x` hold none.
[[nodiscard]] std::optional<Route> parse_route(std::string_view value);

/// The word that `value` begins with, as sendmail's tokenizer cuts it; may be empty.
[[nodiscard]] std::string_view first_word(std::string_view value);

/// `text` without trailing blanks, which sendmail does not see.
[[nodiscard]] std::string_view without_trailing_blanks(std::string_view text);

/// The hosts of a network mailer's `rest`, without their brackets and without a user before them; pieces may
/// be empty. `[127.0.5.2]`, `hub.example:[192.0.2.1]`.
[[nodiscard]] std::vector<std::string_view> hosts_of(std::string_view rest);

}  // namespace tsmtp::mailertable
