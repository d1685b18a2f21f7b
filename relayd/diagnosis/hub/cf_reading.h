// What a sendmail.cf says that has to do with tsmtp: its mailer, its maps, its classes and the files that it
// reads these from.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/hub/sendmail_cf.h"
#include "relayd/diagnosis/hub/facts.h"
#include "sendmail/plan/cf_maps.h"

namespace tsmtp::diagnosis {

struct CfReading {
  bool has_mailer = false;       ///< tsmtp
  std::string mailer_arguments;  ///< its A=: "TCP $h 5000"
  std::optional<sendmail::CfMap> mailertable, access, senders;
  bool is_closing = false;          ///< FEATURE(`tsmtp')
  std::string closed_file;          ///< the list of tunnel-only domains; empty: it is a map, or there is none
  std::string local_names_file;     ///< of class w
  std::string relay_file;           ///< of class R
  std::vector<std::string> queues;  ///< directories
  std::string pid_file;
  bool is_trial = false;  ///< tsmtp-sendmail on --only
};

[[nodiscard]] CfReading read_cf(std::string_view cf);

/// The files that the checks want to see, if sendmail.cf is that.
[[nodiscard]] std::vector<std::string> files_of(const CfReading& cf);

/// The names that sendmail takes mail for and relays for, of all files that have been read.
[[nodiscard]] mailertable::SendmailCf names_of_sendmail(const HubFacts& facts, const CfReading& cf);

/// Addresses that sendmail is asked about, one for each domain of a site.
struct Proof {
  std::string address;
  std::string domain;
  const sendmail::SiteFacts* site;
};
[[nodiscard]] std::vector<Proof> proofs_for(const sendmail::HubFacts& hub);

/// Of map entries, access rules and the like: `domain`, then each domain above it.
[[nodiscard]] std::vector<std::string> with_parents(const std::string& domain);

}  // namespace tsmtp::diagnosis
