// The way from sendmail's present files to the wanted ones: the pure half of tsmtp-sendmail. It reads no file
// and runs nothing; host/ carries the plan out.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sendmail/plan/files.h"
#include "sendmail/plan/hub_facts.h"
#include "sendmail/plan/mc_plan.h"

namespace tsmtp::sendmail {

/// The administrator's orders.
struct Wish {
  std::vector<std::string> only;   ///< addresses, to try it with; empty: all mail for the sites
  std::set<std::string> released;  ///< domains of sites that are gone, which may leave by other ways now
};

struct Input {
  Texts texts;     ///< all files of files_of_interest() that exist
  Texts included;  ///< and those that the .mc includes
  HubFacts hub;
  std::string host_name;  ///< this host's, which sendmail takes mail for
  Wish wish;
  Places places = {};
};

/// The answer that sendmail has to give for an address, so that the plan is proved.
struct Expectation {
  std::string address;
  std::string host;   ///< of the mailer tsmtp, "[127.0.5.2]"; empty: any other mailer
  bool held = false;  ///< it is to wait: the error mailer
};

struct Plan {
  std::vector<Change> changes;             ///< of texts, in the order in which they are to be made
  std::optional<std::string> mailertable;  ///< path of the text, if mail is routed by it
  std::optional<std::string> access;       ///< path of the text, if it has to do with us
  std::vector<Expectation> expectations;
  std::vector<std::string> own_domains;   ///< to be in class w
  std::vector<std::string> kept_domains;  ///< of sites that are gone: their mail waits
  std::vector<std::string> absent_maps;   ///< maps that the .mc does not make, as far as it can be read
  std::vector<Delivery> deliveries;       ///< where sendmail is to listen
  std::vector<std::string> findings;      ///< why nothing is to be done
  std::vector<std::string> notes;

  [[nodiscard]] bool is_possible() const { return findings.empty(); }
  [[nodiscard]] bool changes_anything() const;
};

/// The files whose texts plan() looks at, going by what `mc` says.
[[nodiscard]] std::vector<std::string> files_of_interest(const std::string& mc, const Places& places,
                                                         const Included& included);

[[nodiscard]] Plan plan_on(const Input& input);

/// Without blocks.
[[nodiscard]] Plan plan_off(const Texts& texts, const Places& places);

}  // namespace tsmtp::sendmail
