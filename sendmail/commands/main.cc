// The program tsmtp-sendmail: its arguments, and nothing else.
#include <fmt/format.h>
#include <sysexits.h>

#include <CLI/CLI.hpp>

#include "relayd/base/version.h"
#include "sendmail/host/installation.h"

namespace {

using tsmtp::sendmail::Orders;

int run(int argc, char** argv) {
  Orders orders;
  std::vector<std::string> released;
  CLI::App app(
      "Makes this host's sendmail route mail for the sites of relayd.toml by tsmtp, and takes that back.",
      "tsmtp-sendmail");
  app.set_version_flag("--version", "tsmtp-sendmail (tsmtp) " + tsmtp::base::version());
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--relayd", orders.relayd, "relayd's configuration (/etc/tsmtp/relayd.toml)")
      ->type_name("FILE");
  app.add_flag("--dry-run", orders.dry_run, "Show what would change, change nothing");
  const auto* on = app.add_subcommand("on", "Route mail for the sites by tsmtp");
  app.get_subcommand("on")
      ->add_option("--only", orders.only,
                   "Try it with these addresses of the sites; all other mail goes as before")
      ->type_name("ADDRESS");
  bool no_start = false;
  app.get_subcommand("on")->add_flag("--no-start", no_start, "Do not start a sendmail that is not running");
  const auto* off = app.add_subcommand("off", "Make everything as it was before");
  const auto* update = app.add_subcommand("update", "Follow changes of the sites, if it is on");
  app.get_subcommand("update")
      ->add_option("--release", released,
                   "Let mail for these domains of a site that is gone leave as any other")
      ->type_name("DOMAIN");
  const auto* check =
      app.add_subcommand("check", "Say whether it is on, and whether everything is as it should be");
  const auto* status = app.add_subcommand("status", "The same as check")->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EX_OK : EX_USAGE;
  }
  orders.may_start = !no_start;
  for (const std::string& domain : released)
    orders.released.insert(domain);
  if (on->parsed()) return tsmtp::sendmail::turn_on(orders);
  if (off->parsed()) return tsmtp::sendmail::turn_off(orders);
  if (update->parsed()) return tsmtp::sendmail::update(orders);
  return check->parsed() || status->parsed() ? tsmtp::sendmail::check(orders) : EX_USAGE;
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv);
}
