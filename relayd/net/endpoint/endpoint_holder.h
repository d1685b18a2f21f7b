// The process that holds the endpoints' listening sockets and never goes away: `relayd --hold-endpoints`.
// While no relayd serves, nobody else can listen there; a client waits for a while, in the kernel's queue,
// and is then told by 421 that relayd is not running. It takes no mail, knows no key and no site, and reads
// nothing but what relayd says.
//
// relayd talks to it in datagrams (SOCK_SEQPACKET). kTake is answered by one datagram a socket, with the
// socket, and kDone. Datagrams with a socket each, then kServing, say what is to be held from now on, and
// that relayd serves as long as this connection lasts; kDone answers.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/descriptor.h"
#include "relayd/base/host_port.h"
#include "relayd/base/log.h"
#include "relayd/base/result.h"

namespace tsmtp::net {

struct HolderWords {
  static constexpr std::string_view kTake = "take";
  static constexpr std::string_view kServing = "serving";
  static constexpr std::string_view kDone = "done";
};

class EndpointHolder {
 public:
  /// How long a client waits for relayd to be started again before it is told that it is not running.
  static constexpr std::chrono::seconds kGracePeriod{10};

  /// Endpoints, by address. Those that could not be had are logged, and tried again every few seconds.
  struct Bound {
    std::map<std::string, base::Descriptor> held;
    std::map<std::string, base::HostPort> missing;
    std::map<std::string, std::string> complaints;  ///< what was said last of those
  };
  /// Listens on the TCP ones of `endpoints`.
  [[nodiscard]] static Bound bind(const std::vector<base::HostPort>& endpoints, base::Logger& log);

  /// Listens for relayd at `path`; the error says who else does. `log` is borrowed and outlives it.
  [[nodiscard]] static base::Result<std::unique_ptr<EndpointHolder>> open(const std::string& path,
                                                                          Bound bound, base::Logger& log);

  /// Serves until the process is ended. `turned` is called in each turn of the loop, `at_least_every` so
  /// often if it is given.
  [[noreturn]] void run(std::optional<std::chrono::milliseconds> at_least_every,
                        const std::function<void()>& in_each_turn);

 private:
  struct Relayd {
    base::Descriptor socket;
    std::map<std::string, base::Descriptor> said;  // since the last kServing
    bool is_serving = false;
  };
  struct Turned {  // a client that was told, and has not yet closed
    base::Descriptor socket;
    base::TimePoint until;
  };

  EndpointHolder(base::Descriptor listener, Bound bound, base::Logger& log)
      : listener_(std::move(listener)), bound_(std::move(bound)), log_(log) {}
  [[nodiscard]] bool is_served() const;
  [[nodiscard]] bool turns_clients_away(base::TimePoint now) const;
  [[nodiscard]] std::vector<pollfd> watched(base::TimePoint now) const;
  void on_readable(int descriptor, base::TimePoint now);
  void accept_relayd();
  [[nodiscard]] bool hear(Relayd& relayd);
  void turn_away(int listening, base::TimePoint now);
  static void bind_missing(Bound& bound, base::Logger& log);

  base::Descriptor listener_;
  Bound bound_;
  base::Logger& log_;
  std::list<Relayd> relayds_;
  std::list<Turned> turned_;
  base::TimePoint unserved_since_{};
  std::string unserved_since_text_;
  base::TimePoint next_try_{};
};

}  // namespace tsmtp::net
