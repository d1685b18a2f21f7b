#include "relayd/daemon/run.h"

#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>

#include "relayd/base/diagnostic.h"
#include "relayd/daemon/abort_report.h"
#include "relayd/daemon/background.h"
#include "relayd/daemon/hold.h"
#include "relayd/daemon/hub_keys.h"
#include "relayd/daemon/keeper.h"
#include "relayd/daemon/log.h"
#include "relayd/daemon/privileges.h"
#include "relayd/daemon/proxy_passwords.h"
#include "relayd/daemon/rated_log.h"
#include "relayd/daemon/relay.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/succession/successor.h"
#include "relayd/settings/reader.h"

namespace tsmtp::daemon {
namespace {

constexpr std::chrono::milliseconds kLogRetry{100};
constexpr std::chrono::seconds kLogTick{5};

void complain(const std::string& message) {
  std::cerr << "relayd: " << message << std::endl;
}

// Of a configuration that is wrong, one line.
std::string first_error(const base::Diagnostics& findings) {
  for (const base::Diagnostic& finding : findings.all())
    if (finding.severity == base::Severity::kError) return base::to_string(finding);
  return "the configuration cannot be read";
}

// Before there is a log. The relayd that this one was to take over from says it to whoever asked for it.
int refuse(const Options& options, const std::string& why) {
  if (options.succeed >= 0) Takeover::fail(options.succeed, why);
  return EX_CONFIG;
}

// A warning that the file alone cannot give.
std::string warning_of_root(const settings::Config& config) {
  if (geteuid() != 0 || !config.hub.user.empty()) return {};
  return "hub.user is not set: relayd stays root. Make a user for it (useradd --system tsmtp) and write "
         "user = \"tsmtp\" into [hub]";
}

int check(const settings::Config& config) {
  const auto owner = owner_of(config.hub.user);
  if (!owner) {
    complain(owner.error().message);
    return EX_CONFIG;
  }
  if (const std::string warning = warning_of_root(config); !warning.empty()) complain("warning: " + warning);
  const auto keys = net::load_own_keys(config.hub.identity, config.hub.state_dir, *owner);
  if (!keys) {
    complain("hub.identity: " + keys.error().message);
    return EX_CONFIG;
  }
  std::vector<keys::SiteKeys> sites;
  for (const settings::Site& site : config.sites)
    sites.push_back({.name = site.name, .pins = site.pins()});
  for (const std::string& finding : findings_on_pins(config.hub.state_dir, sites, net::wall_now()))
    complain("warning: " + finding);
  std::cout << config.file << ": ok, hub " << config.hub.name << ", " << settings::count_of_sites(config)
            << '\n';
  return EX_OK;
}

settings::LogTarget log_target(const settings::Config& config, const Options& options) {
  return config.hub.log.value_or(options.foreground ? settings::LogTarget::kStderr
                                                    : settings::LogTarget::kSyslog);
}

// As we were started; the file's path is whole by now.
Handover::Program program_of(const Options& options) {
  Handover::Program program{.path = options.program, .arguments = {"--config", options.config_file}};
  for (const std::string& override : options.overrides) {
    program.arguments.emplace_back("--set");
    program.arguments.push_back(override);
  }
  if (options.foreground) program.arguments.emplace_back("--foreground");
  return program;
}

// `keeper` outlives all that serves: what it keeps it keeps without their memory.
int serve(settings::Config config, const Options& options, std::optional<Background> background,
          Keeper& keeper) {
  const auto target = log_target(config, options);
  net::EventLoop loop;
  std::unique_ptr<Takeover> takeover;
  if (options.succeed >= 0) {
    auto met = Takeover::meet(loop, options.succeed);
    if (!met) {
      complain(met.error().message);
      return EX_UNAVAILABLE;
    }
    takeover = std::move(*met);
  }
  const auto unrated = make_logger(
      {.target = target, .hub = config.hub.name},
      [&loop](std::function<void()> flush) { loop.later(std::move(flush)); },
      [&loop](const std::function<void()>& flush) {
        loop.every(kLogRetry, [flush] {
          flush();
          return false;
        });
      });
  const auto log = std::make_unique<RatedLog>(*unrated, net::now);
  loop.every(kLogTick, [&log] {
    log->tick();
    return true;
  });
  // A service manager that listens is told which process is relayd.
  const bool is_watched_by_its_process =
      options.foreground && options.succeed < 0 && std::getenv("NOTIFY_SOCKET") == nullptr;
  if (const std::string warning = warning_of_root(config); !warning.empty())
    log->log(base::LogLevel::kWarning, warning);
  Relay relay(loop, *log, std::move(config),
              {.file = options.config_file,
               .overrides = options.overrides,
               .log_lines_lost = [&unrated] { return unrated->lines_lost(); },
               .keeper = is_watched_by_its_process ? &keeper : nullptr,
               .program = program_of(options)},
              std::move(takeover));
  if (const auto started = relay.start(); !started) {
    relay.say_why_not(started.error().message);
    log->log(base::LogLevel::kError, "not started: " + started.error().message);
    if (target != settings::LogTarget::kStderr) complain(started.error().message);
    return EX_UNAVAILABLE;
  }
  loop.on_signals([&](int signal) {
    keeper.pass_on(signal);
    if (signal == SIGHUP && keeper.is_needed()) return;
    if (signal == SIGHUP) {
      (void)relay.reload();  // it has logged what there is to say
    } else {
      relay.drain();
    }
  });
  if (background) background->ready(target == settings::LogTarget::kStderr);
  loop.run();
  // For the keeper; and without one, so that a second `kill` does not make an end in order one by a signal.
  Keeper::hold_signals();
  return EX_OK;
}

int hold(const settings::Config& config, const Options& options, std::optional<Background> background) {
  const auto target = log_target(config, options);
  const auto log =
      make_logger({.target = target, .hub = config.hub.name}, [](const std::function<void()>&) {});
  return hold_endpoints(config, *log, background, target == settings::LogTarget::kStderr);
}

}  // namespace

int run(const Options& given) {
  keep_memory_secret();
  umask(022);  // what others must not read says so itself; what they need must not depend on who starts us
  Options options = given;
  // A daemon changes its directory; a reload must still find the file.
  std::error_code ignored;
  options.config_file = std::filesystem::absolute(options.config_file, ignored).string();
  options.program = net::own_program();
  base::Diagnostics findings;
  auto config = settings::read(given.config_file, options.overrides, findings);
  std::cerr << findings.to_string();
  if (!config) return refuse(options, first_error(findings));
  if (const auto ok = options.hold_endpoints ? base::Result<void>{} : read_proxy_passwords(*config); !ok) {
    complain(ok.error().message);
    return refuse(options, ok.error().message);
  }
  if (options.check_only) return check(*config);
  std::optional<Background> background;
  if (!options.foreground && options.succeed < 0) {
    auto entered = Background::enter();
    if (!entered) {
      complain(entered.error().message);
      return EX_OSERR;
    }
    background = *entered;
  }
  report_aborts();
  if (options.hold_endpoints) return hold(*config, options, background);
  Keeper keeper;
  const int status = serve(std::move(*config), options, background, keeper);
  return keeper.is_needed() ? keeper.keep() : status;
}

}  // namespace tsmtp::daemon
