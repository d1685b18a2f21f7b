#include "relayd/daemon/hold.h"

#include <sysexits.h>

#include <csignal>
#include <iostream>

#include "relayd/daemon/abort_report.h"
#include "relayd/daemon/privileges.h"
#include "relayd/daemon/readiness.h"
#include "relayd/net/endpoint/endpoint_holder.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/io/process_name.h"

namespace tsmtp::daemon {
namespace {

// The name is another one, so that whoever stops, kills or looks for relayd does not hit the holder.
constexpr char kName[] = "tsmtp-endpoints";

base::Result<std::unique_ptr<net::EndpointHolder>> begin(const settings::Config& config, base::Logger& log) {
  const std::string& path = config.hub.endpoint_holder;
  if (auto ok = make_directory(path.substr(0, path.find_last_of('/')), 0755, config.hub.user); !ok)
    return ok.error();
  std::vector<base::HostPort> endpoints;
  for (const settings::Site& site : config.sites)
    endpoints.insert(endpoints.end(), site.endpoints.begin(), site.endpoints.end());
  // Addresses that only root may bind are bound first; the own socket is made with hub.user's rights.
  net::EndpointHolder::Bound bound = net::EndpointHolder::bind(endpoints, log);
  if (auto ok = drop_to(config.hub.user); !ok) return ok.error();
  return net::EndpointHolder::open(path, std::move(bound), log);
}

}  // namespace

int hold_endpoints(const settings::Config& config, base::Logger& log, std::optional<Background> background,
                   bool logs_to_stderr) {
  for (const int signal : {SIGHUP, SIGPIPE})
    std::signal(signal, SIG_IGN);
  Readiness readiness;
  raise_descriptor_limit();
  auto holder = begin(config, log);
  if (!holder) {
    log.log(base::LogLevel::kError, "not started: " + holder.error().message);
    if (!logs_to_stderr) std::cerr << "relayd: " << holder.error().message << std::endl;
    return EX_UNAVAILABLE;
  }
  if (background) background->ready(logs_to_stderr);
  net::rename_process(kName);
  readiness.ready("holds the endpoints of hub " + config.hub.name);
  const auto interval = readiness.watchdog_interval();
  base::TimePoint told{};
  (*holder)->run(interval, [&readiness, interval, &told] {
    if (!interval || net::now() < told + *interval / 2) return;
    told = net::now();
    note_turn();
    readiness.alive();
  });
}

}  // namespace tsmtp::daemon
