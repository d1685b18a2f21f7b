// An Intake, its client and its far side, played from a script (script.h):
//   C a|b        the client sends these lines in one segment; what could wait for more of the mail is sent
//   S 250 ok     we say exactly this (of several lines: a|b); "S 250..." allows more; "S -": nothing
//   L Data Mail  what was asked of the host since the last L (fake_intake_host.h); "L -": nothing, "L *":
//   whatever
//   F KIND …     the far side's record: mail REPLY, rcpt INDEX REPLY, data REPLY, final REPLY,
//                outcome unknown|pending|known REPLY; without INDEX|… REPLY (known, but for these recipients)
//   D ok|CAUSE   the ledger has written the doubt, or could not
//   B N [COUNT]  or it was found that another hub has tried the mail before, as transaction N, for all
//                recipients or the first COUNT
//   X CAUSE      the stream is lost
//   Q clean|broken  the client closes
//   N            a new client connects, says EHLO
//   T SECONDS    time passes
// What was said and not expected fails at the next step that speaks, and at the end.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "relayd/mail/intake.h"
#include "tests/unit/mail/fake_intake_host.h"
#include "tests/unit/mail/script.h"

namespace tsmtp::mail {

class NearEnd {
 public:
  explicit NearEnd(bool early_reply = true);

  /// Plays a script; `settings` may be changed before the first.
  void run(std::string_view script);

  IntakeSettings settings;
  bool lmtp = false;  ///< clients say LHLO
  FakeIntakeHost host;
  base::TimePoint now{};
  std::unique_ptr<Intake> intake;

  void connect();
  void client(std::string_view bytes) { intake->receive(bytes, now); }
  void far(const Record& record);
  /// The next complete reply, lines separated by '|'; empty when there is none.
  [[nodiscard]] std::string next_reply();

 private:
  void play(const Step& step);
  void play_far(std::string rest);
  void expect_log(const std::string& expected);

  FakeDigests digests_;
};

}  // namespace tsmtp::mail
