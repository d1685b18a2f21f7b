#include "relayd/cli/why_command.h"

#include <sysexits.h>

#include <algorithm>
#include <iostream>

#include "relayd/base/bytes.h"
#include "relayd/diagnosis/explanation.h"
#include "relayd/diagnosis/host/mail_facts.h"

namespace tsmtp::cli {
namespace {

constexpr std::size_t kLongestAddress = 320;  // RFC 5321 section 4.5.3.1: 64, an @, 255

// sendmail reads the address from a line, and relayd from one with tabs.
bool is_askable(const std::string& address) {
  return address.size() <= kLongestAddress &&
         std::none_of(address.begin(), address.end(),
                      [](unsigned char c) { return c <= ' ' || c == '<' || c == '>'; });
}

std::string without_brackets(const std::string& address) {
  const bool has_brackets = address.starts_with('<') && address.ends_with('>');
  return has_brackets ? address.substr(1, address.size() - 2) : address;
}

int exit_status(diagnosis::Explanation::Fate fate) {
  using Fate = diagnosis::Explanation::Fate;
  switch (fate) {
    case Fate::kArrives:
    case Fate::kNotForASite:
    case Fate::kNotKnown:
      return EX_OK;
    case Fate::kWaits:
      return EX_TEMPFAIL;
    case Fate::kBounces:
    case Fate::kGoesInClear:
      return EX_UNAVAILABLE;
  }
  return EX_SOFTWARE;
}

}  // namespace

void add_why_options(CLI::App& command, WhyOptions& options) {
  command.add_option("ADDRESS", options.recipient, "the recipient")->required();
  command.add_option("--from", options.sender, "the sender; without it, the sender of bounces")
      ->type_name("ADDRESS");
  command.add_option("--cf", options.cf, "sendmail's configuration")
      ->type_name("FILE")
      ->capture_default_str();
}

int run_why(const settings::Config& config, const WhyOptions& options, bool as_json) {
  const diagnosis::Question question{.sender = without_brackets(options.sender),
                                     .recipient = without_brackets(options.recipient),
                                     .cf = options.cf};
  for (const std::string* address : {&question.recipient, &question.sender})
    if (!is_askable(*address)) {
      std::cerr << "relayctl: \"" << base::escaped(*address, 80)
                << "\" is not an address that can be asked about\n";
      return EX_DATAERR;
    }
  if (question.recipient.find('@') == question.recipient.npos) {
    std::cerr << "relayctl: \"" << base::escaped(question.recipient, 80)
              << "\" has no domain, and so is a local name; USER@DOMAIN was expected\n";
    return EX_DATAERR;
  }
  const diagnosis::Facts facts = diagnosis::gather(config, question);
  const diagnosis::Explanation found = diagnosis::explain(facts);
  std::cout << (as_json ? explanation_json(facts, found) : explanation_text(facts, found));
  return exit_status(found.fate);
}

}  // namespace tsmtp::cli
