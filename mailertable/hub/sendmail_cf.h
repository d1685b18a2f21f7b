// What a sendmail.cf says of mailers, of the mailertable and of local names. Reads those lines and no others.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/files/failure.h"
#include "mailertable/hub/mailers.h"

namespace tsmtp::mailertable {

/// The line `Kmailertable hash -o /etc/mail/mailertable`.
struct MapLine {
  int line = 0;
  std::string type;     ///< "hash"
  std::string options;  ///< "-o"
  std::string path;     ///< "/etc/mail/mailertable"
};

struct SendmailCf {
  std::string file;  ///< the name for messages
  std::vector<Mailer> mailers;
  std::optional<MapLine> mailertable;
  std::set<std::string, std::less<>> local_names;  ///< class w: Cw lines, and the files of Fw lines
};

/// Reads `text`. Files that it names are not opened.
[[nodiscard]] SendmailCf parse_sendmail_cf(std::string_view text, std::string file);

/// Reads the file at `path` and those of its Fw lines that can be read. Fails with EX_NOINPUT.
[[nodiscard]] Outcome<SendmailCf> read_sendmail_cf(const std::string& path);

}  // namespace tsmtp::mailertable
