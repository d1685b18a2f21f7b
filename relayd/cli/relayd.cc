// relayd: the arguments of the daemon, and nothing else.
#include <sysexits.h>

#include <CLI/CLI.hpp>

#include "relayd/base/version.h"
#include "relayd/daemon/run.h"

int main(int argc, char** argv) {
  tsmtp::daemon::Options options;
  CLI::App app("relayd carries mail between this hub and other hubs through encrypted, authenticated links.",
               "relayd");
  app.set_version_flag("--version", "relayd " + tsmtp::base::version());
  app.add_option("--config", options.config_file, "the configuration, relayd.toml(5)")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--set", options.overrides,
                 "a key that overrides the file, e.g. hub.control=/tmp/c; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--check", options.check_only, "check configuration and identity, then exit");
  app.add_flag("--foreground", options.foreground, "stay in the foreground and log to standard error");
  app.add_flag(
      "--hold-endpoints", options.hold_endpoints,
      "do nothing but hold the endpoints, so that nobody else can listen there while relayd does not run");
  app.add_option("--succeed", options.succeed, "for relayd itself, at an upgrade")->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EX_OK : EX_USAGE;
  }
  return tsmtp::daemon::run(options);
}
