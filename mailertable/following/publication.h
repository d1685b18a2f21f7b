// From a directory's entries to the files that sendmail and relayd read: compiled, checked, and only if
// nothing is wrong put in place (P9). The text that was written last is the memory of what went through a
// link.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mailertable/commands/command_line.h"
#include "mailertable/database/table_writer.h"
#include "mailertable/files/failure.h"
#include "mailertable/following/site_domains.h"
#include "mailertable/routes/content.h"
#include "mailertable/routes/entry_compiler.h"
#include "mailertable/routes/held.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// What is made of the entries.
struct Publishing {
  std::string text;                 ///< the file of the table's text; empty: standard output
  std::vector<std::string> tables;  ///< to build of it
  std::string type;                 ///< hash or btree; empty: as sendmail.cf says
  std::vector<std::string> local;   ///< texts of this hub's own that belong to the same tables
  std::string domains_dir;          ///< where relayd reads the sites' domains; empty: it does not
  std::string relayctl;             ///< has relayd read them
  std::vector<std::string> let_go;  ///< domains that need not be held
  LossBounds loss;
  RouteRules rules;
  CheckOptions checks;
};

/// How it went.
struct Published {
  base::Diagnostics findings;
  std::optional<Failure> failure;
  bool is_changed = false;  ///< files were written
  std::size_t lines = 0;

  [[nodiscard]] bool is_done() const { return !failure && !findings.has_errors(); }
  /// All that there is to say, each line with a line end.
  [[nodiscard]] std::string text() const;
};

class Publication {
 public:
  explicit Publication(Publishing what)
      : what_(std::move(what)), domains_(what_.domains_dir, what_.relayctl) {}

  /// Makes the files what `content` says. With an error, all that sendmail reads stays as it is.
  [[nodiscard]] Published publish(const Content& content);

 private:
  struct Plan;

  /// All up to the first change; false if something is wrong.
  [[nodiscard]] bool prepare(const Content& content, Plan& plan, Published& result) const;
  [[nodiscard]] Outcome<void> learn_hub(Plan& plan, Published& result) const;
  [[nodiscard]] Outcome<void> make_routes(const Content& content, Plan& plan) const;
  [[nodiscard]] Outcome<void> write(const Plan& plan, Published& result);
  [[nodiscard]] TableTarget target_of(const std::string& path, const Knowledge& knowledge) const;

  Publishing what_;
  SiteDomains domains_;
  bool is_built_ = false;         ///< by this process: before that, the tables may be older than the text
  std::string local_when_built_;  ///< the local texts then
};

}  // namespace tsmtp::mailertable
