// What a sendmail.cf says of mailers, of the mailertable and of the names that it takes mail for. Reads those
// lines and no others.
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
  std::set<std::string, std::less<>> local_names;    ///< class w: Cw lines, and the files of Fw lines
  std::string local_names_file;                      ///< of the Fw line: "/etc/mail/local-host-names"
  std::set<std::string, std::less<>> relayed_names;  ///< classes R and {VirtHost}; RELAY in the access map
};

/// Reads `text`. Files that it names are not opened.
[[nodiscard]] SendmailCf parse_sendmail_cf(std::string_view text, std::string file);

/// Adds the names that an access map's text relays for: `To:birl.example RELAY`.
void add_access(SendmailCf& cf, std::string_view text);

/// Adds what sendmail puts into class w by itself: `host_name`, and what hosts(5) in `hosts` has beside it.
void add_host_names(SendmailCf& cf, std::string_view host_name, std::string_view hosts);

/// Reads the file at `path`, and as far as they can be read those that it names: of F lines, and the access
/// map's text; /etc/hosts for this host's names. Fails with EX_NOINPUT.
[[nodiscard]] Outcome<SendmailCf> read_sendmail_cf(const std::string& path);

}  // namespace tsmtp::mailertable
