// A Delivery, its near side and its MTA (behind a real smtp::ClientSession), played from a script (script.h):
//   R KIND …     the near side's record: mail ARGUMENT, rcpt ARGUMENT, data, content LINES, commit, ask N,
//                settled N. The Mail record is of transaction 1
//   K ok|REPLY   there is a connection, greeted and EHLOed; or there will be none
//   K kept       there is one that another mail has gone over before
//   W a|b        the MTA has got exactly these lines since the last W; "W -": nothing
//   M 250 ok     the MTA says this (several lines: 250-a|250 b)
//   V …          what was asked of the host since the last V (fake_delivery_host.h); "V -", "V *" as for L
//   D ok         the outcome is on disk
//   C ok|REPLY   the transaction is claimed for this hub, or why not
//   Q KIND TEXT  the question is answered: unknown, pending and why, known
//   B CAUSE      the connection to the MTA breaks
//   X            the stream is lost; E: the near side has finished it
//   T SECONDS    time passes
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relayd/mail/delivery.h"
#include "tests/unit/mail/fake_delivery_host.h"
#include "tests/unit/mail/script.h"

namespace tsmtp::mail {

class FarEnd {
 public:
  FarEnd() { settings.rules = far_rules(); }

  void run(std::string_view script);
  /// One recipient, and the MTA waits for content.
  void to_content();
  /// One line of content, and its end is with the MTA.
  void to_committed();

  DeliverySettings settings{.site = "tokyo", .hub = "birlinghoven", .mta = "127.0.0.1:25", .rules = {}};
  std::string ehlo = "250-birl.example|250-PIPELINING|250-8BITMIME|250-SIZE|250 DSN";
  FakeDeliveryHost host;
  base::TimePoint now{};
  std::optional<Delivery> delivery;
  std::optional<smtp::ClientSession> session;

  void record(const Record& record) { delivery->receive(encode(record), now); }
  void connect(bool was_used = false);
  void mta_says(std::string_view bytes);

 private:
  void play(const Step& step);
  [[nodiscard]] Record near_record(std::string rest);
  [[nodiscard]] static Outcome outcome(std::string rest);
  [[nodiscard]] std::string take_output();

  std::string content_;
};

}  // namespace tsmtp::mail
