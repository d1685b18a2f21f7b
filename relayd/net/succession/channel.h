// The socket between a relayd and the one that takes over from it: words, each with one descriptor or none
// (net/io/descriptor_message.h). Only these two have it, so it is believed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/descriptor.h"
#include "relayd/base/lifetime.h"
#include "relayd/net/io/descriptor_message.h"

namespace tsmtp::net {

struct SuccessionWords {
  // From the one that runs. First what it lends:
  static constexpr std::string_view kInstance = "instance ";  ///< what names it to other hubs, in hexadecimal
  static constexpr std::string_view kState = "state ";        ///< the directory of its state
  static constexpr std::string_view kSocket = "socket ";      ///< the address, and what listens there
  static constexpr std::string_view kKeys = "keys";           ///< a pipe with its keys
  static constexpr std::string_view kKeeper = "keeper";       ///< daemon/keeper.h, where there is one
  static constexpr std::string_view kWriting = "writing";     ///< TransactionLedger::Borrowed
  static constexpr std::string_view kNews = "news";
  static constexpr std::string_view kLent = "lent";  ///< that was all
  // Then what to do:
  static constexpr std::string_view kInTouch = "in touch ";  ///< with that hub; comes before kListen
  static constexpr std::string_view kListen = "listen";      ///< for other hubs, and dial
  static constexpr std::string_view kServe = "serve";
  static constexpr std::string_view kSession =
      "session ";  ///< its endpoint and text, a line apart; and its socket
  static constexpr std::string_view kService = "service";  ///< the service manager looks at you
  static constexpr std::string_view kHolds = "holds ";     ///< one of what it still has, before kLeft
  static constexpr std::string_view kLeft = "left ";       ///< and what it still has (daemon/left_behind.h)
  // From the one that takes over. A word that the other one does not know is of a later release, and passed
  // over.
  static constexpr std::string_view kNotExecuted = "not executed ";  ///< and the error's number
  static constexpr std::string_view kFailed = "failed ";             ///< and why
  static constexpr std::string_view kUnable = "unable ";  ///< and why: by a restart it could be done
  static constexpr std::string_view kReady = "ready ";    ///< and what names it to other hubs
  static constexpr std::string_view kLinked = "linked";
  static constexpr std::string_view kServing = "serving";
  static constexpr std::string_view kStopping = "stopping";         ///< for good
  static constexpr std::string_view kKeysChanged = "keys changed";  ///< the book of keys on the disk
};

class SuccessionChannel {
 public:
  /// Longer words are cut.
  static constexpr std::size_t kMaxWordBytes = kMaxDescriptorMessageBytes - 1;

  explicit SuccessionChannel(const boost::asio::any_io_executor& executor, base::Descriptor socket);
  ~SuccessionChannel() { lifetime_.end(); }
  SuccessionChannel(const SuccessionChannel&) = delete;
  SuccessionChannel& operator=(const SuccessionChannel&) = delete;

  /// To be lent on.
  [[nodiscard]] int descriptor() { return socket_.native_handle(); }
  /// Waits for nothing: what has no room goes as soon as there is. False: the other end is gone, or this
  /// process is out of descriptors.
  bool say(std::string_view word, int descriptor = -1);
  /// All that was said is on its way.
  [[nodiscard]] bool is_flushed() const { return waiting_.empty(); }
  /// What may be lost.
  void mention(std::string_view word);
  /// Waits. Nothing: the other end is gone, or said nothing for so long.
  [[nodiscard]] std::optional<DescriptorMessage> wait_for_word(base::Duration patience);
  /// Calls `heard` for each word from now on, and with an empty one when the other end is gone. It may
  /// destroy the channel.
  using Heard = std::function<void(const std::string& word, base::Descriptor descriptor)>;
  void listen(Heard heard);

 private:
  void wait();
  void wait_for_room();
  void send_waiting();

  boost::asio::posix::stream_descriptor socket_;
  Heard heard_;
  std::deque<DescriptorMessage> waiting_;  // for room
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
