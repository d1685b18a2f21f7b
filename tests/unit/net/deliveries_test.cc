// What has become of the transactions of a site, as its hub is told when it asks; and what must not begin any
// more once that was answered.
#include "relayd/net/deliveries.h"

#include <gtest/gtest.h>

#include "relayd/mail/record_reader.h"
#include "relayd/mail/service.h"
#include "tests/unit/net/linked_hubs.h"

namespace tsmtp::net {
namespace {

const std::string kAsked(16, 'a');
const std::string kAsking(16, 'b');

/// tokyo sends and asks; birl has the deliveries, and an MTA that is out of reach.
class DeliveriesOfSite : public LinkedHubs {
 protected:
  DeliveriesOfSite() {
    birl.accept_mail = [this](mux::StreamKey stream) {
      return deliveries.begin(
          birl.hub->link(), stream,
          {.site = "tokyo", .hub = "birl", .mta = "MTA", .rules = {}, .takes_questions = true});
    };
    start();
  }
  ~DeliveriesOfSite() override { deliveries.abort(); }

  /// Sends records on a stream of its own.
  StreamRecorder& send(const std::vector<mail::Record>& records) {
    streams.push_back(std::make_unique<StreamRecorder>());
    const auto stream = tokyo.hub->link().open(mail::kService, *streams.back());
    EXPECT_TRUE(stream);
    for (const mail::Record& record : records)
      tokyo.hub->link().write(*stream, mail::encode(record));
    return *streams.back();
  }
  [[nodiscard]] mail::Outcome ask(const std::string& transaction) {
    StreamRecorder& answer = send({mail::Ask{transaction}});
    std::optional<mail::Outcome> outcome;
    EXPECT_TRUE(run_until([&] {
      mail::RecordReader reader;
      std::string_view bytes = answer.received;
      if (const auto record = reader.read(bytes); record && *record)
        if (const auto* found = std::get_if<mail::Outcome>(&**record)) outcome = *found;
      return outcome.has_value();
    }));
    return outcome.value_or(mail::Outcome{});
  }

  MtaPool pool{io.get_executor(),
               {.target = {.address = {.host = {}, .port = 0, .unix_path = "/nonexistent/mta"},
                           .source = {},
                           .origin_name = {}},
                .own_helo = "birl",
                .use = {}},
               nullptr,
               birl.neighbours,
               {.changed = [](const mail::FarMta&) {}, .noted = [](const std::string&) {}}};
  std::vector<mail::Summary> ended;
  Deliveries deliveries{birl.shared,
                        birl.site,
                        pool,
                        {.ended = [this](const mail::Summary& summary) { ended.push_back(summary); },
                         .trace = [](const std::string&) { return mail::Traced{}; }}};
  std::vector<std::unique_ptr<StreamRecorder>> streams;
};

using Kind = mail::Outcome::Kind;

TEST_F(DeliveriesOfSite, OneThatNeverCameIsUnknown) {
  EXPECT_EQ(ask(kAsked).kind, Kind::kUnknown);
  EXPECT_EQ(deliveries.under_way(), 0U);
}

TEST_F(DeliveriesOfSite, OneThatIsInTheLedgerIsToldWithItsReply) {
  const mail::Outcome known{.kind = Kind::kKnown, .reply = {250, {"2.0.0 queued as 1"}}, .refused = {1}};
  bool is_recorded = false;
  birl.ledger().record_outcome("tokyo", kAsked, mail::encode_known(known),
                               [&](const base::Result<void>&) { is_recorded = true; });
  ASSERT_TRUE(run_until([&] { return is_recorded; }));
  const mail::Outcome told = ask(kAsked);
  EXPECT_EQ(told.kind, Kind::kKnown);
  EXPECT_EQ(told.reply.summary(), "250 2.0.0 queued as 1");
  EXPECT_EQ(told.refused, known.refused);
}

TEST_F(DeliveriesOfSite, OneThatAnybodyCommitsIsPending) {
  birl.shared.is_committing = [](const std::string& transaction) { return transaction == kAsked; };
  EXPECT_EQ(ask(kAsked).kind, Kind::kPending);
  EXPECT_EQ(ask(kAsking).kind, Kind::kUnknown);
}

TEST_F(DeliveriesOfSite, OneThatHasBegunEndsBeforeTheAnswer) {
  send({mail::Mail{.transaction = kAsked, .helo = "client", .argument = "FROM:<a@tokyo.example>"}});
  ASSERT_TRUE(run_until([&] { return deliveries.under_way() == 1; }));
  EXPECT_EQ(ask(kAsked).kind, Kind::kUnknown);
  EXPECT_TRUE(run_until([&] { return deliveries.under_way() == 0; }));
  EXPECT_FALSE(deliveries.is_committing());
}

TEST_F(DeliveriesOfSite, OneThatWasAskedForMustNotBeginAnyMore) {
  EXPECT_EQ(ask(kAsked).kind, Kind::kUnknown);
  const StreamRecorder& late =
      send({mail::Mail{.transaction = kAsked, .helo = "client", .argument = "FROM:<a@tokyo.example>"}});
  EXPECT_TRUE(run_until([&] {
    return late.received.find("this try was given up") != std::string::npos || !late.lost.empty();
  }));
  EXPECT_EQ(late.lost, "");
  EXPECT_FALSE(deliveries.is_committing(kAsked));
}

TEST_F(DeliveriesOfSite, AStreamThatIsLostEndsItsMail) {
  send({mail::Mail{.transaction = kAsked, .helo = "client", .argument = "FROM:<a@tokyo.example>"}});
  ASSERT_TRUE(run_until([&] { return deliveries.under_way() == 1; }));
  tokyo.hub->stop("for a test");
  EXPECT_TRUE(run_until([&] { return deliveries.under_way() == 0; }));
}

}  // namespace
}  // namespace tsmtp::net
