// How many connections whose peer is not known yet there may be, in all and from one address. When there are
// too many, the one that has waited longest goes, and of the address that has the most: a client that makes
// many only drives out its own, and a peer with a key, which needs a round trip or two, gets in.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/settings/hub.h"

namespace tsmtp::net {

class AdmissionControl {
 public:
  using Limits = settings::AdmissionLimits;

 private:
  struct Entry {
    std::string from;
    std::function<void()> give_up;
  };
  struct Book {
    std::list<Entry> waiting;  // the one that came first, first
    std::uint64_t driven_out = 0;
  };

 public:
  /// Held while a connection is unauthenticated; its end gives the place back.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place();

   private:
    friend class AdmissionControl;
    Place(std::shared_ptr<Book> book, std::list<Entry>::iterator entry);
    void release();

    std::shared_ptr<Book> book_;  // null: no place, or one that has been taken away
    std::list<Entry>::iterator entry_;
  };

  /// Always admits, at the expense of another if need be. `give_up` is called when this one has to go; its
  /// place must be given back then, at once or soon.
  [[nodiscard]] Place admit(const boost::asio::ip::address& from, std::function<void()> give_up);
  /// Whether one from there may begin its handshake now; counts it.
  [[nodiscard]] bool begin_handshake(const boost::asio::ip::address& from, base::TimePoint now);
  /// Holds for those that come.
  void set_limits(const Limits& limits) { limits_ = limits; }

  [[nodiscard]] const Limits& limits() const { return limits_; }

  [[nodiscard]] std::size_t count() const { return book_->waiting.size(); }
  /// How many had to go because of the limits.
  [[nodiscard]] std::uint64_t driven_out() const { return book_->driven_out; }

 private:
  void make_room(const std::string& from);
  void drive_out(const std::string& from);

  Limits limits_;
  base::TimePoint counted_since_{};
  std::map<std::string, std::uint32_t> handshakes_;  // begun since then
  std::shared_ptr<Book> book_ = std::make_shared<Book>();
};

}  // namespace tsmtp::net
