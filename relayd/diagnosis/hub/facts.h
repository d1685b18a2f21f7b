// What is known about a hub without asking after one mail: its files as they lie there, what relayd says of
// itself, and how its ports, its MTA and its host answer. Plain data, gathered by whoever can look; nothing
// here judges. What was not looked at, or could not be, is missing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mailertable/hub/sites.h"
#include "relayd/base/clock.h"
#include "relayd/base/diagnostic.h"
#include "relayd/base/result.h"
#include "relayd/control/field.h"
#include "relayd/settings/hub.h"
#include "relayd/settings/ledger.h"
#include "relayd/settings/site.h"
#include "sendmail/plan/hub_facts.h"

namespace tsmtp::diagnosis {

/// A name in the file system.
struct FileFact {
  enum class Kind { kAbsent, kFile, kDirectory, kSocket, kOther };
  Kind kind = Kind::kAbsent;
  unsigned mode = 0;  ///< permissions alone
  std::uint32_t uid = 0;
  std::string owner{};       ///< the name of `uid`
  std::int64_t changed = 0;  ///< seconds since 1970
};

/// A file system, by a directory on it.
struct DiskFact {
  std::string path;
  std::string purpose;  ///< "relayd's state"
  std::uint64_t bytes_total = 0, bytes_free = 0;
  std::uint64_t inodes_total = 0, inodes_free = 0;  ///< 0 in all: it does not count them
  bool is_read_only = false;
};

/// A daemon that runs.
struct ProcessFact {
  int pid = 0;
  std::uint32_t uid = 0;
  std::string user{};
  std::int64_t started = 0;       ///< seconds since 1970, by the clock as it goes now
  bool is_replaced = false;       ///< its program was replaced or removed since
  std::uint64_t descriptors = 0;  ///< that it may have; 0: not known
};

/// A user of this machine.
struct UserFact {
  std::string name;
  std::uint32_t uid = 0;
};

/// What was answered at an address, and who listens there.
struct PortFact {
  std::optional<base::Result<std::string>> greeting{};  ///< or the error of the connection
  std::vector<std::string> holders{};  ///< "sendmail (process 512)"; empty: nobody, or it is not known who
};

/// Questions that our MTA was asked from a site's address, with its replies.
struct MtaFact {
  std::string site;
  std::string from;     ///< the address
  std::string deliver;  ///< "127.0.0.1:25"
  std::optional<std::string> greeting{}, sender{}, recipient{}, foreign{};
  std::string sender_asked{}, recipient_asked{};  ///< addresses
  std::string trouble{};                          ///< why not all was answered
};

/// This hub's key.
struct KeyFact {
  std::string pin;     ///< "sha256:..."
  std::string digest;  ///< the same, 32 raw bytes
  std::int64_t made = 0;
};

/// What the service manager starts at boot.
struct ServiceFact {
  std::string name;  ///< "relayd"
  bool is_enabled = true;
  std::string remedy;   ///< the command that enables it
  std::string start{};  ///< the command that starts it
};

struct HubFacts {
  base::WallTime now{};
  bool as_root = false;
  std::string host_name{};

  std::string config_file{};                        ///< relayd.toml
  std::vector<base::Diagnostic> config_findings{};  ///< of its reader
  bool has_config = false;                          ///< it could be read; else the next are defaults
  settings::Hub hub{};
  settings::Ledger ledger{};
  std::vector<settings::Site> sites{};
  mailertable::Sites for_table{};
  sendmail::HubFacts for_sendmail{};
  std::vector<std::string> config_files{};   ///< it, and those that it includes
  std::vector<std::string> ignored_files{};  ///< beside those, and not read
  std::vector<std::string> pin_findings{};   ///< pins that are revoked

  std::optional<UserFact> user{};  ///< of relayd
  std::string user_trouble{};
  std::map<std::string, FileFact> files{};
  std::map<std::string, std::string> texts{};
  std::map<std::string, std::string> unreadable{};  ///< for relayd's user: the path, and why
  std::optional<base::Result<KeyFact>> key{};

  std::string version{};                  ///< of this program
  std::optional<control::Json> status{};  ///< what relayd says of itself
  std::string status_trouble{};           ///< why it says nothing; empty: it was not asked, or does
  std::optional<control::Json> invitations{};
  std::optional<ProcessFact> relayd{};

  std::map<std::string, base::Result<std::vector<std::string>>> addresses{};  ///< of the names we dial
  std::vector<std::string> own_addresses{};                                   ///< of this host's interfaces
  std::map<std::string, PortFact> ports{};  ///< by address and port, as they are configured
  std::vector<MtaFact> mta{};

  std::optional<bool> clock_is_synchronised{};  ///< nothing where the host of a container answers for it
  std::vector<DiskFact> disks{};
  std::vector<ServiceFact> services{};
  std::optional<double> load{};
  unsigned processors = 1;
  std::string packet_filter{};  ///< the rules, as the kernel's tool prints them

  std::string cf_file{};  ///< sendmail.cf; its text is among the others
  /// A line of sendmail.cf that m4 does not make of sendmail.mc now, or the other way round; empty: none is.
  std::optional<base::Result<std::string>> cf_edit{};
  std::optional<base::Result<std::string>> routes{};  ///< what sendmail -bt says of the sites' domains
  std::optional<ProcessFact> sendmail{};
  std::optional<std::int64_t> sendmail_read{};  ///< when it read its configuration, seconds since 1970
  std::string queue{};                          ///< as mailq prints it

  std::vector<std::string> not_looked_at{};  ///< a sentence each
};

}  // namespace tsmtp::diagnosis
