// Every state of a Delivery and of an Intake (with its Outgoing) × every pair of events that the surroundings
// can bring then: nothing aborts, a mail ends once, and whatever is still awaited ends in bounded time.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/unit/mail/far_end.h"
#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

template <typename End>
struct Event {
  const char* name;
  std::function<void(End&)> happen;
};

void mta(FarEnd& far, std::string_view said) {
  if (far.session && !far.host.released) far.mta_says(said);
}

std::vector<Event<FarEnd>> far_events() {
  const auto record = [](const char* name, Record what) {
    return Event<FarEnd>{name, [what](FarEnd& far) { far.record(what); }};
  };
  const auto says = [](const char* said) {
    return Event<FarEnd>{said, [said](FarEnd& far) { mta(far, said); }};
  };
  return {record("Mail", Mail{transaction_id(1), "tokyo.example", "FROM:<a@tokyo.example>"}),
          record("Rcpt", Rcpt{"TO:<x@birl.example>"}),
          record("Data", Data{}),
          record("Content", Content{"hello\r\n"}),
          record("bare LF", Content{"a\nb\r\n"}),
          record("Commit", Commit{}),
          record("Ask", Ask{transaction_id(7)}),
          record("Settled", Settled{transaction_id(1)}),
          record("MailVerdict", MailVerdict{{250, {"ok"}}}),
          says("250 ok\r\n"),
          says("354 go\r\n"),
          says("354 go\r\n421 bye\r\n"),
          says("250 ok\r\n250 ok\r\n354 go\r\n452 full\r\n"),
          says("550 no\r\n"),
          says("421 bye\r\n"),
          says("no SMTP\r\n"),
          {"connected",
           [](FarEnd& far) {
             const bool asked = std::count(far.host.log.begin(), far.host.log.end(), "wanted") > 0;
             if (!far.host.released && !far.session && !asked && !far.host.log.empty()) far.connect();
           }},
          {"no connection",
           [](FarEnd& far) {
             if (!far.session && !far.host.released)
               far.delivery->connection_failed({451, {"refused"}}, far.now);
           }},
          {"connection lost", [](FarEnd& far) { far.delivery->connection_lost("end of file", {}, far.now); }},
          {"others wait", [](FarEnd& far) { far.delivery->give_up_silent({}, far.now); }},
          {"recorded", [](FarEnd& far) { far.delivery->recorded(far.now); }},
          {"shared", [](FarEnd& far) { far.host.shares_outcomes = true; }},
          {"claimed", [](FarEnd& far) { far.delivery->claimed({}, far.now); }},
          {"not claimed",
           [](FarEnd& far) {
             far.delivery->claimed(smtp::Reply{451, {"etcd"}}, far.now);
           }},
          {"answered", [](FarEnd& far) { far.delivery->earlier_ended({}, far.now); }},
          {"answered: pending",
           [](FarEnd& far) {
             far.delivery->earlier_ended({.kind = Outcome::Kind::kPending, .reply = {}}, far.now);
           }},
          {"stream lost", [](FarEnd& far) { far.delivery->stream_lost(far.now); }},
          {"finished", [](FarEnd& far) { far.delivery->peer_finished(far.now); }},
          {"time", [](FarEnd& far) {
             far.now += std::chrono::minutes(11);
             far.delivery->tick(far.now);
           }}};
}

const std::vector<std::vector<const char*>> kFarStates = {
    {},
    {"Mail"},
    {"Mail", "connected"},
    {"Mail", "connected", "Rcpt", "Data"},
    {"Mail", "connected", "Rcpt", "Data", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"},
    {"Mail", "no connection", "Rcpt", "Data"},
    {"Mail", "connected", "Rcpt", "Data", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "Content", "Commit"},
    {"Mail", "connected", "Rcpt", "Data", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "Commit", "250 ok\r\n"},
    {"Mail", "connected", "Rcpt", "Data", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "Commit", "550 no\r\n"},
    {"shared", "Mail", "connected", "Rcpt", "Data", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "Commit"},
    {"shared", "Mail", "connected", "Rcpt", "Data", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "Ask"},
    {"shared", "Mail", "no connection", "Rcpt", "Data", "Ask"},
};

TEST(StateEventTable, OfADelivery) {
  const auto events = far_events();
  const auto named = [&](std::string_view name) {
    return std::find_if(events.begin(), events.end(), [&](const auto& event) { return event.name == name; });
  };
  for (std::size_t state = 0; state < kFarStates.size(); ++state)
    for (const auto& first : events)
      for (const auto& second : events) {
        SCOPED_TRACE(testing::Message() << state << ": " << first.name << ", " << second.name);
        FarEnd far;
        far.run("");
        for (const char* step : kFarStates[state])
          named(step)->happen(far);
        first.happen(far);
        second.happen(far);
        for (int i = 0; i < 4; ++i) {  // nobody says anything any more
          far.now += std::chrono::minutes(11);
          far.delivery->tick(far.now);
          far.delivery->recorded(far.now);
          far.delivery->claimed({}, far.now);
        }
        ASSERT_TRUE(far.delivery->is_over());
        ASSERT_LE(far.host.summaries.size(), 1U);
        const auto finals = std::count_if(far.host.log.begin(), far.host.log.end(),
                                          [](const std::string& word) { return word.starts_with("Final("); });
        ASSERT_LE(finals, 1);
      }
}

std::vector<Event<NearEnd>> near_events() {
  const auto client = [](const char* said) {
    return Event<NearEnd>{said, [said](NearEnd& near) { near.client(said); }};
  };
  const auto far = [](const char* name, Record what) {
    return Event<NearEnd>{name, [what](NearEnd& near) { near.far(what); }};
  };
  return {client("MAIL FROM:<a@tokyo.example>\r\n"),
          client("RCPT TO:<x@birl.example>\r\n"),
          client("DATA\r\n"),
          client("hello\r\n.\r\n"),
          client("RSET\r\n"),
          client("QUIT\r\n"),
          far("Mail 250", MailVerdict{{250, {"ok"}}}),
          far("Mail 451", MailVerdict{{451, {"later"}}}),
          far("Rcpt 250", RcptVerdict{0, {250, {"ok"}}}),
          far("Rcpt 550", RcptVerdict{0, {550, {"no"}}}),
          far("Data 354", DataVerdict{{354, {"go"}}}),
          far("Data 421", DataVerdict{{421, {"bye"}}}),
          far("Final 250", FinalVerdict{{250, {"queued"}}}),
          far("unknown", Outcome{.kind = Outcome::Kind::kUnknown, .reply = {}}),
          far("pending", Outcome{.kind = Outcome::Kind::kPending, .reply = {}}),
          far("known", Outcome{.kind = Outcome::Kind::kKnown, .reply = {250, {"first"}}}),
          {"recorded", [](NearEnd& near) { near.intake->recorded(near.host.last_recorded, {}, near.now); }},
          {"not recorded",
           [](NearEnd& near) {
             near.intake->recorded(near.host.last_recorded, base::Error{"disk full"}, near.now);
           }},
          {"tried before",
           [](NearEnd& near) {
             near.host.share(transaction_id(7), 1);
             near.intake->tried_before(near.host.last_recorded, near.now);
           }},
          {"tried before, and under way",
           [](NearEnd& near) { near.intake->tried_before(near.host.last_recorded, near.now); }},
          {"link lost",
           [](NearEnd& near) { near.intake->stream_lost(near.host.last_stream, "link down", near.now); }},
          {"shut down", [](NearEnd& near) {
             near.intake->shut_down({421, {"4.3.2 closing"}}, near.now);
           }}};
}

TEST(StateEventTable, OfAnIntake) {
  const std::string mail = "MAIL FROM:<a@tokyo.example>\r\nRCPT TO:<x@birl.example>\r\n";
  const std::vector<std::string> states = {
      "", "MAIL FROM:<a@tokyo.example>\r\n", mail, mail + "DATA\r\n", "whole", "committed"};
  const auto events = near_events();
  for (const bool early : {true, false})
    for (const bool lmtp : {true, false})
      for (const bool retry : {true, false})
        for (const std::string& state : states)
          for (const auto& first : events)
            for (const auto& second : events) {
              SCOPED_TRACE(testing::Message() << early << lmtp << retry << ' ' << state << ": " << first.name
                                              << ", " << second.name);
              NearEnd near(early);
              near.lmtp = lmtp;
              const auto whole = [&] {
                near.client(mail + "DATA\r\n");
                near.far(MailVerdict{{250, {"ok"}}});
                near.far(RcptVerdict{0, {250, {"ok"}}});
                near.far(DataVerdict{{354, {"go"}}});
                near.client("hello\r\n.\r\n");
              };
              near.connect();
              if (retry) {
                whole();
                near.intake->recorded(near.host.last_recorded, {}, near.now);
                near.intake->client_closed(false, near.now);
                near.connect();
              }
              if (state == "whole" || state == "committed")
                whole();
              else
                near.client(state);
              if (state == "committed" && !retry)
                near.intake->recorded(near.host.last_recorded, {}, near.now);
              first.happen(near);
              second.happen(near);
              for (int i = 0; i < 3; ++i) {
                near.now += std::chrono::minutes(13);
                near.intake->tick(near.now);
              }
              ASSERT_TRUE(near.intake->finished());
              near.intake->client_closed(true, near.now);
              ASSERT_FALSE(near.intake->in_transaction());
            }
}

}  // namespace
}  // namespace tsmtp::mail
