// Writes the changes of the relayd that takes over from this one into our ledger, which is ours as long as
// we live, and confirms each batch when it is on the disk.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "relayd/base/descriptor.h"
#include "relayd/base/result.h"
#include "relayd/ledger/change.h"

namespace tsmtp::net {

class LedgerLender : public std::enable_shared_from_this<LedgerLender> {
 public:
  static constexpr std::size_t kAnswerBytes = 8;  ///< number, length of the trouble behind it
  static constexpr std::size_t kMaxTroubleBytes = 4096;
  static constexpr std::size_t kMaxBatchBytes = 256UL * 1024 * 1024;

  using Recorded = std::function<void(const base::Result<void>&)>;
  using Write = std::function<void(std::vector<ledger::Change>, Recorded)>;

  LedgerLender(const boost::asio::any_io_executor& executor, base::Descriptor socket, Write write);
  void start() { read_header(); }
  /// Nothing is called any more.
  void stop();

 private:
  void read_header();
  void read_changes();
  void answer(std::uint32_t number, const std::string& trouble);

  boost::asio::local::stream_protocol::socket socket_;
  Write write_;
  std::array<char, 8> header_{};
  std::string body_;
  bool stopped_ = false;
};

}  // namespace tsmtp::net
