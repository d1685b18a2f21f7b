#include "sendmail/host/units.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "mailertable/programs/run_program.h"
#include "sendmail/host/work.h"

namespace tsmtp::sendmail {
namespace {

constexpr const char* kUnit = "tsmtp-sendmail.path";
// Runs for changes that the path unit may have missed.
constexpr const char* kTimer = "tsmtp-sendmail.timer";
constexpr const char* kCron = "/etc/cron.d/tsmtp-sendmail";

bool is_installed() {
  constexpr std::array kFolders{"/etc/systemd/system/", "/usr/lib/systemd/system/", "/lib/systemd/system/"};
  return std::any_of(kFolders.begin(), kFolders.end(), [](const char* folder) {
    return ::access((std::string(folder) + kUnit).c_str(), F_OK) == 0;
  });
}

void run_shown(const std::vector<std::string>& command) {
  const auto ran = mailertable::run_program(command, "");
  if (!ran) return complain(ran.error().message);
  if (ran->status != 0) complain(command.front() + " fails: " + ran->errors);
}

// Any other word means that it is enabled, masked, or started by something else.
bool is_disabled(const std::string& unit) {
  const auto ran = mailertable::run_program({"systemctl", "is-enabled", unit}, "");
  return ran && ran->output == "disabled\n";
}

}  // namespace

void start_sendmail(bool is_running) {
  const char* const script = "/etc/init.d/sendmail";
  if (::access("/run/systemd/system", F_OK) == 0) {
    if (!is_running) {
      say("enabling and starting sendmail, which was not running");
      run_shown({"systemctl", "enable", "--now", "sendmail"});
    } else if (is_disabled("sendmail")) {
      say("enabling sendmail, which would not start at the next boot");
      run_shown({"systemctl", "enable", "sendmail"});
    }
  } else if (is_running) {
    return;
  } else if (::access(script, X_OK) == 0) {
    say("starting sendmail, which was not running");
    run_shown({script, "start"});
  } else {
    say("note: start sendmail when you are ready");
  }
}

void watch_sites(bool on) {
  const bool has_systemd = ::access("/run/systemd/system", F_OK) == 0;
  if (!has_systemd || !is_installed()) {
    const bool has_cron = ::access("/usr/sbin/cron", X_OK) == 0 || ::access("/usr/sbin/crond", X_OK) == 0;
    if (on && !has_systemd && has_cron && ::access(kCron, F_OK) == 0)
      say(std::string("cron runs `tsmtp-sendmail update' every minute: ") + kCron);
    else if (on)
      say("note: nothing watches the sites here: run `tsmtp-sendmail update' when one is added or removed");
    return;
  }
  say(std::string(on ? "enabling " : "disabling ") + kUnit +
      (on ? ", which runs `tsmtp-sendmail update' when a site changes" : ""));
  run_shown({"systemctl", on ? "enable" : "disable", "--now", kUnit, kTimer});
}

}  // namespace tsmtp::sendmail
