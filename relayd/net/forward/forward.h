// One [[forward]]: the addresses where programs find a service of another site, open only while it can be
// reached, and the connections that came there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/net/forward/authority_files.h"
#include "relayd/net/forward/data_connections.h"
#include "relayd/net/forward/forward_port.h"
#include "relayd/net/forward/near_connection.h"
#include "relayd/net/forward/shared_by_forwards.h"
#include "relayd/settings/forward.h"

namespace tsmtp::net {

class Forward {
 public:
  using Ports = std::vector<std::shared_ptr<ForwardPort>>;

  struct Means {
    std::function<SiteLink&()> link;  ///< the one that a connection which comes now is to take, borrowed
    std::function<std::string()> parameter;  ///< that the far hub tells of the service
    DataConnections& data;                   ///< borrowed
  };

  /// `shared` is borrowed and outlives it.
  Forward(const SharedByForwards& shared, settings::Forward settings, Means means);
  ~Forward();
  Forward(const Forward&) = delete;
  Forward& operator=(const Forward&) = delete;

  /// Other settings for the same service. `fresh`: ports for addresses that it has none for.
  void update(settings::Forward settings, const Ports& fresh);
  /// Gives up that port for another forward; null if it is not ours.
  [[nodiscard]] std::shared_ptr<ForwardPort> give_up(const base::HostPort& address);
  /// Whether a cause is worth a line of the log by itself: it is, it may be over in a moment, or somebody
  /// else has told of it.
  enum class News { kNow, kSoon, kNone };
  /// The service can be reached from now on; or it cannot, and why.
  void set_standing(std::optional<std::string> why_not, News news);
  /// What the far hub says to those who use the service: of a display the cookie that programs must show.
  void set_parameter(const std::string& parameter);
  /// What was suspended of its ports goes on as the service stands.
  void resume();
  /// Tells what was to be told soon, and tries again where it could not listen.
  void tick();
  /// Breaks off all connections.
  void end_all(const std::string& cause);

  struct Counts {
    std::uint64_t total = 0;
    std::uint64_t refused = 0;
    std::uint64_t to_service = 0;  ///< bytes
    std::uint64_t from_service = 0;
  };
  [[nodiscard]] const settings::Forward& settings() const { return settings_; }
  [[nodiscard]] const Ports& ports() const { return ports_; }
  /// Why nothing listens; nothing while something does.
  [[nodiscard]] const std::optional<std::string>& why_closed() const {
    return why_closed_ ? why_closed_ : cannot_listen_;
  }
  [[nodiscard]] base::WallTime since() const { return since_; }
  /// With those of the connections that are open.
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] std::size_t open() const;
  /// Adds what is known of those by now.
  void add_open(std::vector<forward::Summary>& to) const;
  /// Of those, which wait for a person at the far hub.
  [[nodiscard]] std::size_t waiting() const;

 private:
  void tell();
  void open_ports();
  void keep_authority_file();
  void accept(ByteChannel::Socket socket);
  /// Who is at the other end of a connection, and why it is not let in.
  struct Client {
    std::string user{};     ///< empty: not known
    std::string refusal{};  ///< empty: it is
  };
  [[nodiscard]] Client client_of(ByteChannel::Socket& socket) const;
  [[nodiscard]] std::unique_ptr<forward::Protocol> protocol_for(const NearConnection& connection,
                                                                ByteChannel::Socket& socket);
  void turned_away(const std::string& cause);
  void count(const forward::Summary& summary);
  void ended(const forward::Summary& summary);
  [[nodiscard]] std::string name() const;

  const SharedByForwards& shared_;
  settings::Forward settings_;
  Means means_;
  base::Lifetime lifetime_;
  Ports ports_;
  std::string parameter_;
  AuthorityFile authority_file_;
  std::set<std::shared_ptr<NearConnection>> connections_;
  std::optional<std::string> why_closed_{"relayd has just started"};
  std::optional<std::string> cannot_listen_;  // at one of the addresses, although the service can be reached
  bool is_told_ = true;
  base::WallTime since_;
  Counts counts_;  // bytes of connections that are over
};

}  // namespace tsmtp::net
