// The sendmail of this host: making its sendmail.cf, asking it, and having a running one read everything
// anew.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mailertable/files/failure.h"
#include "sendmail/plan/cf_maps.h"

namespace tsmtp::sendmail {

/// The output of m4, run in the directory of the file `mc`, in the form of Debian's /etc/mail/Makefile.
/// Whatever m4 says on stderr is a failure (EX_DATAERR): it exits 0 all the same.
[[nodiscard]] mailertable::Outcome<std::string> make_cf(const std::string& mc);

/// The database of `text`, as sendmail's own makemap would make it, ready to be put in place: its bytes.
[[nodiscard]] mailertable::Outcome<std::string> make_map(std::string_view text, const CfMap& map,
                                                         const std::string& scratch_directory);

/// The answers of `sendmail -bt`, with the configuration `cf` and without DNS, to `questions`.
[[nodiscard]] mailertable::Outcome<std::string> ask_sendmail(const std::string& cf,
                                                             const std::string& questions,
                                                             const std::string& scratch_directory);

/// How a running sendmail took it.
enum class Reloaded { kYes, kNotRunning };

/// Has the running sendmail, whose sendmail.cf is `cf`, start anew, and waits until it has.
[[nodiscard]] mailertable::Outcome<Reloaded> reload_sendmail(std::string_view cf);

/// A sentence that names the missing programs that tsmtp needs for sendmail; nothing if all are there.
[[nodiscard]] std::optional<std::string> missing_part();

}  // namespace tsmtp::sendmail
