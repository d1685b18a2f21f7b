// relayctl: a table of commands; those that ask a running relayd go through its control socket.
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "relayd/base/bytes.h"
#include "relayd/base/diagnostic.h"
#include "relayd/base/nearest.h"
#include "relayd/base/version.h"
#include "relayd/cli/doctor_command.h"
#include "relayd/cli/pairing_commands.h"
#include "relayd/cli/top_command.h"
#include "relayd/cli/trace_command.h"
#include "relayd/cli/why_command.h"
#include "relayd/control/approve_request.h"
#include "relayd/control/request.h"
#include "relayd/control/rotate_request.h"
#include "relayd/daemon/privileges.h"
#include "relayd/net/control/request_client.h"
#include "relayd/net/tls/own_keys.h"
#include "relayd/settings/quantity.h"
#include "relayd/settings/reader.h"

namespace {

using namespace tsmtp;

struct Context {
  settings::Config config;
  bool json = false;
  bool html = false;
  bool upgrade = false;
  std::string decision;  ///< of resolve
  std::string id;        ///< of a mail in doubt, or of what waits for approval
  std::string site;      ///< a name, or a pin
  bool yes = false;
  std::string grace;  ///< as it was written; empty: not at all
  bool compromised = false;
  std::string lasting;  ///< of a yes, as it was written; empty: for one connection
  cli::PairingOptions pairing;
  cli::TopOptions top;
  cli::TraceOptions trace;
  cli::WhyOptions why;
  cli::DoctorOptions doctor;
};

int complain(const std::string& message, int status) {
  std::cerr << "relayctl: " << message << '\n';
  return status;
}

int init(const Context& context) {
  const std::string& path = context.config.hub.identity;
  const auto owner = daemon::owner_of(context.config.hub.user);
  if (!owner) return complain(owner.error().message, EX_CONFIG);
  if (auto ok = net::create_identity(path, context.config.hub.name, *owner); !ok)
    return complain(ok.error().message, EX_CANTCREAT);
  const auto identity = net::Identity::load(path, *owner);
  if (!identity) return complain(identity.error().message, EX_IOERR);
  std::cerr << path << ": made; the other hubs pin this key:\n";
  std::cout << net::pin_text(identity->pin()) << '\n';
  return EX_OK;
}

int fingerprint(const Context& context) {
  const auto owner = daemon::owner_of(context.config.hub.user);
  if (!owner) return complain(owner.error().message, EX_CONFIG);
  const settings::Hub& hub = context.config.hub;
  const auto keys = net::load_own_keys(hub.identity, hub.state_dir, *owner);
  if (!keys) return complain(keys.error().message, EX_NOINPUT);
  std::cout << net::pin_text(keys->current->pin()) << '\n';
  return EX_OK;
}

int ask(const Context& context, control::Request request, std::string_view argument = {}) {
  const auto received = net::ask(context.config.hub.control, control::request_line(request, argument));
  if (!received) return complain(received.error().message, EX_UNAVAILABLE);
  const auto reply = control::parse_reply(*received);
  if (!reply && reply.error().message.starts_with(control::kUnknownRequest))
    return complain("the relayd that runs is of another release, which does not know this: restart it",
                    EX_UNAVAILABLE);
  if (!reply)
    return complain(reply.error().message, control::reply_exit_status(*received).value_or(EX_SOFTWARE));
  std::cout << *reply;
  return EX_OK;
}

int status(const Context& context) {
  if (context.html) return ask(context, control::Request::kStatusHtml);
  return ask(context, context.json ? control::Request::kStatusJson : control::Request::kStatus);
}

int reload(const Context& context) {
  return ask(context, context.upgrade ? control::Request::kReloadOrUpgrade : control::Request::kReload);
}

int drain(const Context& context) {
  return ask(context, control::Request::kDrain);
}

int upgrade(const Context& context) {
  return ask(context, control::Request::kUpgrade);
}

int doubts(const Context& context) {
  return ask(context, context.json ? control::Request::kDoubtsJson : control::Request::kDoubts);
}

int forget(const Context& context) {
  constexpr std::size_t kMaxDigits = 32;
  const bool is_id = !context.id.empty() && context.id.size() <= kMaxDigits &&
                     context.id.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!is_id)
    return complain(
        "\"" + base::escaped(context.id) +
            "\" is not the ID of a mail in doubt, which has up to 32 hexadecimal digits; relayctl "
            "doubts lists them",
        EX_DATAERR);
  return ask(context, control::Request::kForget, context.id);
}

int invite(const Context& context) {
  return cli::run_invite(context.config, context.pairing);
}

int join(const Context& context) {
  return cli::run_join(context.config, context.pairing);
}

int invitations(const Context& context) {
  return cli::run_invitations(context.config, context.json);
}

int uninvite(const Context& context) {
  return cli::run_uninvite(context.config, context.pairing);
}

int revoke_keys(const Context& context) {
  return ask(context, control::Request::kRevoke, (context.yes ? "--yes " : "") + context.site);
}

int rotate(const Context& context) {
  control::RotateRequest request{.is_compromised = context.compromised, .says_yes = context.yes};
  if (!context.grace.empty()) {
    const auto grace = settings::parse_duration(context.grace);
    if (!grace) return complain("--grace: " + grace.error().message, EX_USAGE);
    request.grace = std::chrono::ceil<std::chrono::seconds>(*grace);
  }
  return ask(context, control::Request::kRotate, control::argument_of(request));
}

int approvals(const Context& context) {
  return ask(context, context.json ? control::Request::kApprovalsJson : control::Request::kApprovals);
}

int approve(const Context& context) {
  const auto id = control::parse_approval_id(context.id);
  if (!id) return complain(id.error().message, EX_DATAERR);
  control::ApproveRequest request{.id = *id};
  if (!context.lasting.empty()) {
    const auto lasting = settings::parse_duration(context.lasting);
    if (!lasting) return complain("--for: " + lasting.error().message, EX_USAGE);
    request.lasting = std::chrono::ceil<std::chrono::seconds>(*lasting);
  }
  const std::string argument = control::argument_of(request);
  if (const auto ok = control::parse_approve(argument); !ok)
    return complain("--for: " + ok.error().message, EX_USAGE);
  return ask(context, control::Request::kApprove, argument);
}

int deny(const Context& context) {
  const auto id = control::parse_approval_id(context.id);
  if (!id) return complain(id.error().message, EX_DATAERR);
  return ask(context, control::Request::kDeny, context.id);
}

int list_claims(const Context& context) {
  return ask(context, context.json ? control::Request::kClaimsJson : control::Request::kClaims);
}

int resolve(const Context& context) {
  if (context.decision != "delivered" && context.decision != "resend")
    return complain("delivered or resend was expected behind the ID", EX_USAGE);
  return ask(context, control::Request::kResolve, context.id + ' ' + context.decision);
}

int why(const Context& context) {
  return cli::run_why(context.config, context.why, context.json);
}

int top(const Context& context) {
  return cli::run_top(context.config, context.top);
}

int trace(const Context& context) {
  return cli::run_trace(context.config, context.trace, context.json);
}

int doctor(const Context& context) {
  return cli::run_doctor(context.doctor, context.json);
}

struct Subcommand {
  const char* name;
  const char* help;
  int (*run)(const Context&);
  bool needs_file =
      true;  ///< else a file that has become wrong keeps nobody from asking the relayd that runs
};

constexpr Subcommand kSubcommands[] = {
    {"init", "make this hub's identity (hub.identity) and print its pin", init},
    {"fingerprint", "print this hub's pin, for the `pin` of other hubs", fingerprint},
    {"status", "show the links and what went over them", status, false},
    {"why", "say what would happen to a mail, and the first thing in its way", why},
    {"top", "show the sites by what goes over them just now, and what is slow", top, false},
    {"trace", "show the way of a mail at both hubs, and what it waited for", trace},
    {"doctor", "find what is wrong with this hub, and say what to do", doctor, false},
    {"reload", "let relayd read its configuration again", reload},
    {"drain", "let transactions under way end, then stop relayd", drain, false},
    {"upgrade", "let the relayd that is installed now take over from the one that runs", upgrade, false},
    {"doubts", "list the mails in doubt, those whose final reply our MTA may not have", doubts, false},
    {"invite", "invite another hub, which joins by the line that this prints", invite},
    {"join", "exchange mail with the hub that has invited this one", join},
    {"invitations", "list the invitations, and who has joined by them", invitations, false},
    {"uninvite", "withdraw an invitation", uninvite, false},
    {"revoke", "refuse a site's keys for good, and close its link", revoke_keys, false},
    {"rotate", "replace this hub's key by a new one, which the sites learn by themselves", rotate, false},
    {"approvals", "list the connections that wait for a yes, and what is approved for a while", approvals,
     false},
    {"approve", "let a connection to a service be made", approve, false},
    {"deny", "refuse a connection, or take an approval back", deny, false},
    {"claims", "list the mails that hubs of our site took and whose end they have not told", list_claims,
     false},
    {"resolve", "say how a mail ended that was claimed by a hub which is lost or cannot tell", resolve,
     false},
    {"forget", "forget a mail in doubt; if it is tried again, it may be delivered twice", forget, false},
};

/// The word that stands where a command should; empty if there is none.
std::string_view word_for_command(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--config" || word == "--set")
      ++i;
    else if (!word.starts_with('-'))
      return word;
  }
  return {};
}

const Subcommand* find_command(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kSubcommands), std::end(kSubcommands),
                                         [&](const Subcommand& one) { return name == one.name; });
  return found == std::end(kSubcommands) ? nullptr : found;
}

int refuse(std::string_view word) {
  std::vector<std::string_view> known;
  for (const Subcommand& subcommand : kSubcommands)
    known.emplace_back(subcommand.name);
  const std::string_view meant = base::nearest(word, known);
  std::cerr << "relayctl: ";
  if (word.empty())
    std::cerr << "a command is missing";
  else
    std::cerr << "no command \"" << base::escaped(word, 80) << '"';
  if (!meant.empty()) std::cerr << "; did you mean \"" << meant << "\"?";
  std::cerr << (meant.empty() ? "; " : " ") << "`relayctl --help` lists the commands\n";
  return EX_USAGE;
}

}  // namespace

int main(int argc, char** argv) {
  tsmtp::daemon::keep_memory_secret();  // init and fingerprint have the private key
  Context context;
  std::string file = "/etc/tsmtp/relayd.toml";
  std::vector<std::string> overrides;
  CLI::App app("relayctl talks to the relayd of this hub.", "relayctl");
  app.set_version_flag("--version", "relayctl " + base::version());
  app.add_option("--config", file, "the configuration, relayd.toml(5)")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--set", overrides, "a key that overrides the file")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.require_subcommand(1)->fallthrough();
  for (const Subcommand& subcommand : kSubcommands) {
    CLI::App* added = app.add_subcommand(subcommand.name, subcommand.help);
    if (subcommand.run == status || subcommand.run == doubts || subcommand.run == invitations ||
        subcommand.run == approvals || subcommand.run == list_claims || subcommand.run == trace ||
        subcommand.run == why || subcommand.run == doctor)
      added->add_flag("--json", context.json, "as JSON, for programs");
    if (subcommand.run == top) cli::add_top_options(*added, context.top);
    if (subcommand.run == trace) cli::add_trace_options(*added, context.trace);
    if (subcommand.run == status)
      added->add_flag("--html", context.html, "as a page for a browser, with the last day")
          ->excludes("--json");
    if (subcommand.run == reload)
      added->add_flag(
          "--upgrade", context.upgrade,
          "if another relayd is installed than runs, let it take over: it reads the configuration too");
    if (subcommand.run == why) cli::add_why_options(*added, context.why);
    if (subcommand.run == doctor) cli::add_doctor_options(*added, context.doctor);
    if (subcommand.run == invite) cli::add_invite_options(*added, context.pairing);
    if (subcommand.run == join) cli::add_join_options(*added, context.pairing);
    if (subcommand.run == uninvite) cli::add_uninvite_options(*added, context.pairing);
    if (subcommand.run == forget)
      added->add_option("ID", context.id, "as `relayctl doubts` shows it, or as much of it as is unique")
          ->required();
    if (subcommand.run == resolve) {
      added->add_option("ID", context.id, "as `relayctl claims` shows it, or as much of it as is unique")
          ->required();
      added
          ->add_option("DECISION", context.decision,
                       "delivered: our MTA has taken it; resend: it has not, and the mail is to come again")
          ->required();
    }
    if (subcommand.run == approve || subcommand.run == deny)
      added->add_option("ID", context.id, "as `relayctl approvals` shows it")->required();
    if (subcommand.run == approve)
      added
          ->add_option("--for", context.lasting,
                       "let all connections of that site to that service be made, for so long")
          ->type_name("TIME");
    if (subcommand.run == rotate) {
      added
          ->add_option("--grace", context.grace,
                       "how long the earlier key is shown to hubs that know nothing of rotation, at most")
          ->type_name("TIME");
      added->add_flag("--compromised", context.compromised,
                      "the key was stolen: nothing leads to the new one, and every site has to pair again");
      added->add_flag("--yes", context.yes, "also if sites cannot follow");
    }
    if (subcommand.run == revoke_keys) {
      added->add_option("SITE", context.site, "a site's name, or a pin (sha256:...)")->required();
      added->add_flag("--yes", context.yes, "also if no site is left then, or others have the same key");
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool is_help = error.get_exit_code() == 0;
    const std::string_view word = word_for_command(argc, argv);
    if (!is_help && find_command(word) == nullptr) return refuse(word);
    return app.exit(error) == 0 ? EX_OK : EX_USAGE;
  }
  const Subcommand& chosen = *find_command(app.get_subcommands().front()->get_name());
  if (chosen.run == doctor) {  // which reads it itself, and has more to say of it
    context.doctor.config_file = file;
    context.doctor.overrides = overrides;
    return chosen.run(context);
  }
  base::Diagnostics findings;
  auto config = settings::read(file, overrides, findings);
  if (config) {
    context.config = std::move(*config);
    return chosen.run(context);
  }
  std::cerr << findings.to_string();
  if (chosen.needs_file) return EX_CONFIG;
  context.config.hub.control = settings::control_socket(file, overrides);
  const int status = chosen.run(context);
  return status == EX_UNAVAILABLE ? EX_CONFIG : status;
}
