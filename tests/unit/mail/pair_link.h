// A link in memory: two real mux::Sessions and Connections, bytes that take their time, and cuts, in virtual
// time.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "relayd/mux/connection.h"
#include "relayd/mux/session.h"

namespace tsmtp::mail {

class PairLink {
 public:
  using OnEvent = std::function<void(const mux::Event&)>;

  PairLink(base::Duration one_way, OnEvent near_event, OnEvent far_event);

  /// Moves what can be moved at `now`; whether anything was.
  bool pump(base::TimePoint now);
  /// What is under way is lost, and with it every stream; the owners are to be told by the caller.
  void cut();
  void connect(base::TimePoint now);
  /// Which of the hubs wants content compressed, from the next connect() on.
  bool near_compresses = false, far_compresses = false;
  [[nodiscard]] bool is_up() const { return near_.session && near_.session->established(); }

  [[nodiscard]] mux::Session& near_session() { return *near_.session; }
  [[nodiscard]] mux::Session& far_session() { return *far_.session; }

 private:
  struct Arrival {
    base::TimePoint at;
    std::string bytes;
  };
  struct End {
    void connect(const mux::ConnectionSettings& settings, base::TimePoint now);
    void cut();

    std::unique_ptr<mux::Session> session;
    std::unique_ptr<mux::Connection> connection;
    std::deque<Arrival> inbound;
    OnEvent on_event;
  };
  bool pump(End& end, End& other, base::TimePoint now);

  base::Duration one_way_;
  End near_;
  End far_;
};

}  // namespace tsmtp::mail
