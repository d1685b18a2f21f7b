// The files and lists that went over data connections of one control connection, for the audit record. A
// transfer has ended when the server has said how, and when its data connection is closed; either can be the
// first.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "relayd/forward/ftp/token.h"

namespace tsmtp::forward::ftp {

/// A data connection, as it was opened: tokens of either end name different ones.
struct DataName {
  bool is_active = false;  ///< the service connects
  Token token = 0;         ///< 0: none was asked for

  friend auto operator<=>(const DataName&, const DataName&) = default;
};

struct Transfer {
  std::string verb;
  std::string name;  ///< as the client wrote it: to be escaped
  std::uint64_t bytes = 0;
  int code = 0;          ///< of the server's last reply; 0: there was none
  bool was_cut = false;  ///< its data connection ended by a reset, or with the control connection
};

class Transfers {
 public:
  static constexpr std::size_t kMaxNameBytes = 255;
  /// So many wait for their data connection to be closed; the oldest makes room.
  static constexpr std::size_t kMaxWaiting = 8;

  /// A command that opens a data connection went to the server; a transfer that follows uses it.
  void opening(DataName data) { opening_ = data; }
  /// A transfer's command went to the server, which answers such commands in order.
  void begun(std::string_view verb, std::string_view name);
  /// The server's reply to the first of those that have no final one.
  void answered(int code);

  void connected(DataName data);
  /// `bytes`: in the direction of the transfer the other is 0.
  void closed(DataName data, std::uint64_t bytes, bool by_reset);
  /// The control connection is gone, and all data connections with it.
  void lost();

  /// Those that have ended since the last call.
  [[nodiscard]] std::vector<Transfer> take();

 private:
  struct Waiting {
    Transfer transfer;
    DataName data;
    bool is_answered = false;
    bool is_under_way = false;
  };
  struct Data {
    bool is_closed = false;
    std::uint64_t bytes = 0;
    bool by_reset = false;
  };
  [[nodiscard]] bool has_ended(const Waiting& one) const;
  void settle();
  void end(Waiting& one);

  std::deque<Waiting> waiting_;
  std::map<DataName, Data> data_;
  std::vector<Transfer> ended_;
  DataName opening_;
};

}  // namespace tsmtp::forward::ftp
