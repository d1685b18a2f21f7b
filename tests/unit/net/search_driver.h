// A search for a connection as it is carried out, without the life of a link around it: link::LaneSearch says
// what is to be done, a Dialer does it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "relayd/link/lane_search.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/link/dialer.h"

namespace tsmtp::net {

class SearchDriver {
 public:
  struct Callbacks {
    TlsStream::AcceptPeer accept_peer;
    std::function<void(std::unique_ptr<TlsStream>)> connected;
    std::function<void(const link::Dialling::Failure&, bool news)> failed;
  };
  using Endpoint = boost::asio::ip::tcp::endpoint;

  /// `beside`: the address that is dialled beside a connection, by the search of that name.
  SearchDriver(std::unique_ptr<Resolver> resolver, const boost::asio::any_io_executor& executor,
               const TlsContext& tls, link::Dialling::Settings settings, Callbacks callbacks,
               std::optional<Endpoint> beside = std::nullopt)
      : search_(link::LaneNumber::first(), settings, 1),
        callbacks_(std::move(callbacks)),
        which_(beside ? link::Search::kBeside : link::Search::kRounds),
        beside_(beside.value_or(Endpoint())),
        timer_(executor),
        dialer_(std::make_shared<Dialer>(std::move(resolver), executor, tls, dialer_callbacks())) {}
  ~SearchDriver() { stop(); }
  SearchDriver(const SearchDriver&) = delete;
  SearchDriver& operator=(const SearchDriver&) = delete;

  void start() {
    if (stopped_) return;
    if (which_ == link::Search::kRounds) search_.start(moment(), actions_);
    if (which_ == link::Search::kBeside) dial_beside(link::LaneSearch::When::kNow);
    carry_out();
  }
  void dial_beside(link::LaneSearch::When when) {
    search_.dial_beside(when, std::chrono::milliseconds(20), now(), actions_);
    carry_out();
  }
  void came_to_nothing(const std::string& cause) {
    if (which_ == link::Search::kBeside) return dial_beside(link::LaneSearch::When::kAfterPause);
    done(search_.came_to_nothing(cause, moment(), actions_));
  }
  void rest() {
    search_.rest(actions_);
    carry_out();
  }
  void stop() {
    stopped_ = true;
    search_.stop(actions_);
    carry_out();
    dialer_->give_up();
    timer_.cancel();
  }
  [[nodiscard]] const link::Dialling& rounds() const { return *search_.rounds(); }

 private:
  [[nodiscard]] static link::Moment moment() { return {.at = now(), .wall = wall_now()}; }

  [[nodiscard]] Dialer::Callbacks dialer_callbacks() {
    return {.accept_peer = callbacks_.accept_peer,
            .resolved =
                [this](base::Result<std::vector<std::string>> found) {
                  done(search_.resolved(std::move(found), moment(), actions_));
                },
            .connected = [this] { search_.connected(which_); },
            .failed =
                [this](const std::string& cause, link::Dialling::Reached reached) {
                  done(search_.failed(which_, cause, reached, moment(), actions_));
                },
            .dialled =
                [this](std::unique_ptr<TlsStream> stream, const Dialer::Route&) {
                  if (search_.dialled(which_)) callbacks_.connected(std::move(stream));
                }};
  }

  void done(const std::optional<link::LaneSearch::Failed>& failed) {
    if (failed && callbacks_.failed) callbacks_.failed(failed->failure, failed->news);
    carry_out();
  }

  void carry_out() {
    for (const link::Action& action : std::exchange(actions_, {})) {
      if (const auto* resolve = std::get_if<link::Resolve>(&action)) dialer_->resolve(resolve->name);
      if (const auto* connect = std::get_if<link::Connect>(&action)) {
        if (which_ == link::Search::kRounds) dialer_->connect(connect->address);
        if (which_ == link::Search::kBeside) dialer_->connect(Dialer::Route{.address = beside_});
      }
      if (std::holds_alternative<link::GiveUp>(action)) dialer_->give_up();
    }
    const auto deadline = search_.deadline();
    if (!deadline) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(*deadline);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) done(search_.tick(moment(), actions_));
    });
  }

  link::LaneSearch search_;
  Callbacks callbacks_;
  link::Search which_;
  Endpoint beside_;
  link::Actions actions_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<Dialer> dialer_;
  bool stopped_ = false;
};

}  // namespace tsmtp::net
