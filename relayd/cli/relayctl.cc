// relayctl: a table of commands; those that ask a running relayd go through its control socket.
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "relayd/base/diagnostic.h"
#include "relayd/config/reader.h"
#include "relayd/control/request.h"
#include "relayd/daemon/privileges.h"
#include "relayd/net/identity.h"
#include "relayd/net/request_client.h"

namespace {

using namespace tsmtp;

struct Context {
  config::Config config;
  bool json = false;
};

int complain(const std::string& message, int status) {
  std::cerr << "relayctl: " << message << '\n';
  return status;
}

int init(const Context& context) {
  const std::string& path = context.config.hub.identity;
  if (auto ok = net::create_identity(path, context.config.hub.name); !ok)
    return complain(ok.error().message, EX_CANTCREAT);
  const auto identity = net::Identity::load(path);
  if (!identity) return complain(identity.error().message, EX_IOERR);
  std::cerr << path << ": made; the other hubs pin this key:\n";
  std::cout << net::pin_text(identity->pin()) << '\n';
  return EX_OK;
}

int fingerprint(const Context& context) {
  const auto identity = net::Identity::load(context.config.hub.identity);
  if (!identity) return complain(identity.error().message, EX_NOINPUT);
  std::cout << net::pin_text(identity->pin()) << '\n';
  return EX_OK;
}

int ask(const Context& context, control::Request request) {
  const auto received = net::ask(context.config.hub.control, control::request_line(request));
  if (!received) return complain(received.error().message, EX_UNAVAILABLE);
  const auto reply = control::parse_reply(*received);
  if (!reply) return complain(reply.error().message, EX_SOFTWARE);
  std::cout << *reply;
  return EX_OK;
}

int status(const Context& context) {
  return ask(context, context.json ? control::Request::kStatusJson : control::Request::kStatus);
}

int reload(const Context& context) {
  return ask(context, control::Request::kReload);
}

int drain(const Context& context) {
  return ask(context, control::Request::kDrain);
}

struct Subcommand {
  const char* name;
  const char* help;
  int (*run)(const Context&);
};

constexpr Subcommand kSubcommands[] = {
    {"init", "make this hub's identity (hub.identity) and print its pin", init},
    {"fingerprint", "print this hub's pin, for the `pin` of other hubs", fingerprint},
    {"status", "show the links and what went over them", status},
    {"reload", "let relayd read its configuration again", reload},
    {"drain", "let transactions under way end, then stop relayd", drain},
};

}  // namespace

int main(int argc, char** argv) {
  tsmtp::daemon::keep_memory_secret();  // init and fingerprint have the private key
  Context context;
  std::string file = "/etc/tsmtp/relayd.toml";
  std::vector<std::string> overrides;
  CLI::App app("relayctl talks to the relayd of this hub.", "relayctl");
  app.set_version_flag("--version", "relayctl " TSMTP_VERSION);
  app.add_option("--config", file, "the configuration, relayd.toml(5)")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--set", overrides, "a key that overrides the file")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.require_subcommand(1)->fallthrough();
  for (const Subcommand& subcommand : kSubcommands) {
    CLI::App* added = app.add_subcommand(subcommand.name, subcommand.help);
    if (subcommand.run == status) added->add_flag("--json", context.json, "as JSON, for programs");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EX_OK : EX_USAGE;
  }
  base::Diagnostics findings;
  auto config = config::read(file, overrides, findings);
  if (!config) {
    std::cerr << findings.to_string();
    return EX_CONFIG;
  }
  context.config = std::move(*config);
  const std::string chosen = app.get_subcommands().front()->get_name();
  for (const Subcommand& subcommand : kSubcommands)
    if (chosen == subcommand.name) return subcommand.run(context);
  return EX_USAGE;
}
