#include "relayd/cli/pairing_commands.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "relayd/base/bytes.h"
#include "relayd/cli/own_address.h"
#include "relayd/cli/own_domains.h"
#include "relayd/control/pairing_request.h"
#include "relayd/control/request.h"
#include "relayd/net/control/request_client.h"
#include "relayd/settings/quantity.h"

namespace tsmtp::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kPoll = 200ms;
constexpr auto kLinkPatience = 20s;
constexpr int kMostSilent = 10;  // polls of a relayd that no longer runs

struct Reply {
  std::string body;  ///< of a request that succeeded
  int status = EX_OK;
};

int complain(const std::string& message, int status) {
  std::cerr << "relayctl: " << message << '\n';
  return status;
}

Reply ask(const settings::Config& config, control::Request request, const std::string& argument = {}) {
  const std::string line = control::request_line(request, argument);
  if (line.size() > control::kMaxLongRequestBytes)
    return {.body = {},
            .status = complain("the names are too long, or too many: all together they have " +
                                   std::to_string(line.size()) + " bytes, and relayd reads " +
                                   std::to_string(control::kMaxLongRequestBytes),
                               EX_USAGE)};
  const auto received = net::ask(config.hub.control, line);
  if (!received)
    return {.body = {},
            .status = complain(
                received.error().message + (received.error().message.ends_with('?')
                                                ? " It must: it is relayd that the other hub talks to"
                                                : ""),
                EX_UNAVAILABLE)};
  const auto reply = control::parse_reply(*received);
  if (reply) return {.body = *reply};
  return {
      .body = {},
      .status = complain(reply.error().message, control::reply_exit_status(*received).value_or(EX_SOFTWARE))};
}

// relayd's answer while we wait for it; null if it gives none.
nlohmann::json ask_json(const settings::Config& config, control::Request request) {
  const auto received = net::ask(config.hub.control, control::request_line(request));
  if (!received) return nullptr;
  const auto reply = control::parse_reply(*received);
  return reply ? nlohmann::json::parse(*reply, nullptr, false) : nlohmann::json();
}

// Of an earlier pairing under the same name there may be one more.
nlohmann::json newest(const nlohmann::json& list, const std::string& key, const std::string& name) {
  if (list.is_array())
    for (auto entry = list.rbegin(); entry != list.rend(); ++entry)
      if (entry->value(key, "") == name) return *entry;
  return nlohmann::json::object();
}

std::string state_of(const nlohmann::json& list, const std::string& key, const std::string& name) {
  return newest(list, key, name).value("state", "");
}

bool link_comes_up(const settings::Config& config, const std::string& site) {
  const auto deadline = std::chrono::steady_clock::now() + kLinkPatience;
  int silent = 0;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto status = ask_json(config, control::Request::kStatusJson);
    if (status.is_object() && state_of(status.value("sites", nlohmann::json()), "name", site) == "up")
      return true;
    if (status.is_null() && ++silent == kMostSilent) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return false;
}

// tsmtp-sendmail's exit status; or -1 if it is not installed, or not ours to run.
int run_tsmtp_sendmail(const char* command, bool is_quiet = false) {
  constexpr const char* kProgram = "/usr/sbin/tsmtp-sendmail";
  if (geteuid() != 0 || access(kProgram, X_OK) != 0) return -1;
  std::cout << std::flush;
  const pid_t child = fork();
  if (child == 0) {
    if (is_quiet)
      for (const int output : {STDOUT_FILENO, STDERR_FILENO})
        (void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), output);
    execl(kProgram, kProgram, command, static_cast<char*>(nullptr));
    _exit(EX_OSERR);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return EX_OSERR;
  return WEXITSTATUS(status);
}

bool is_agreed(const std::string& question, bool is_default) {
  std::cerr << question << (is_default ? " [Y/n] " : " [y/N] ") << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) return false;
  return answer.empty() ? is_default : answer == "y" || answer == "Y" || answer == "yes";
}

// tsmtp-sendmail tells sendmail of sites, if the administrator has that program, and wants it.
int tell_sendmail(const PairingOptions& options) {
  if (options.sendmail) {
    const int status = run_tsmtp_sendmail("on");
    return status < 0 ? complain("--sendmail: that is for root, with the package tsmtp-sendmail installed",
                                 EX_UNAVAILABLE)
                      : status;
  }
  constexpr int kOff = 1;
  const int state = run_tsmtp_sendmail("check", true);
  if (state < 0) return EX_OK;
  if (state != kOff) return run_tsmtp_sendmail("update");
  const bool can_ask = isatty(STDIN_FILENO) == 1 && !options.yes;
  if (can_ask && is_agreed("Make sendmail send mail for the sites by tsmtp (tsmtp-sendmail on)?", true))
    return run_tsmtp_sendmail("on");
  std::cerr << "sendmail does not send mail for the site by tsmtp yet: `tsmtp-sendmail on` makes it\n";
  return EX_OK;
}

int report_link(const settings::Config& config, const std::string& site) {
  if (link_comes_up(config, site)) {
    std::cout << "the link to " << site << " is up\n";
    return EX_OK;
  }
  return complain("the link to " + site +
                      " is not up yet; relayd goes on trying, and `relayctl status` says what is in the way",
                  EX_TEMPFAIL);
}

std::string token_of(const PairingOptions& options) {
  std::string token;
  for (const std::string& piece : options.line)
    token += piece;
  if (token.empty() || token == "-") std::getline(std::cin, token);
  std::erase_if(token, [](unsigned char c) { return c <= ' '; });
  return token;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

// Their separators on the way to relayd are in none of them.
int check_words(const PairingOptions& options) {
  std::vector<std::string> words{options.site, options.name, options.at, options.hub_of};
  words.insert(words.end(), options.domains.begin(), options.domains.end());
  words.insert(words.end(), options.own.begin(), options.own.end());
  for (const std::string& word : words)
    if (word.find_first_of(" \t\r\n,") != word.npos)
      return complain(
          "\"" + base::escaped(word, 100) +
              "\": no name, domain or address has a blank or a comma in it; give each as a word of its "
              "own",
          EX_USAGE);
  return EX_OK;
}

// Empty: relayd knows them, or nothing on this machine tells them.
std::vector<std::string> own_domains(const settings::Config& config, const PairingOptions& options) {
  if (!options.own.empty()) return with_names_below(options.own);
  if (!config.hub.domains.empty()) return {};
  const std::string domain = own_domain_of_this_host();
  if (domain.empty()) return {};
  std::cerr << "This hub's domain is taken to be " << domain
            << ", by what the machine says; --own DOMAIN, or domains in [hub], says otherwise.\n";
  return with_names_below({domain});
}

// The address that others can dial, if it is known. The other hub need not dial, because we do.
std::string listening_at(const settings::Config& config, const PairingOptions& options) {
  const auto own = own_address(config.hub, options.at);
  return own ? own->address : "";
}

// Waits until a hub has joined, or none can any more.
int wait_for_joiner(const settings::Config& config, const PairingOptions& options) {
  const std::string& site = options.site;
  int silent = 0;
  for (;; std::this_thread::sleep_for(kPoll)) {
    const auto list = ask_json(config, control::Request::kInvitationsJson);
    if (list.is_null() && ++silent < kMostSilent) continue;  // it may be on its way up again
    if (list.is_null())
      return complain("relayd does not answer any more; the invitation holds when it runs again",
                      EX_UNAVAILABLE);
    silent = 0;
    const std::string state = state_of(list, "site", site);
    if (state == "open" || state == "accepted") continue;
    if (state != "used")
      return complain("nobody has joined: the invitation is " + (state.empty() ? "gone" : state),
                      EX_TEMPFAIL);
    const auto entry = newest(list, "site", site);
    const std::string hub_of = entry.value("hub_of", "");
    std::cout << "hub " << entry.value("hub", "") << " has joined, as "
              << (hub_of.empty() ? "site " + site : "hub " + site + " of site " + hub_of)
              << "\n  words            " << entry.value("words", "") << '\n';
    const int status = report_link(config, hub_of.empty() ? site : hub_of);
    const int told = tell_sendmail(options);
    return status != EX_OK ? status : told;
  }
}

}  // namespace

namespace {

void add_hub_of(CLI::App& command, PairingOptions& options) {
  command
      .add_option("--hub-of", options.hub_of,
                  "the other hub is one more of that site, beside those that are known here")
      ->type_name("SITE");
}

}  // namespace

void add_invite_options(CLI::App& command, PairingOptions& options) {
  command.add_option("NAME", options.site, "what the other hub is called here")->required();
  command.add_option("DOMAIN", options.domains, "its domains; names below them are its own too");
  add_hub_of(command, options);
  command.add_option("--expires", options.expires, "how long the invitation holds, such as 90m or 7d")
      ->type_name("TIME")
      ->capture_default_str();
  command.add_option("--at", options.at, "where the other hub dials this one")->type_name("HOST:PORT");
  command.add_option("--own", options.own, "a domain of this hub, instead of hub.domains")
      ->type_name("DOMAIN")
      ->allow_extra_args(false);
  command.add_flag("--sendmail", options.sendmail,
                   "make sendmail send mail for the sites by tsmtp (tsmtp-sendmail on)");
  command.add_flag("--wait", options.wait,
                   "wait until the other hub has joined, and say the words to compare");
}

void add_join_options(CLI::App& command, PairingOptions& options) {
  command.add_option("LINE", options.line,
                     "the line that `relayctl invite` printed; without it, or with -, it is read");
  command.add_option("--name", options.name,
                     "what the other hub is called here, instead of what it calls itself");
  add_hub_of(command, options);
  command.add_option("--own", options.own, "a domain of this hub, instead of hub.domains")
      ->type_name("DOMAIN")
      ->allow_extra_args(false);
  command.add_option("--at", options.at, "where the other hub can dial this one, if it listens")
      ->type_name("HOST:PORT");
  command.add_flag("--sendmail", options.sendmail,
                   "make sendmail send mail for the sites by tsmtp (tsmtp-sendmail on)");
  command.add_flag("--yes", options.yes, "agree to what the other hub says of itself without being asked");
}

void add_uninvite_options(CLI::App& command, PairingOptions& options) {
  command.add_option("NAME", options.site, "as `relayctl invitations` shows it")->required();
}

int run_invite(const settings::Config& config, const PairingOptions& options) {
  if (const int status = check_words(options); status != EX_OK) return status;
  if (options.domains.empty() && options.hub_of.empty())
    return complain("which domains may the other hub have? Name at least one", EX_USAGE);
  const auto lifetime = settings::parse_duration(options.expires);
  if (!lifetime) return complain("--expires: " + lifetime.error().message, EX_USAGE);
  const auto at = own_address(config.hub, options.at);
  if (!at) return complain(at.error().message, EX_CONFIG);
  if (!at->warning.empty()) std::cerr << "relayctl: warning: " << at->warning << '\n';
  const Reply reply = ask(config, control::Request::kInvite,
                          control::argument_of(control::InviteRequest{
                              .site = options.site,
                              .lifetime = std::chrono::duration_cast<std::chrono::seconds>(*lifetime),
                              .dial = at->address,
                              .domains = options.domains,
                              .own_domains = own_domains(config, options),
                              .hub_of = options.hub_of}));
  if (reply.status != EX_OK) return reply.status;
  std::cerr << "Say this on the other hub, within " << options.expires
            << ". It works once; whoever sees it before "
            << "could use it.\n";
  const std::size_t line_end = std::min(reply.body.find('\n'), reply.body.size() - 1) + 1;
  for (const std::string& note : lines_of(reply.body.substr(line_end)))
    std::cerr << "relayctl: warning: " << note << '\n';
  std::cout << "relayctl join " << reply.body.substr(0, line_end) << std::flush;
  if (options.wait) return wait_for_joiner(config, options);
  return options.sendmail ? tell_sendmail(options) : EX_OK;
}

int run_join(const settings::Config& config, const PairingOptions& options) {
  if (const int status = check_words(options); status != EX_OK) return status;
  control::JoinRequest request{.is_final = false,
                               .token = token_of(options),
                               .site = options.name,
                               .own_domains = with_names_below(options.own),
                               .listen = listening_at(config, options),
                               .agreed = {},
                               .hub_of = options.hub_of};
  if (request.token.empty())
    return complain("paste the line that `relayctl invite` printed on the other hub", EX_USAGE);
  const Reply offer = ask(config, control::Request::kJoin, control::argument_of(request));
  if (offer.status != EX_OK) return offer.status;
  const std::size_t line_end = offer.body.find('\n');
  const std::string first_line = offer.body.substr(0, line_end);
  const std::size_t name_end = std::min(first_line.find(' '), first_line.size());
  const std::string site = first_line.substr(0, name_end);
  std::cout << offer.body.substr(line_end + 1) << std::flush;
  if (name_end == first_line.size()) return report_link(config, site);  // it is known here already
  if (!options.yes && !is_agreed("Exchange mail with it?", false))
    return complain("nothing is changed, and the invitation is not used; --yes agrees without being asked",
                    EX_NOPERM);
  request.is_final = true;
  request.agreed = first_line.substr(std::min(name_end + 1, first_line.size()));
  const Reply made = ask(config, control::Request::kJoin, control::argument_of(request));
  if (made.status != EX_OK) return made.status;
  std::cout << made.body.substr(made.body.find('\n') + 1) << std::flush;
  const int status = report_link(config, site);
  const int told = tell_sendmail(options);
  return status != EX_OK ? status : told;
}

int run_uninvite(const settings::Config& config, const PairingOptions& options) {
  const Reply reply = ask(config, control::Request::kUninvite, options.site);
  std::cout << reply.body;
  return reply.status;
}

int run_invitations(const settings::Config& config, bool as_json) {
  const Reply reply =
      ask(config, as_json ? control::Request::kInvitationsJson : control::Request::kInvitations);
  std::cout << reply.body;
  return reply.status;
}

}  // namespace tsmtp::cli
