// Two hubs of each other's, each with all that sites share, and the link between them: real TLS over
// loopback, in one thread. tokyo dials, birl listens.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "relayd/net/link/link_listener.h"
#include "relayd/net/site_hub.h"
#include "relayd/net/tls/hmac_digest.h"
#include "relayd/net/tls/key_crypto.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/net/tls_pair.h"

namespace tsmtp::net {

/// Keeps what a stream of the link says to its user.
class StreamRecorder : public StreamUser {
 public:
  void on_stream_bytes(mux::StreamKey, std::string_view bytes) override { received += bytes; }
  void on_stream_finished(mux::StreamKey) override { is_finished = true; }
  void on_stream_writable(mux::StreamKey) override {}
  void on_stream_lost(mux::StreamKey, const std::string& cause) override { lost = cause; }

  std::string received;
  std::string lost;
  bool is_finished = false;
};

/// One end. Its link is made when both keys are known.
class LinkedHub {
 public:
  LinkedHub(boost::asio::io_context& io, const std::string& name)
      : end_(name),
        ledger_(*TransactionLedger::open(io.get_executor(), name, directory_.file("ledger"), log_)),
        digests_(*HmacDigestMaker::open(directory_.file("digest.key"))),
        forwards_{.executor = io.get_executor(), .log = log_},
        shared{{.executor = io.get_executor(),
                .hub_name = name,
                .instance = {.own = std::string(16, name.front())},
                .tls = end_.context(),
                .keys = keys_,
                .crypto = crypto_,
                .keeper = nullptr,
                .log = log_},
               forwards_,
               *ledger_,
               *digests_,
               neighbours} {}

  /// Links it to the site `name` with that key, which it dials at `dial`; nothing: it is dialled.
  void link_to(const std::string& name, const std::string& pin, std::vector<base::HostPort> dial) {
    site.name = name;
    site.hubs = {{.name = name, .pins = {pin}, .dial = std::move(dial)}};
    site.link.resume_window = std::chrono::seconds(0);
    ledger_->set_sites({{name, {pin}}});
    hub = std::make_unique<SiteHub>(
        shared, site, site.hubs.front(),
        SiteHub::Callbacks{
            .accept_mail = [this](SiteHub&, mux::StreamKey key) { return accept_mail(key); },
            .accept_forward = [](SiteHub&, mux::StreamKey) { return nullptr; },
            .offers = [] { return std::vector<forward::Offer>(); },
            .offered = [] {},
            .own_mta = [this] { return own_mta; },
            .standing_changed = [this] { ++times_changed; },
            .complaint = [this](const SiteHub&, const std::string& text) { complaints.push_back(text); },
            .relief = [this](const SiteHub&, const std::string& text) { reliefs.push_back(text); },
            .may_be_asked = [](const SiteHub&, const ledger::DoubtPlace&) { return true; },
            .went = [](const SiteHub&, const std::string&) { return mail::Ask::Went::kUnsaid; }});
  }

  [[nodiscard]] const std::string& pin() const { return end_.pin(); }
  [[nodiscard]] const TlsContext& tls() const { return end_.context(); }
  [[nodiscard]] TransactionLedger& ledger() { return *ledger_; }

 private:
  class NoLog : public base::Logger {
   public:
    void log(base::LogLevel, std::string_view) override {}
  };

  TlsEnd end_;
  support::TemporaryDirectory directory_;
  NoLog log_;
  std::unique_ptr<TransactionLedger> ledger_;
  std::unique_ptr<HmacDigestMaker> digests_;
  SharedByForwards forwards_;
  KeyBook keys_ = *KeyBook::open(directory_.file("keys.book"));
  KeyCrypto crypto_;

 public:
  MtaNeighbours neighbours;
  SharedBySites shared;
  settings::Site site;
  std::function<StreamUser*(mux::StreamKey)> accept_mail = [](mux::StreamKey) { return nullptr; };
  std::optional<mail::FarMta> own_mta;
  std::vector<std::string> complaints, reliefs;
  int times_changed = 0;
  std::unique_ptr<SiteHub> hub;
};

class LinkedHubs : public testing::Test {
 protected:
  LinkedHubs() {
    EXPECT_TRUE(listener_->bind({.host = "127.0.0.1", .port = 0, .unix_path = {}}));
    listener_->start();
    birl.link_to("tokyo", tokyo.pin(), {});
    tokyo.link_to("birl", birl.pin(),
                  {{.host = "127.0.0.1", .port = listener_->address().port(), .unix_path = {}}});
  }
  /// Before what a test has given to the links goes.
  void TearDown() override {
    for (LinkedHub* hub : {&tokyo, &birl})
      hub->hub->stop("the test is over");
    listener_->stop();
    pass(std::chrono::milliseconds(20));
    tokyo.hub.reset();
    birl.hub.reset();
    pass(std::chrono::milliseconds(20));
  }

  void start() {
    birl.hub->start();
    tokyo.hub->start();
    EXPECT_TRUE(run_until([&] { return is_up(tokyo) && is_up(birl); }));
  }
  [[nodiscard]] static bool is_up(const LinkedHub& hub) { return hub.hub->link().open_connections() > 0; }

  template <typename Condition>
  [[nodiscard]] bool run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < deadline)
      io.run_one_for(std::chrono::milliseconds(100));
    return condition();
  }
  /// What is queued is done; nothing is waited for.
  void pass(std::chrono::milliseconds time) { io.run_for(time); }

  boost::asio::io_context io;
  LinkedHub tokyo{io, "tokyo"}, birl{io, "birl"};

 private:
  AdmissionControl admission_;
  std::shared_ptr<LinkListener> listener_ = std::make_shared<LinkListener>(
      io.get_executor(), birl.tls(), admission_,
      LinkListener::Callbacks{
          .accept_peer = [this](const keys::Shown& shown,
                                const std::string&) { return birl.hub->link().judge(shown).verdict; },
          .connected = [this](auto stream) { birl.hub->link().adopt(std::move(stream)); },
          .refused = [](const std::string&, const std::string&) {}});
};

}  // namespace tsmtp::net
